"""What an application may ask for when it sends a person to sign in (RFC 6749 4.1, RFC 7636, OpenID Core 3.1.2)."""

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit

CODE_LIFE = timedelta(seconds=60)
PERSON_TOKEN_LIFE = timedelta(seconds=900)
ID_TOKEN_LIFE = timedelta(seconds=300)
REFRESH_GRACE = timedelta(seconds=10)
OPENID_SCOPES = frozenset({"openid", "profile", "email", "offline_access"})
AMR = ("swk", "pin")
ACR = "urn:badgepin:aal1"
_LOOPBACK = frozenset({"127.0.0.1", "[::1]", "localhost"})
_LOOPBACK_PORT = re.compile(r"\A(http://(?:127\.0\.0\.1|\[::1\]|localhost))(?::[0-9]{1,5})?(?=/|\?|\Z)")
_CHALLENGE = re.compile(r"\A[A-Za-z0-9_-]{43}\Z")
_VERIFIER = re.compile(r"\A[A-Za-z0-9._~-]{43,128}\Z")
_PRIVATE_SCHEME = re.compile(r"\A[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+\Z")
_LONGEST_URI = 2000


class ResponseMode(StrEnum):
    """How the answer travels to the application."""

    QUERY = "query"
    FRAGMENT = "fragment"
    FORM_POST = "form_post"


class Prompt(StrEnum):
    """What the application wants shown."""

    NONE = "none"
    LOGIN = "login"
    SELECT_ACCOUNT = "select_account"
    CONSENT = "consent"


@dataclass(frozen=True)
class AuthorizationRequest:
    """A request that was checked; `application_id` is the object id, and `asked_at` decides about `prompt`.

    `is_public`: the client cannot keep a secret where it wants the answer. `has_back_channel`: it wants to be told when
    the person signs out. `pushed` is the name it was pushed under, which counts once (RFC 9126 7.3), or ''.
    """

    application_id: str
    client_id: str
    client_name: str
    is_public: bool
    has_back_channel: bool
    redirect_uri: str
    scopes: tuple[str, ...]
    response_mode: ResponseMode
    state: str | None
    nonce: str | None
    code_challenge: str | None
    prompt: Prompt | None
    max_age: int | None
    asked_at: datetime
    ui_locales: str = ""
    pushed: str = ""


def needs_fresh_sign_in(request: AuthorizationRequest, signed_in_at: datetime, now: datetime) -> bool:
    """Whether a session from then is too old for the request; one that the request itself led to never is."""
    if signed_in_at >= request.asked_at:
        return False
    if request.prompt in {Prompt.LOGIN, Prompt.SELECT_ACCOUNT}:
        return True
    return request.max_age is not None and now >= signed_in_at + timedelta(seconds=request.max_age)


def is_registered(uri: str, registered: tuple[str, ...]) -> bool:
    """Whether an address is a registered one: the same text; only a loopback port may differ (RFC 8252 7.3)."""
    if uri in registered:
        return True
    bare = _without_loopback_port(uri)
    return bare is not None and any(bare == _without_loopback_port(other) for other in registered)


def _without_loopback_port(uri: str) -> str | None:
    found = _LOOPBACK_PORT.match(uri)
    return None if found is None else found[1] + uri[found.end() :]


def is_acceptable_redirect_uri(uri: str) -> bool:
    """Whether an address may be registered: https, http on loopback, or an application's own scheme; no fragment."""
    if not uri.isascii() or not uri.isprintable() or len(uri) > _LONGEST_URI or set(uri) & set(' "<>\\^`{|}*#'):
        return False
    try:
        parts = urlsplit(uri)
        _ = parts.port
    except ValueError:
        return False
    if "@" in parts.netloc:
        return False
    if parts.scheme == "https":
        return bool(parts.hostname)
    if parts.scheme == "http":
        return parts.hostname in {name.strip("[]") for name in _LOOPBACK}
    # a name with a dot, so that nobody registers javascript: or data:
    return _PRIVATE_SCHEME.match(parts.scheme) is not None or parts.scheme.startswith("msal")


def is_code_challenge(text: str) -> bool:
    """Whether this is the S256 challenge of some verifier: 43 characters of base64url."""
    return _CHALLENGE.match(text) is not None


def is_verifier_right(verifier: str, challenge: str) -> bool:
    """Whether the verifier is the one behind an S256 challenge (RFC 7636 4.6)."""
    if _VERIFIER.match(verifier) is None:
        return False
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    return hmac.compare_digest(digest, challenge)


def granted_scopes(asked: tuple[str, ...], consented: frozenset[str]) -> frozenset[str]:
    """What an application gets: OpenID's own scopes, and of the permissions those an administrator consented to.

    `.default` asks for everything that was consented to.
    """
    openid = OPENID_SCOPES.intersection(asked)
    if ".default" in asked:
        return openid | consented
    return openid | consented.intersection(asked)
