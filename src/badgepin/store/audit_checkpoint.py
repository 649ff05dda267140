"""Rows of the audit log's signed checkpoints."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

import sqlalchemy as sa

from badgepin.domain.audit_chain import Checkpoint
from badgepin.store.audit_tables import audit_chain, audit_checkpoints
from badgepin.store.tables import tenants
from badgepin.store.transaction import Transaction


@dataclass(frozen=True)
class KeptCheckpoint:
    """A checkpoint as the database keeps it; only what its token says was signed."""

    tenant_id: str
    number: int
    seq: int
    created_at: datetime
    token: str

    def says(self, checkpoint: Checkpoint) -> bool:
        """Whether the row is the one of this checkpoint."""
        mine = (self.tenant_id, self.number, self.seq, self.created_at)
        return mine == (checkpoint.tenant_id, checkpoint.number, checkpoint.seq, checkpoint.created_at)


# a checkpoint, and the chain's digest at its place, if there is such a place
Signed: TypeAlias = tuple[KeptCheckpoint, bytes | None]


@dataclass(frozen=True)
class Progress:
    """How far a tenant's chain is, and how far it is signed."""

    tenant_id: str
    seq: int
    signed_seq: int | None
    signed_at: datetime | None


def insert(tx: Transaction, checkpoint: Checkpoint, token: str) -> None:
    """Keep a signed checkpoint."""
    tx.execute(
        sa.insert(audit_checkpoints).values(
            tenant_id=checkpoint.tenant_id,
            number=checkpoint.number,
            seq=checkpoint.seq,
            created_at=checkpoint.created_at,
            token=token,
        )
    )


def list_newest(tx: Transaction, tenant_id: str, *, limit: int, before: int | None = None) -> list[KeptCheckpoint]:
    """A tenant's checkpoints, the newest first, or those before some number."""
    kept = audit_checkpoints.c
    rows = sa.select(audit_checkpoints).where(kept.tenant_id == tenant_id)
    if before is not None:
        rows = rows.where(kept.number < before)
    return [_read(row) for row in tx.execute(rows.order_by(kept.number.desc()).limit(limit))]


def list_with_chain(tx: Transaction, tenant_id: str, *, after: int | None, limit: int) -> list[Signed]:
    """A portion of a tenant's checkpoints, the oldest first, each with the chain's digest at its place."""
    kept, chain = audit_checkpoints.c, audit_chain.c
    both = sa.and_(chain.tenant_id == kept.tenant_id, chain.seq == kept.seq)
    rows = sa.select(audit_checkpoints, chain.chain_digest).outerjoin_from(audit_checkpoints, audit_chain, both)
    rows = rows.where(kept.tenant_id == tenant_id)
    if after is not None:
        rows = rows.where(kept.number > after)
    return [(_read(row), row.chain_digest) for row in tx.execute(rows.order_by(kept.number).limit(limit))]


def tokens_at(tx: Transaction, tenant_id: str, numbers: Collection[int]) -> dict[int, str]:
    """The tokens kept under some numbers."""
    kept = audit_checkpoints.c
    rows = sa.select(kept.number, kept.token).where(kept.tenant_id == tenant_id, kept.number.in_(numbers))
    return {row.number: row.token for row in tx.execute(rows)}


def list_progress(tx: Transaction) -> list[Progress]:
    """How far every tenant is."""
    chain, kept = audit_chain.c, audit_checkpoints.c

    def newest(column: sa.ColumnElement[Any], tenant: sa.ColumnElement[str], order: sa.ColumnElement[Any]) -> Any:  # noqa: ANN401 - a column
        return sa.select(column).where(tenant == tenants.c.tenant_id).order_by(order.desc()).limit(1).scalar_subquery()

    rows = sa.select(
        tenants.c.tenant_id,
        newest(chain.seq, chain.tenant_id, chain.seq).label("seq"),
        newest(kept.seq, kept.tenant_id, kept.number).label("signed_seq"),
        newest(kept.created_at, kept.tenant_id, kept.number).label("signed_at"),
    )
    return [Progress(row.tenant_id, row.seq or 0, row.signed_seq, row.signed_at) for row in tx.execute(rows)]


def _read(row: Any) -> KeptCheckpoint:  # noqa: ANN401 - a row of `audit_checkpoints`
    return KeptCheckpoint(row.tenant_id, row.number, row.seq, row.created_at, row.token)
