"""The text in a badge's QR symbol: `BP1` and `ms-qrpin`, both always readable (security design 3.2).

BP1 + 77 characters (qr id 16 bytes, seed 32 bytes, one zero bit) + 7 characters (35 bits of SHA-256)
ms-qrpin:v1|user principal name|qr id|seed as 64 hex digits
"""

import hashlib
import re
from dataclasses import dataclass, field
from enum import Enum
from uuid import UUID

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUES = {letter: value for value, letter in enumerate(_ALPHABET)} | {"I": 1, "L": 1, "O": 0}
_PREFIX = "BP1"
_BODY = 77
_CHECK = 7
_LENGTH = len(_PREFIX) + _BODY + _CHECK
_CHECK_BITS = 35
_SEED = 32
_ID = 16
_MS_QRPIN = re.compile(
    r"^ms-qrpin:v1\|[^|]{1,113}\|"
    r"([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\|([0-9a-f]{64})$",
    re.IGNORECASE | re.ASCII,
)
_MS_QRPIN_ANY = re.compile(r"^ms-qrpin:", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True)
class BadgeText:
    """What a badge says: which code it is, and the secret seed of its Ed25519 key."""

    qr_code_id: str
    seed: bytes = field(repr=False)


class Unreadable(Enum):
    """Why a text is not a badge of ours."""

    NOT_A_BADGE = "not a badge"
    DAMAGED = "damaged"
    OTHER_SYSTEM = "made by another system"


def encode_bp1(qr_code_id: str, seed: bytes) -> str:
    """The 87 characters of a `BP1` badge: digits and capitals only, no personal data."""
    number = int.from_bytes(UUID(qr_code_id).bytes + _exactly(seed)) << 1
    body = _to_base32(number, _BODY)
    return _PREFIX + body + _check(body)


def encode_ms_qrpin(user_principal_name: str, qr_code_id: str, seed: bytes) -> str:
    """The `ms-qrpin` text; a `|` in the name would break the fields, so it is left out."""
    name = user_principal_name.replace("|", "")
    return f"ms-qrpin:v1|{name}|{UUID(qr_code_id)}|{_exactly(seed).hex()}"


def read_badge_text(text: str) -> BadgeText | Unreadable:
    """Read either form. The name inside `ms-qrpin` is skipped: the code's row says whose badge it is."""
    text = text.strip()
    if found := _MS_QRPIN.match(text):
        return BadgeText(found[1].lower(), bytes.fromhex(found[2]))
    if _MS_QRPIN_ANY.match(text):
        return Unreadable.OTHER_SYSTEM
    if not text.isascii() or text[:3].upper() not in {"BP1", "BPI", "BPL"}:
        return Unreadable.NOT_A_BADGE
    return _read_bp1(text.upper())


def _read_bp1(text: str) -> BadgeText | Unreadable:
    if len(text) != _LENGTH or any(letter not in _VALUES for letter in text[3:]):
        return Unreadable.DAMAGED
    values = [_VALUES[letter] for letter in text[3:]]
    body = "".join(_ALPHABET[value] for value in values[:_BODY])
    check = "".join(_ALPHABET[value] for value in values[_BODY:])
    number = 0
    for value in values[:_BODY]:
        number = number << 5 | value
    if check != _check(body) or number & 1:
        return Unreadable.DAMAGED
    packed = (number >> 1).to_bytes(_ID + _SEED)
    return BadgeText(str(UUID(bytes=packed[:_ID])), packed[_ID:])


def _check(body: str) -> str:
    digest = hashlib.sha256((_PREFIX + body).encode("ascii")).digest()
    return _to_base32(int.from_bytes(digest) >> (256 - _CHECK_BITS), _CHECK)


def _to_base32(number: int, length: int) -> str:
    return "".join(_ALPHABET[number >> (5 * position) & 31] for position in reversed(range(length)))


def _exactly(seed: bytes) -> bytes:
    if len(seed) != _SEED:
        raise ValueError("A badge seed has 32 bytes.")
    return seed
