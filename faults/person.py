"""People of a cluster: what an administrator does for them and what they do, over HTTP, each outcome noted."""

import base64
import http.client
import json
import secrets
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks.installation import CLIENT, SECRET

from badgepin.crypto.key_ring_file import load_key_ring
from badgepin.crypto.token import TokenSigner
from badgepin.domain.badge_text import BadgeText, read_badge_text
from badgepin.reference_client import (
    Begun,
    Browser,
    NoAnswer,
    Refused,
    SignedIn,
    WantedTokens,
    begin,
    finish,
    prove,
    redeem,
)
from faults.balancer import WHICH
from faults.cluster import REDIRECT, Cluster
from faults.history import History, Operation, Outcome

FIRST_PIN, PIN = "13572468", "90417263"
WANTED = WantedTokens(CLIENT, REDIRECT, "openid offline_access")
_PATIENCE, _TRIES = 20, 4
_MAY_HAVE_WORKED = {"busy", "unavailable"}


@dataclass(frozen=True)
class Badge:
    """A code as it is printed."""

    person: "Person"
    code_id: str
    text: str = field(repr=False)

    @property
    def read(self) -> BadgeText:
        """What a scanner makes of it."""
        found = read_badge_text(self.text)
        assert isinstance(found, BadgeText)
        return found


@dataclass(eq=False)
class Person:
    """Somebody; `pins` are those their PIN may be, more than one after a change with an unknown end."""

    id: str
    name: str
    pins: list[str] = field(default_factory=lambda: [PIN])
    badges: list[Badge] = field(default_factory=list)


@dataclass(frozen=True)
class Answer:
    """An answer of the API; status 0 when there was none."""

    status: int
    body: dict[str, Any]
    node: str = ""

    @property
    def outcome(self) -> Outcome:
        """What a client may conclude: with an error of the server it cannot know what was saved."""
        if not self.status or self.status >= http.client.INTERNAL_SERVER_ERROR:
            return Outcome.UNKNOWN
        return Outcome.OK if self.status < http.client.BAD_REQUEST else Outcome.FAIL


@dataclass
class Api:
    """The Graph API, through the balancer, on one connection."""

    cluster: Cluster
    token: str
    _connection: http.client.HTTPConnection | None = None

    def send(self, verb: str, path: str, body: Mapping[str, Any] | None = None, node: str = "") -> Answer:
        """One request; `node`: at that one, if it runs."""
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self.cluster.bench.port, timeout=_PATIENCE)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        if node:
            headers["Cookie"] = f"{WHICH}={node}"
        try:
            self._connection.request(verb, f"/v1.0{path}", None if body is None else json.dumps(body).encode(), headers)
            answer = self._connection.getresponse()
            raw = answer.read()
        except (OSError, http.client.HTTPException):
            self._connection.close()
            self._connection = None
            return Answer(0, {})
        try:
            found = json.loads(raw or b"{}")
        except ValueError:
            found = {}
        return Answer(answer.status, found, answer.headers.get("x-node", ""))


def admin_api(cluster: Cluster) -> Api:
    """The API for an application that may do what these runs need."""
    return Api(cluster, cluster.bench.token("UserAuthenticationMethod.ReadWrite.All", "User.ReadWrite.All"))


def method_path(person: Person, below: str = "") -> str:
    """The path of a person's method."""
    return f"/users/{person.id}/authentication/qrCodePinMethod{below}"


def badge_in(person: Person, code: Mapping[str, Any]) -> Badge:
    """The badge in the answer that made it."""
    return Badge(person, str(code["id"]), base64.b64decode(code["image"]["rawContent"]).decode())


def make_people(cluster: Cluster, count: int, prefix: str = "p") -> list[Person]:
    """So many people with a standard badge each, and a PIN of their own choice."""
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(lambda number: _made_person(cluster, f"{prefix}{number}"), range(count)))


def _made_person(cluster: Cluster, name: str) -> Person:
    for attempt in range(_TRIES):
        try:
            return _make_person(cluster, f"{name}-{attempt}")
        except (AssertionError, NoAnswer) as error:
            # a node that was just started, or a machine with much else to do: somebody else is made instead
            last = error
            time.sleep(2)
    raise AssertionError(f"nobody can be made: {last}")


def _make_person(cluster: Cluster, name: str) -> Person:
    api = admin_api(cluster)
    sent = {
        "accountEnabled": True,
        "displayName": name,
        "mailNickname": name,
        "userPrincipalName": f"{name}@example.com",
        "passwordProfile": {"password": secrets.token_urlsafe(16)},
    }
    made = api.send("POST", "/users", sent)
    assert made.outcome is Outcome.OK, made
    person = Person(made.body["id"], name)
    method = api.send("PUT", method_path(person), {"standardQRCode": {}, "pin": {"code": FIRST_PIN}})
    assert method.outcome is Outcome.OK, method
    person.badges.append(badge_in(person, method.body["standardQRCode"]))
    outcome = sign_in(cluster, person.badges[0], FIRST_PIN)
    assert isinstance(outcome, SignedIn), outcome
    return person


def fresh_browser(cluster: Cluster, node: str = "") -> Browser:
    """A browser that has the page open; `node`: which node it asks for."""
    browser = Browser(cluster.origin)
    browser.cookies["__Host-pre"] = secrets.token_urlsafe(32)
    if node:
        browser.cookies[WHICH] = node
    return browser


def sign_in(
    cluster: Cluster, badge: Badge, pin: str, browser: Browser | None = None, request: str = ""
) -> SignedIn | Refused:
    """Scan, prove, enter the PIN, and a new one the first time. Raises `NoAnswer`."""
    browser, base = browser or fresh_browser(cluster), f"/{cluster.bench.tenant}/sign-in"
    proven = prove(browser, base, badge.read, request)
    if isinstance(proven, Refused):
        return proven
    return finish(browser, base, proven, pin, new_pin=PIN, request=request)


@dataclass
class Session:
    """A session that was issued, with what hangs on it."""

    badge: Badge
    browser: Browser = field(repr=False)
    tokens: dict[str, Any] = field(default_factory=dict, repr=False)


def visit(cluster: Cluster, history: History, badge: Badge, pin: str, *, wants_tokens: bool) -> Session | None:
    """Sign in and note it, with tokens where they are wanted."""
    browser, begun = fresh_browser(cluster), None
    try:
        begun = begin(browser, cluster.bench.tenant, WANTED) if wants_tokens else None
    except NoAnswer:
        return None
    try:
        with history.operation("signIn", badge.code_id) as done:
            outcome = sign_in(cluster, badge, pin, browser, begun.request if begun else "")
            _note(done, outcome)
    except NoAnswer:
        browser.close()
        return None
    if not isinstance(outcome, SignedIn):
        browser.close()
        return None
    session = Session(badge, browser)
    if begun is not None:
        _redeem(cluster, history, session, begun, outcome)
    browser.close()
    return session


def _note(done: Operation, outcome: SignedIn | Refused) -> None:
    if isinstance(outcome, SignedIn):
        done.outcome = Outcome.OK
    else:
        done.outcome = Outcome.UNKNOWN if outcome.code in _MAY_HAVE_WORKED else Outcome.FAIL
        done.detail = outcome.code


def _redeem(cluster: Cluster, history: History, session: Session, begun: Begun, outcome: SignedIn) -> None:
    with history.operation("redeem", session.badge.code_id) as done:
        try:
            session.tokens = redeem(session.browser, cluster.bench.tenant, WANTED, begun, outcome.location)
            done.outcome = Outcome.OK
        except NoAnswer as error:
            # a refusal and no answer look the same here, and both leave no token
            done.detail = str(error)


def is_signed_in(cluster: Cluster, session: Session, node: str) -> bool | None:
    """Whether a node takes this session; None when it cannot be asked."""
    browser = Browser(cluster.origin)
    browser.cookies |= {**session.browser.cookies, WHICH: node}
    try:
        status = browser.get(f"/{cluster.bench.tenant}/sign-in/done").status
    except NoAnswer:
        return None
    finally:
        browser.close()
    return {200: True, 303: False}.get(status)


def token_answer(
    cluster: Cluster, endpoint: str, form: Mapping[str, str], node: str = ""
) -> tuple[int, dict[str, Any]]:
    """What the token endpoint, or one beside it, answers; status 0 when it does not."""
    browser = fresh_browser(cluster, node)
    try:
        answer = browser.post_form(f"/{cluster.bench.tenant}/oauth2/v2.0/{endpoint}", form)
        return answer.status, dict(answer.json())
    except NoAnswer:
        return 0, {}
    finally:
        browser.close()


def refresh(cluster: Cluster, token: str, node: str = "") -> tuple[int, dict[str, Any]]:
    """Exchange a refresh token."""
    form = {"grant_type": "refresh_token", "client_id": CLIENT, "refresh_token": token}
    return token_answer(cluster, "token", form, node)


def is_active(cluster: Cluster, token: str, node: str = "") -> bool | None:
    """What introspection says about a token; None when it cannot be asked."""
    form = {"client_id": CLIENT, "client_secret": SECRET, "token": token}
    status, body = token_answer(cluster, "introspect", form, node)
    return bool(body.get("active")) if status == http.client.OK else None


def in_minutes(minutes: float) -> str:
    """An instant from now, as the API writes it."""
    return (datetime.now(UTC) + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


def person_token(cluster: Cluster, person: Person) -> str:
    """A token of the person themselves, as the provider would sign it."""
    ring = load_key_ring(cluster.bench.folder / "keyring.json")
    now = int(datetime.now(UTC).timestamp())
    claims = {
        "iss": f"{cluster.origin}/{cluster.bench.tenant}/v2.0",
        "aud": "https://graph.microsoft.com",
        "tid": cluster.bench.tenant,
        "appid": CLIENT,
        "oid": person.id,
        "scp": "UserAuthMethod-QR.ReadWrite User.Read",
        "gen": 1,
        "cgen": 1,
        "iat": now,
        "exp": now + 3600,
    }
    return TokenSigner(ring).sign(claims)
