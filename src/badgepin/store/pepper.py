"""Rows of PINs, as the job that moves them under another pepper sees them: of every tenant, a batch at a time."""

from dataclasses import dataclass

import sqlalchemy as sa

from badgepin.domain.hashed_pin import HashedPin
from badgepin.store.tables import pins
from badgepin.store.transaction import Transaction


@dataclass(frozen=True)
class PepperedPin:
    """A PIN row by its key, with what is kept of the PIN."""

    tenant_id: str
    user_id: str
    pin_id: str
    version: int
    hashed: HashedPin


def list_not_under(tx: Transaction, kid: str, limit: int) -> list[PepperedPin]:
    """Some rows that are kept under another pepper than this one."""
    rows = tx.execute(sa.select(pins).where(pins.c.pepper_key_id != kid).limit(limit))
    return [
        PepperedPin(
            row.tenant_id,
            row.user_id,
            row.id,
            row.version,
            HashedPin(
                row.memory_kib,
                row.iterations,
                row.parallelism,
                row.salt,
                row.pepper_key_id,
                row.nonce,
                row.ciphertext,
            ),
        )
        for row in rows
    ]


def count_not_under(tx: Transaction, kid: str) -> int:
    """How many rows are kept under another pepper than this one."""
    return tx.execute(sa.select(sa.func.count()).select_from(pins).where(pins.c.pepper_key_id != kid)).scalar_one()


def is_any_under(tx: Transaction, kid: str) -> bool:
    """Whether some row is kept under this pepper."""
    return tx.execute(sa.select(sa.literal(1)).where(pins.c.pepper_key_id == kid).limit(1)).first() is not None


def move(tx: Transaction, pin: PepperedPin, hashed: HashedPin) -> None:
    """Save the hash under its new pepper, unless the PIN was changed meanwhile."""
    tx.execute(
        sa.update(pins)
        .where(
            pins.c.tenant_id == pin.tenant_id,
            pins.c.user_id == pin.user_id,
            pins.c.version == pin.version,
            pins.c.pepper_key_id == pin.hashed.kid,
        )
        .values(pepper_key_id=hashed.kid, nonce=hashed.nonce, ciphertext=hashed.ciphertext)
    )
