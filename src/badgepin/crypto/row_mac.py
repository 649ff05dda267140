"""A MAC over each code row: who can write the database still cannot swap keys or move dates (security design 3.5)."""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime

from badgepin.crypto.key_ring import KeyRing


@dataclass(frozen=True)
class CodeRow:
    """The fields that decide whether a badge opens something, and for whom."""

    qr_code_id: str
    user_id: str
    kind: str
    algorithm: str
    public_key: bytes
    start_at: datetime
    expire_at: datetime
    activated_at: datetime | None
    revision: int


def row_mac(ring: KeyRing, row: CodeRow) -> tuple[str, bytes]:
    """The key's id and the MAC, under the key in use."""
    key = ring.row_macs[0]
    return key.kid, _mac(key.key, row)


def is_row_intact(ring: KeyRing, row: CodeRow, key_id: str, mac: bytes) -> bool:
    """Whether the row is the one that was sealed."""
    key = next((key for key in ring.row_macs if key.kid == key_id), None)
    return key is not None and hmac.compare_digest(_mac(key.key, row), mac)


def _mac(key: bytes, row: CodeRow) -> bytes:
    activated = row.activated_at.isoformat() if row.activated_at else ""
    fields = (
        b"badgepin/code/v1",
        row.qr_code_id.encode(),
        row.user_id.encode(),
        row.kind.encode(),
        row.algorithm.encode(),
        row.public_key,
        row.start_at.isoformat().encode(),
        row.expire_at.isoformat().encode(),
        activated.encode(),
        str(row.revision).encode(),
    )
    # lengths in front, so that no two rows make the same text
    message = b"".join(len(field).to_bytes(4) + field for field in fields)
    return hmac.new(key, message, hashlib.sha256).digest()
