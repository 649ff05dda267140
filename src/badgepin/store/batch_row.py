"""Each person's part in a batch: what was announced, what was made, and what became of it."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa

from badgepin.domain.badge_batch import RESULT, BatchRow, BatchState, RowResult
from badgepin.domain.query import Page, Query
from badgepin.store import listing
from badgepin.store.batch_tables import badge_batch_rows, badge_batches
from badgepin.store.listing import Listing
from badgepin.store.transaction import Transaction

_row = badge_batch_rows.c
_FIELDS = (
    "number",
    "named",
    "fate",
    "is_wanted",
    "user_id",
    "display_name",
    "user_principal_name",
    "code_id",
    "code_kind",
    "pin_id",
    "result",
    "problem",
)


def insert_all(tx: Transaction, tenant_id: str, batch_id: str, rows: Iterable[BatchRow]) -> None:
    """Add rows."""
    values = [{"tenant_id": tenant_id, "batch_id": batch_id, **asdict(row), "result": row.result.value} for row in rows]
    if values:
        tx.execute(sa.insert(badge_batch_rows), values)


def list_page(tx: Transaction, tenant_id: str, batch_id: str, query: Query) -> Page[BatchRow]:
    """A page of rows, in their order."""
    here = sa.and_(_row.tenant_id == tenant_id, _row.batch_id == batch_id)
    return listing.list_page(tx, _LISTING, here, query, _read)


def list_portion(
    tx: Transaction, tenant_id: str, batch_id: str, results: Collection[RowResult], *, after: int = -1, limit: int
) -> list[BatchRow]:
    """The next rows of these results."""
    rows = tx.execute(
        sa.select(*(_row[name] for name in _FIELDS))
        .where(_row.tenant_id == tenant_id, _row.batch_id == batch_id, _row.number > after)
        .where(_row.result.in_([result.value for result in results]))
        .order_by(_row.number)
        .limit(limit)
    )
    return [_read(row) for row in rows]


def note(tx: Transaction, tenant_id: str, batch_id: str, number: int, result: RowResult, **values: str | None) -> None:
    """What became of a row."""
    tx.execute(
        sa.update(badge_batch_rows)
        .where(_row.tenant_id == tenant_id, _row.batch_id == batch_id, _row.number == number)
        .values(result=result.value, **values)
    )


def note_rest(tx: Transaction, tenant_id: str, batch_id: str, before: RowResult, after: RowResult) -> None:
    """Every row of a result gets another one."""
    tx.execute(
        sa.update(badge_batch_rows)
        .where(_row.tenant_id == tenant_id, _row.batch_id == batch_id, _row.result == before.value)
        .values(result=after.value)
    )


def count_results(tx: Transaction, tenant_id: str, batch_id: str) -> Counter[str]:
    """How many rows there are of each result."""
    rows = tx.execute(
        sa.select(_row.result, sa.func.count().label("number"))
        .where(_row.tenant_id == tenant_id, _row.batch_id == batch_id)
        .group_by(_row.result)
    )
    return Counter({row.result: row.number for row in rows})


def count_fates(tx: Transaction, tenant_id: str, batch_id: str) -> Counter[str]:
    """How many rows there are of each fate."""
    rows = tx.execute(
        sa.select(_row.fate, sa.func.count().label("number"))
        .where(_row.tenant_id == tenant_id, _row.batch_id == batch_id)
        .group_by(_row.fate)
    )
    return Counter({row.fate: row.number for row in rows})


def find_waiting_codes(tx: Transaction, tenant_id: str, code_ids: Sequence[str]) -> frozenset[str]:
    """Which of these codes wait for the paper of a batch that is still alive."""
    if not code_ids:
        return frozenset()
    alive = [BatchState.RUNNING.value, BatchState.SUCCEEDED.value]
    joined = badge_batch_rows.join(
        badge_batches, sa.and_(badge_batches.c.tenant_id == _row.tenant_id, badge_batches.c.id == _row.batch_id)
    )
    found = tx.execute(
        sa.select(_row.code_id)
        .select_from(joined)
        .where(_row.tenant_id == tenant_id, _row.code_id.in_(list(code_ids)), _row.result == RowResult.WAITING.value)
        .where(badge_batches.c.state.in_(alive))
    )
    return frozenset(found.scalars())


def _read(row: Any) -> BatchRow:  # noqa: ANN401 - a row of `_FIELDS`
    values = {name: row._mapping[name] for name in _FIELDS}
    return BatchRow(**{**values, "result": RowResult(values["result"])})


_LISTING = Listing(badge_batch_rows, tuple(_row[name] for name in _FIELDS), {RESULT.name: _row.result}, _row.number)
