"""Documents that only the holder of a key can read: AES-256-GCM piece by piece, each tied to its place among all.

The key is the requester's alone; what is kept of it is its SHA-256, which 256 random bits make safe to keep.
"""

import base64
import binascii
import hashlib
import hmac
import os
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_KEY = 32
_NONCE = 12
PIECE = 256 * 1024
"""Bytes of a document in one piece."""


@dataclass(frozen=True)
class DocumentKey:
    """256 bits that open the documents of one batch."""

    raw: bytes = field(repr=False)

    @property
    def text(self) -> str:
        """The key as its holder gets it, once."""
        return base64.urlsafe_b64encode(self.raw).rstrip(b"=").decode()

    @property
    def digest(self) -> bytes:
        """What is kept of it."""
        return hashlib.sha256(self.raw).digest()

    def seal(self, place: str, content: bytes) -> bytes:
        """Content that this key opens, and only as what stands at this place."""
        nonce = os.urandom(_NONCE)
        return nonce + AESGCM(self.raw).encrypt(nonce, content, place.encode())

    def open(self, place: str, sealed: bytes) -> bytes | None:
        """What was sealed for this place, or None when it was changed, moved or sealed under another key."""
        try:
            return AESGCM(self.raw).decrypt(sealed[:_NONCE], sealed[_NONCE:], place.encode())
        except (InvalidTag, ValueError):
            return None


def new_document_key() -> DocumentKey:
    """A fresh key."""
    return DocumentKey(os.urandom(_KEY))


def read_document_key(text: str, digest: bytes | None) -> DocumentKey | None:
    """The key in a text when it is the one of this digest, None otherwise."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    key = DocumentKey(raw)
    return key if digest is not None and hmac.compare_digest(key.digest, digest) else None


def pieces_of(document: bytes) -> list[bytes]:
    """A document in pieces, each short enough for a transaction of its own."""
    return [document[begin : begin + PIECE] for begin in range(0, max(1, len(document)), PIECE)]
