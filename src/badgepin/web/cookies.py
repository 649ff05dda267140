"""The cookies: who is at a page before signing in, who is signed in, and who is at the desk (security design 8)."""

import hashlib
import hmac
import re
import secrets

BROWSER = "__Host-pre"
SESSION = "__Host-sid"
DESK = "__Host-desk"
_VALUE = re.compile(r"\A[A-Za-z0-9_-]{43}\Z")
_ATTRIBUTES = "; Path=/; Secure; HttpOnly; SameSite=Lax"
# nobody comes to the desk from another site's form or link already signed in
_STRICT = "; Path=/; Secure; HttpOnly; SameSite=Strict"


def new_browser() -> str:
    """A fresh value of 256 bits for the browser's cookie."""
    return secrets.token_urlsafe(32)


def read_cookie(header: str, name: str) -> str | None:
    """The one well-formed value of a cookie; twice is as good as never."""
    found = [
        value.strip()
        for key, equals, value in (part.partition("=") for part in header.split(";"))
        if equals and key.strip() == name
    ]
    return found[0] if len(found) == 1 and _VALUE.match(found[0]) else None


def set_cookie(name: str, value: str) -> str:
    """The `Set-Cookie` value of a cookie that ends with the browser."""
    return f"{name}={value}{_attributes(name)}"


def drop_cookie(name: str) -> str:
    """The `Set-Cookie` value that takes a cookie back."""
    return f"{name}={_attributes(name)}; Max-Age=0"


def _attributes(name: str) -> str:
    return _STRICT if name == DESK else _ATTRIBUTES


def form_token(cookie: str) -> str:
    """What a form must carry to act for a session: only who can read the page knows it."""
    return hashlib.sha256(b"badgepin/form/v1\0" + cookie.encode()).hexdigest()


def is_form_token(token: str, cookie: str) -> bool:
    """Whether the form came from the session's own page."""
    return hmac.compare_digest(token.encode(), form_token(cookie).encode())
