"""Pages of any list, by position and not by number: page 1,000 costs what page 1 costs.

A page is one statement: its rows, one more to know whether another page follows, and where asked for how many there
are in all. The next page begins behind the sort values of the last row.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import sqlalchemy as sa

from badgepin.domain.filter import Comparison, Operator, conjuncts
from badgepin.domain.query import Page, Query, Sort
from badgepin.store.columns import Instant, exact_text, from_microseconds, to_microseconds
from badgepin.store.filter import Condition, condition_of
from badgepin.store.transaction import Transaction

T = TypeVar("T")
Column = sa.ColumnElement[Any]


@dataclass(frozen=True)
class Listing:
    """Something that can be listed.

    `fields`: the column of every field that can be asked about. `key`: unique and never NULL, the last thing to sort
    by. `indexed`: fields whose own order an index gives, together with `key`. `newest_first`: nobody asks for an order,
    but everybody expects one: by this field, descending.
    """

    source: sa.FromClause
    columns: tuple[Column, ...]
    fields: Mapping[str, Column]
    key: Column
    indexed: frozenset[str] = frozenset()
    newest_first: Sort | None = None


def list_page(tx: Transaction, listing: Listing, within: Condition, query: Query, read: Callable[[Any], T]) -> Page[T]:
    """The page a query asks for, of the rows `within`; `read` makes an item of a row."""
    condition = _filtered(tx, listing, within, query)
    order = _order(listing, query)
    marks = [column.label(f"mark_{number}") for number, (column, _) in enumerate(order)]
    statement = sa.select(*listing.columns, *marks).select_from(listing.source).where(condition)
    if query.counts and query.after is None:
        matching = sa.select(sa.func.count()).select_from(listing.source).where(condition)
        statement = statement.add_columns(matching.correlate(None).scalar_subquery().label("matching"))
    if query.after is not None:
        statement = statement.where(_behind(order, query.after))
    sorts = [column.desc() if descending else column.asc() for column, descending in order]
    rows = tx.execute(statement.order_by(*sorts).limit(query.limit + 1)).all()
    shown = rows[: query.limit]
    after = tuple(_kept(shown[-1]._mapping[mark.name]) for mark in marks) if len(rows) > query.limit else None
    count = None
    if query.counts and query.after is None:
        count = int(rows[0]._mapping["matching"]) if rows else 0
    return Page([read(row) for row in shown], after, count)


def count(tx: Transaction, listing: Listing, within: Condition, query: Query) -> int:
    """How many rows a query matches."""
    condition = _filtered(tx, listing, within, query)
    return int(tx.execute(sa.select(sa.func.count()).select_from(listing.source).where(condition)).scalar_one())


def _filtered(tx: Transaction, listing: Listing, within: Condition, query: Query) -> Condition:
    if query.filter is None:
        return within
    return sa.and_(within, condition_of(query.filter, listing.fields, tx.dialect.name))


def _order(listing: Listing, query: Query) -> list[tuple[Column, bool]]:
    sorts = query.sort or _natural_order(listing, query)
    order = [(_sortable(listing.fields[sort.field.name]), sort.descending) for sort in sorts]
    return [*order, (listing.key, order[-1][1] if order else False)]


def _natural_order(listing: Listing, query: Query) -> tuple[Sort, ...]:
    """Nobody asked for an order: follow the index that finds what the filter looks for."""
    if listing.newest_first is not None:
        return (listing.newest_first,)
    for condition in conjuncts(query.filter):
        if (
            isinstance(condition, Comparison)
            and condition.operator in {Operator.EQUAL, Operator.STARTS_WITH}
            and condition.field.name in listing.indexed
        ):
            return (Sort(condition.field),)
    return ()


def _sortable(column: Column) -> Column:
    if not getattr(column, "nullable", True):
        return column
    return sa.func.coalesce(column, _LEAST.get(type(column.type), sa.literal("", exact_text())))


_LEAST: dict[type, Any] = {sa.Boolean: sa.false(), Instant: sa.literal(from_microseconds(0), Instant)}


def _behind(order: list[tuple[Column, bool]], after: tuple[str | int, ...]) -> Condition:
    values = [_bound(column, value) for (column, _), value in zip(order, after, strict=True)]
    columns = [column for column, _ in order]
    directions = {descending for _, descending in order}
    if len(directions) == 1:
        left, right = sa.tuple_(*columns), sa.tuple_(*values)
        return left < right if directions.pop() else left > right
    steps = []
    for number, (column, descending) in enumerate(order):
        same = [columns[earlier] == values[earlier] for earlier in range(number)]
        beyond = column < values[number] if descending else column > values[number]
        steps.append(sa.and_(*same, beyond))
    return sa.or_(*steps)


def _bound(column: Column, value: str | int) -> Any:  # noqa: ANN401 - a literal of the column's type
    if isinstance(column.type, Instant):
        return sa.literal(from_microseconds(int(value)), Instant)
    if isinstance(column.type, sa.Boolean):
        return sa.true() if value else sa.false()
    return sa.literal(value, exact_text()) if isinstance(value, str) else sa.literal(value)


def _kept(value: Any) -> str | int:  # noqa: ANN401 - whatever the column holds
    if hasattr(value, "astimezone"):
        return to_microseconds(value)
    return value if isinstance(value, str | int) else str(value)
