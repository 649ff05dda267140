"""A strict reader of compact JWS headers (security design 7.1): what a signature check may rely on, read before it."""

import base64
import binascii
from dataclasses import dataclass

import msgspec

_LONGEST = 16_384
_FORBIDDEN = frozenset({"jwk", "jku", "x5u", "crit", "b64"})


@dataclass(frozen=True)
class JwsHeader:
    """The members a verifier may use; `x5t` and `x5t_s256` name a certificate by its digest."""

    alg: str
    kid: str | None
    typ: str | None
    x5t: str | None
    x5t_s256: str | None


def read_jws_header(token: str) -> JwsHeader | None:
    """The header of a compact JWS, or None: not three filled parts, not JSON, or a member that brings its own key."""
    parts = token.split(".")
    if len(token) > _LONGEST or len(parts) != 3 or not all(parts) or not token.isascii():  # noqa: PLR2004 - header, payload, signature
        return None
    try:
        raw = base64.b64decode(parts[0] + "=" * (-len(parts[0]) % 4), altchars=b"-_", validate=True)
        header = msgspec.json.decode(raw)
    except (binascii.Error, msgspec.DecodeError, ValueError, RecursionError):
        return None
    if not isinstance(header, dict) or _FORBIDDEN & header.keys():
        return None
    texts = {name: header.get(name) for name in ("alg", "kid", "typ", "x5t", "x5t#S256")}
    if not isinstance(texts["alg"], str) or any(not isinstance(text, str | None) for text in texts.values()):
        return None
    return JwsHeader(texts["alg"], texts["kid"], texts["typ"], texts["x5t"], texts["x5t#S256"])


def read_jws_claims(token: str) -> dict[str, object]:
    """The claims of a compact JWS, unchecked: to look somebody up, never to believe them. Empty when unreadable."""
    if read_jws_header(token) is None:
        return {}
    payload = token.split(".")[1]
    try:
        claims = msgspec.json.decode(base64.b64decode(payload + "=" * (-len(payload) % 4), altchars=b"-_"))
    except (binascii.Error, msgspec.DecodeError, ValueError, RecursionError):
        return {}
    return claims if isinstance(claims, dict) else {}
