"""The challenge a badge signs: stateless, so that strangers write nothing (security design 3.3)."""

import base64
import binascii
import hashlib
import hmac
import secrets
import struct
from dataclasses import dataclass
from datetime import datetime, timedelta

from badgepin.crypto.key_ring import KeyRing

LIFE = timedelta(seconds=120)
_LAYOUT = struct.Struct(">QQ32s32s32s")
_PURPOSE = b"badgepin/challenge/v1"
_MESSAGE = b"badgepin/v1\0"


@dataclass(frozen=True)
class Context:
    """What a challenge is bound to: the browser's cookie and the sealed authorization request ('' for none)."""

    browser: str
    request: str


def new_challenge(ring: KeyRing, context: Context, *, epoch: int, now: datetime) -> str:
    """A fresh challenge of 120 s as ASCII text."""
    key = ring.challenges[0]
    expires = int((now + LIFE).timestamp())
    payload = _LAYOUT.pack(
        epoch, expires, secrets.token_bytes(32), digest_of(context.browser), digest_of(context.request)
    )
    return ".".join((key.kid, _encode(payload), _encode(_mac(key.key, key.kid, payload))))


def is_challenge_good(ring: KeyRing, challenge: str, context: Context, *, epoch: int, now: datetime) -> bool:
    """Whether we made this challenge for this browser and request, and its time is not over."""
    kid, _, rest = challenge.partition(".")
    key = next((key for key in ring.challenges if key.kid == kid), None)
    body, _, mac = rest.partition(".")
    payload, given = _decode(body), _decode(mac)
    if key is None or payload is None or given is None or len(payload) != _LAYOUT.size:
        return False
    # one spelling only, so that one challenge has one digest in the table of used ones
    if challenge != ".".join((kid, _encode(payload), _encode(given))):
        return False
    if not hmac.compare_digest(_mac(key.key, kid, payload), given):
        return False
    made_in, expires, _, browser, request = _LAYOUT.unpack(payload)
    return (
        made_in == epoch
        and now.timestamp() < expires
        and hmac.compare_digest(browser, digest_of(context.browser))
        and hmac.compare_digest(request, digest_of(context.request))
    )


def message_to_sign(origin: str, challenge: str, qr_code_id: str, device_id: str = "") -> bytes:
    """The bytes a badge signs: every field with its length in four bytes before it (docs/protocol.md)."""
    fields = (origin, challenge, qr_code_id, "signin", device_id)
    return _MESSAGE + b"".join(len(raw).to_bytes(4) + raw for raw in (field.encode() for field in fields))


def digest_of(text: str) -> bytes:
    """SHA-256 of a text."""
    return hashlib.sha256(text.encode()).digest()


def _mac(key: bytes, kid: str, payload: bytes) -> bytes:
    return hmac.new(key, _PURPOSE + kid.encode() + b"\0" + payload, hashlib.sha256).digest()


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(text: str) -> bytes | None:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
