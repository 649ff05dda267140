"""The Ed25519 key on a badge (security design 3.1): the seed goes on paper, only the public key stays."""

import secrets

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from badgepin.crypto.secret import Secret

_KEY = 32
_P = 2**255 - 19
# the y coordinates of the eight points of small order; the sign bit picks x
_SMALL_ORDER_Y = frozenset(
    {
        0,
        1,
        _P - 1,
        0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826,
        0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7,
    }
)
_Y_BITS = (1 << 255) - 1


class WeakKey(ValueError):
    """A public key under which signatures prove nothing."""


def new_badge_key() -> tuple[Secret, bytes]:
    """A fresh 32-byte seed and its 32-byte public key."""
    seed = secrets.token_bytes(32)
    return Secret(seed), public_key_of(seed)


def public_key_of(seed: bytes) -> bytes:
    """The public key of a seed."""
    private = Ed25519PrivateKey.from_private_bytes(seed)
    return private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def verify(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the badge signed the message. Raises `WeakKey` for a point of small order, however it is written."""
    if len(public_key) != _KEY:
        raise WeakKey("A public key has 32 bytes.")
    if int.from_bytes(public_key, "little") & _Y_BITS in _SMALL_ORDER_Y | {_P, _P + 1}:
        raise WeakKey("The public key has small order.")
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except InvalidSignature:
        return False
    return True
