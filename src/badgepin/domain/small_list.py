"""Pages of what is in no table: the query runs in memory, by the rules of `domain/filter.py`."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from badgepin.domain.filter import Field, Value, holds
from badgepin.domain.query import Page, Query

T = TypeVar("T")


def page_of(
    items: Sequence[T], query: Query, read: Callable[[T, Field], Value | Sequence[Value]], key: Callable[[T], str]
) -> Page[T]:
    """The page a query asks for, in the order of the keys; `read` gives an item's fields. It knows no `sort`."""
    condition = query.filter
    known = [item for item in items if condition is None or holds(condition, partial(read, item))]
    after = str(query.after[-1]) if query.after else ""
    rest = [item for item in sorted(known, key=key) if key(item) > after]
    shown = rest[: query.limit]
    mark = (key(shown[-1]),) if len(rest) > query.limit else None
    return Page(shown, mark, len(known) if query.counts and query.after is None else None)
