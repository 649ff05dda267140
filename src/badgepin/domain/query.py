"""Asking for a page of many: which, in which order, from where on, and how many there are in all."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from badgepin.domain.filter import Field, Filter

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True)
class Sort:
    """One field to sort by."""

    field: Field
    descending: bool = False


@dataclass(frozen=True)
class Query:
    """What is asked for. Without `sort` the store chooses an order that costs nothing, the same for each page.

    `after`: where the page before ended, as `Page.after` told it. `counts`: say how many match in all.
    `expand`: the relations whose first objects are wanted along with each item.
    """

    limit: int = 1000
    filter: Filter | None = None
    sort: tuple[Sort, ...] = ()
    after: tuple[str | int, ...] | None = None
    counts: bool = False
    expand: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Page(Generic[T_co]):
    """What was found: at most `limit` items, where the next page begins (None: there is none), how many in all."""

    items: Sequence[T_co]
    after: tuple[str | int, ...] | None = None
    count: int | None = None


ANY = Query()
"""The first thousand of everything."""
