"""The browser's part of the sign-in protocol over HTTP (docs/protocol.md): for implementers, tests and load.

Standard library and one signature; it keeps its own two cookies, because it must also work on plain loopback.
"""

import base64
import hashlib
import http.client
import json
import re
import secrets
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlencode, urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from badgepin.crypto.challenge import message_to_sign
from badgepin.domain.badge_text import BadgeText, Unreadable, read_badge_text

_PATIENCE = 30
_BUSY_TRIES = 10
_COOKIE = re.compile(r"^([^=;]+)=([^;]*)")


class NoAnswer(Exception):
    """The server cannot be reached, or does not speak this protocol; the sentence says what happened."""


@dataclass(frozen=True)
class Refused:
    """The server's sentence, its code, and the handle that a manager can look up."""

    code: str
    message: str
    handle: str
    retry_at: str | None = None
    tries_left: int | None = None
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class SignedIn:
    """Signed in: where the page would go on, and the session's cookie."""

    name: str
    location: str
    session: str = field(repr=False)
    pin_changed: bool = False


@dataclass(frozen=True)
class Answer:
    """One HTTP answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> dict[str, object]:
        """The body's object. Raises `NoAnswer`."""
        try:
            found = json.loads(self.body)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise NoAnswer(f"The server answered {self.status} without JSON: is this a Badgepin origin and tenant?")
        return found


class Browser:
    """One browser: an origin, a connection that stays open, and its cookies."""

    def __init__(self, origin: str, *, ca: str | None = None, language: str = "en") -> None:
        self.origin = origin.rstrip("/")
        self.cookies: dict[str, str] = {}
        self._language = language
        parts = urlsplit(self.origin)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise NoAnswer("The origin must look like https://sign-in.example.com.")
        if parts.scheme == "https":
            context = ssl.create_default_context(cafile=ca)
            self._connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                parts.hostname, parts.port, timeout=_PATIENCE, context=context
            )
        else:
            self._connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=_PATIENCE)

    def get(self, path: str) -> Answer:
        """GET a path of the origin; redirects are answers."""
        return self._send("GET", path, None, {})

    def post_json(self, path: str, body: Mapping[str, object]) -> Answer:
        """POST JSON as the page does."""
        return self._send("POST", path, json.dumps(body).encode(), {"Content-Type": "application/json"})

    def post_form(self, path: str, form: Mapping[str, str]) -> Answer:
        """POST a form."""
        content_type = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._send("POST", path, urlencode(form).encode(), content_type)

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def _send(self, verb: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        sent = {"Accept-Language": self._language, "Origin": self.origin, **headers}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        try:
            self._connection.request(verb, path, body, sent)
            response = self._connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise NoAnswer(f"{self.origin} does not answer ({error}).") from error
        for line in response.headers.get_all("set-cookie") or []:
            self._keep(line)
        found = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status, found, content)

    def _keep(self, line: str) -> None:
        found = _COOKIE.match(line)
        if found is None:
            return
        if "max-age=0" in line.lower() or not found[2]:
            self.cookies.pop(found[1], None)
        else:
            self.cookies[found[1]] = found[2]


def sign_in(
    browser: Browser, tenant: str, badge: str, pin: str, *, new_pin: str | None = None, request: str = ""
) -> SignedIn | Refused:
    """Scan, prove, enter the PIN, change it when asked to. Raises `NoAnswer`."""
    text = read_badge_text(badge)
    if isinstance(text, Unreadable):
        return Refused("notABadge", f"The badge's text cannot be read: {text.value}.", "")
    base = f"/{tenant}/sign-in"
    page = browser.get(f"{base}?{urlencode({'request': request})}" if request else base)
    if page.status != http.client.OK:
        raise NoAnswer(f"The sign-in page answered {page.status}: is the tenant right?")
    proven = prove(browser, base, text, request)
    if isinstance(proven, Refused):
        return proven
    return finish(browser, base, proven, pin, new_pin=new_pin, request=request)


@dataclass(frozen=True)
class Proven:
    """A badge that the server took: the proof's handle, and whose badge it is."""

    handle: str = field(repr=False)
    name: str


def prove(browser: Browser, base: str, badge: BadgeText, request: str = "") -> Proven | Refused:
    """Ask for a challenge and sign it with the badge's seed, which stays here."""
    asked = _step(browser, f"{base}/challenge", {"request": request})
    if isinstance(asked, Refused):
        return asked
    challenge = str(asked["challenge"])
    message = message_to_sign(browser.origin, challenge, badge.qr_code_id)
    signature = Ed25519PrivateKey.from_private_bytes(badge.seed).sign(message)
    body = {
        "request": request,
        "challenge": challenge,
        "qr_id": badge.qr_code_id,
        "signature": base64.urlsafe_b64encode(signature).rstrip(b"=").decode(),
    }
    proven = _step(browser, f"{base}/proof", body)
    return proven if isinstance(proven, Refused) else Proven(str(proven["proof"]), str(proven["name"]))


def finish(
    browser: Browser, base: str, proven: Proven, pin: str, *, new_pin: str | None = None, request: str = ""
) -> SignedIn | Refused:
    """Enter the PIN under a proof, and the new one where the server asks for it."""
    body: dict[str, object] = {"request": request, "proof": proven.handle}
    answer = _step(browser, f"{base}/pin", {**body, "pin": pin})
    changes = not isinstance(answer, Refused) and answer.get("next") == "changePin"
    if changes:
        if new_pin is None:
            return Refused("changePin", "This PIN is temporary: choose a new one (--new-pin).", "")
        answer = _step(browser, f"{base}/change", {**body, "new_pin": new_pin})
    if isinstance(answer, Refused):
        return answer
    return SignedIn(proven.name, str(answer["location"]), browser.cookies.get("__Host-sid", ""), changes)


def _step(browser: Browser, path: str, body: Mapping[str, object]) -> dict[str, object] | Refused:
    for attempt in range(1, _BUSY_TRIES + 1):
        answer = browser.post_json(path, body)
        found = answer.json()
        if answer.status == http.client.OK:
            return found
        refused = _refused(found)
        if refused.code != "busy":
            return refused
        time.sleep(0.2 * attempt)
    return refused


def _refused(body: Mapping[str, object]) -> Refused:
    error = body.get("error")
    if not isinstance(error, dict):
        raise NoAnswer("The server refused without saying why.")
    reasons = error.get("reasons")
    return Refused(
        str(error.get("code", "")),
        str(error.get("message", "")),
        str(error.get("handle", "")),
        error.get("retry_at"),
        error.get("tries_left"),
        tuple(map(str, reasons)) if isinstance(reasons, list) else (),
    )


@dataclass(frozen=True)
class WantedTokens:
    """What a public client asks for."""

    client_id: str
    redirect_uri: str
    scope: str = "openid profile"


@dataclass(frozen=True)
class Begun:
    """An authorization request under way: the sealed request, and what redeeming its code takes."""

    request: str
    state: str
    verifier: str = field(repr=False)


def begin(browser: Browser, tenant: str, wanted: WantedTokens) -> Begun:
    """Send the browser to the authorization endpoint, with PKCE. Raises `NoAnswer` with the server's reason."""
    begun_state, verifier = secrets.token_urlsafe(16), secrets.token_urlsafe(48)
    digest = hashlib.sha256(verifier.encode()).digest()
    query = {
        "client_id": wanted.client_id,
        "redirect_uri": wanted.redirect_uri,
        "response_type": "code",
        "scope": wanted.scope,
        "state": begun_state,
        "nonce": secrets.token_urlsafe(16),
        "prompt": "login",
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    answer = browser.get(f"/{tenant}/oauth2/v2.0/authorize?{urlencode(query)}")
    location = urlsplit(answer.headers.get("location", ""))
    sealed = parse_qs(location.query).get("request")
    if sealed is None:
        raise NoAnswer(_reason(answer))
    return Begun(sealed[0], begun_state, verifier)


def redeem(browser: Browser, tenant: str, wanted: WantedTokens, begun: Begun, location: str) -> dict[str, object]:
    """Follow the page back to the application and redeem the code. Raises `NoAnswer` with the server's reason."""
    answer = browser.get(location)
    values = parse_qs(urlsplit(answer.headers.get("location", "")).query)
    if values.get("state") != [begun.state] or "code" not in values:
        raise NoAnswer(_reason(answer))
    form = {
        "grant_type": "authorization_code",
        "client_id": wanted.client_id,
        "redirect_uri": wanted.redirect_uri,
        "code": values["code"][0],
        "code_verifier": begun.verifier,
    }
    tokens = browser.post_form(f"/{tenant}/oauth2/v2.0/token", form)
    found = tokens.json()
    if tokens.status != http.client.OK:
        raise NoAnswer(str(found.get("error_description", found.get("error", tokens.status))))
    return found


def _reason(answer: Answer) -> str:
    values = parse_qs(urlsplit(answer.headers.get("location", "")).query)
    if "error" in values:
        return f"The server refused the application's request: {values.get('error_description', values['error'])[0]}"
    found = re.search(rb"<p[^>]*>([^<]+)</p>", answer.body)
    sentence = found[1].decode("utf-8", "replace") if found else "no reason given"
    return f"The server refused the application's request ({answer.status}): {sentence}"
