"""Rows of batches: who holds one, and each step it takes, taken by one node only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from badgepin.domain.badge_batch import LEASE, UNSETTLED, BadgeBatch, BatchKind, BatchState
from badgepin.domain.query import Page, Query
from badgepin.store import listing
from badgepin.store.batch_tables import badge_batches
from badgepin.store.listing import Listing
from badgepin.store.transaction import Transaction

_batch = badge_batches.c
_COLUMNS = (
    "id",
    "kind",
    "state",
    "created_at",
    "created_by",
    "created_by_name",
    "preview_ends_at",
    "holder",
    "lease_ends_at",
    "finished_at",
    "collect_ends_at",
    "settled_at",
    "code_expire_at",
    "message",
)
_KEPT = timedelta(days=7)


@dataclass(frozen=True)
class BatchSecrets:
    """What is kept of the secrets of a batch."""

    preview_digest: bytes | None
    key_digest: bytes | None
    manifest: bytes | None


@dataclass(frozen=True)
class TenantsBatch:
    """A batch, and whose it is: for whoever looks after all of them."""

    tenant_id: str
    batch: BadgeBatch


def insert(tx: Transaction, tenant_id: str, batch: BadgeBatch, *, preview_digest: bytes) -> None:
    """A new batch."""
    values = {name: getattr(batch, name) for name in _COLUMNS}
    values |= {"kind": batch.kind.value, "state": batch.state.value}
    tx.execute(sa.insert(badge_batches).values(tenant_id=tenant_id, preview_digest=preview_digest, **values))


def find(tx: Transaction, tenant_id: str, batch_id: str) -> BadgeBatch | None:
    """A batch."""
    columns = [_batch[name] for name in _COLUMNS]
    row = tx.execute(sa.select(*columns).where(_batch.tenant_id == tenant_id, _batch.id == batch_id)).first()
    return None if row is None else _read(row)


def find_secrets(tx: Transaction, tenant_id: str, batch_id: str) -> BatchSecrets:
    """What is kept of its secrets; the batch exists."""
    columns = (_batch.preview_digest, _batch.key_digest, _batch.manifest)
    row = tx.execute(sa.select(*columns).where(_batch.tenant_id == tenant_id, _batch.id == batch_id)).one()
    return BatchSecrets(row.preview_digest, row.key_digest, row.manifest)


def list_page(tx: Transaction, tenant_id: str, query: Query, created_by: str | None) -> Page[BadgeBatch]:
    """A page of the batches that somebody asked for, or of everybody's."""
    here = _batch.tenant_id == tenant_id
    if created_by is not None:
        here = sa.and_(here, _batch.created_by == created_by)
    return listing.list_page(tx, _LISTING, here, query, _read)


def delete_planning(tx: Transaction, tenant_id: str, batch_id: str) -> None:
    """Forget a batch that is still being planned."""
    here = (_batch.tenant_id == tenant_id, _batch.id == batch_id, _batch.state == BatchState.PLANNING.value)
    tx.execute(sa.delete(badge_batches).where(*here))


def count_open(tx: Transaction, tenant_id: str, created_by: str) -> int:
    """How many batches somebody has that were neither finished nor forgotten."""
    states = [state.value for state in (BatchState.PLANNING, BatchState.PLANNED, BatchState.RUNNING)]
    here = (_batch.tenant_id == tenant_id, _batch.created_by == created_by, _batch.state.in_(states))
    return int(tx.execute(sa.select(sa.func.count()).select_from(badge_batches).where(*here)).scalar_one())


def hold(tx: Transaction, tenant_id: str, batch_id: str, holder: str) -> bool:
    """Keep a batch from being ended until this transaction does; False when it was ended, or another node has it."""
    found = tx.execute(
        sa.select(_batch.id)
        .where(_batch.tenant_id == tenant_id, _batch.id == batch_id)
        .where(_batch.state == BatchState.RUNNING.value, _batch.holder == holder)
        .with_for_update(read=True)
    ).first()
    return found is not None


def lock(tx: Transaction, tenant_id: str, batch_id: str) -> None:
    """Let nobody else confirm or end a batch until this transaction ends."""
    tx.execute(sa.select(_batch.id).where(_batch.tenant_id == tenant_id, _batch.id == batch_id).with_for_update())


def hold_ready(tx: Transaction, tenant_id: str, batch_id: str, now: datetime, until: datetime) -> bool:
    """Let one confirmation at a time go on, with time until then; False when the documents expired or are gone."""
    done = tx.execute(
        sa.update(badge_batches)
        .where(_batch.tenant_id == tenant_id, _batch.id == batch_id)
        .where(_batch.state == BatchState.SUCCEEDED.value, _batch.collect_ends_at > now)
        .values(collect_ends_at=until)
    )
    return done.rowcount == 1


def renew(tx: Transaction, tenant_id: str, batch_id: str, holder: str, now: datetime) -> bool:
    """Say that its node is alive. Returns False when the batch is no longer its."""
    done = tx.execute(
        sa.update(badge_batches)
        .where(_batch.tenant_id == tenant_id, _batch.id == batch_id)
        .where(_batch.state == BatchState.RUNNING.value, _batch.holder == holder)
        .values(lease_ends_at=now + LEASE)
    )
    return done.rowcount == 1


def move(  # noqa: PLR0913 - a step: from where, to where, and what changes with it
    tx: Transaction,
    tenant_id: str,
    batch_id: str,
    before: Sequence[BatchState],
    after: BatchState,
    values: Mapping[str, object],
    *,
    holder: str | None = None,
    silent_since: datetime | None = None,
) -> bool:
    """Take a step if the batch is still where it starts. Of several callers exactly one succeeds."""
    conditions = [_batch.tenant_id == tenant_id, _batch.id == batch_id]
    conditions.append(_batch.state.in_([state.value for state in before]))
    if holder is not None:
        conditions.append(_batch.holder == holder)
    if silent_since is not None:
        conditions.append(_batch.lease_ends_at < silent_since)
    done = tx.execute(sa.update(badge_batches).where(*conditions).values(state=after.value, **values))
    return done.rowcount == 1


def list_abandoned(tx: Transaction, now: datetime) -> list[TenantsBatch]:
    """Batches whose node has been silent for too long."""
    return _list(tx, _batch.state == BatchState.RUNNING.value, _batch.lease_ends_at < now)


def list_overdue(tx: Transaction, now: datetime) -> list[TenantsBatch]:
    """Batches whose documents nobody collected within the hour."""
    return _list(tx, _batch.state == BatchState.SUCCEEDED.value, _batch.collect_ends_at <= now)


def list_unsettled(tx: Transaction) -> list[TenantsBatch]:
    """Batches that ended and whose codes have to be taken back."""
    return _list(tx, _batch.state.in_([state.value for state in UNSETTLED]), _batch.settled_at.is_(None))


def settle(tx: Transaction, tenant_id: str, batch_id: str, now: datetime) -> bool:
    """Nothing of the batch is left to be taken back. Returns whether nobody had said so before."""
    done = tx.execute(
        sa.update(badge_batches)
        .where(_batch.tenant_id == tenant_id, _batch.id == batch_id, _batch.settled_at.is_(None))
        .values(settled_at=now, manifest=None, key_digest=None)
    )
    return done.rowcount == 1


def forget(tx: Transaction, now: datetime) -> int:
    """Forget what was seen and never started, and what was over a week ago; rows and documents go with it."""
    seen = sa.and_(
        _batch.state.in_([BatchState.PLANNING.value, BatchState.PLANNED.value]), _batch.preview_ends_at < now - LEASE
    )
    over = sa.and_(
        _batch.state.not_in([BatchState.RUNNING.value]),
        _batch.finished_at < now - _KEPT,
        _batch.settled_at.is_not(None),
    )
    return tx.execute(sa.delete(badge_batches).where(sa.or_(seen, over))).rowcount


def _list(tx: Transaction, *conditions: sa.ColumnElement[bool]) -> list[TenantsBatch]:
    columns = [_batch[name] for name in _COLUMNS]
    rows = tx.execute(sa.select(_batch.tenant_id, *columns).where(*conditions).limit(100))
    return [TenantsBatch(row.tenant_id, _read(row)) for row in rows]


def _read(row: Any) -> BadgeBatch:  # noqa: ANN401 - a row of `_COLUMNS`
    values = {name: row._mapping[name] for name in _COLUMNS}
    return BadgeBatch(**{**values, "kind": BatchKind(values["kind"]), "state": BatchState(values["state"])})


_LISTING = Listing(badge_batches, tuple(_batch[name] for name in _COLUMNS), {}, _batch.id)
