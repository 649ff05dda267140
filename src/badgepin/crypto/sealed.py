"""Small values that travel through clients and come back unread and unchanged (AES-256-GCM)."""

import base64
import binascii
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from badgepin.crypto.key_ring import KeyRing

_NONCE = 12


def seal(ring: KeyRing, purpose: str, content: bytes) -> str:
    """URL-safe text that only this installation can read, and only for the same purpose."""
    key, nonce = ring.seals[0], os.urandom(_NONCE)
    sealed = AESGCM(key.key).encrypt(nonce, content, f"{purpose}|{key.kid}".encode())
    return f"{key.kid}." + base64.urlsafe_b64encode(nonce + sealed).rstrip(b"=").decode()


def unseal(ring: KeyRing, purpose: str, text: str) -> bytes | None:
    """What was sealed, or None when the text was not sealed here for this purpose."""
    kid, _, body = text.partition(".")
    key = next((key for key in ring.seals if key.kid == kid), None)
    if key is None or not body.isascii():
        return None
    try:
        raw = base64.b64decode(body + "=" * (-len(body) % 4), altchars=b"-_", validate=True)
        return AESGCM(key.key).decrypt(raw[:_NONCE], raw[_NONCE:], f"{purpose}|{kid}".encode())
    except (binascii.Error, InvalidTag, ValueError):
        return None
