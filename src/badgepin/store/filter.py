"""The filter tree as SQL: the one place where a condition that somebody asked for becomes a statement.

Values are always bound, columns come from a fixed mapping, and every condition is true or false, never NULL, so that
`Not` means the opposite on both databases. Text is compared as `domain/filter.py` compares it: NAME columns hold the
folded form, and case of A to Z is folded here for TEXT, whatever the server's locale.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import reduce
from typing import Any

import sqlalchemy as sa

from badgepin.domain.filter import (
    WORD_BREAKS,
    AllOf,
    And,
    AnyOf,
    Comparison,
    Field,
    Filter,
    Kind,
    Not,
    OneOf,
    Operator,
    Or,
    Value,
)
from badgepin.store.columns import Instant, exact_text

Condition = sa.ColumnElement[bool]
_LAST = "\U0010ffff"
_TEXTS = frozenset({Operator.STARTS_WITH, Operator.ENDS_WITH, Operator.CONTAINS, Operator.HAS_WORD})


def condition_of(tree: Filter, columns: Mapping[str, sa.ColumnElement[Any]], dialect: str) -> Condition:
    """The condition as SQL; `columns` maps the names of fields, `dialect` is `sqlite` or `postgresql`."""
    return _Compiler(columns, dialect).condition(tree)


class _Compiler:
    def __init__(self, columns: Mapping[str, sa.ColumnElement[Any]], dialect: str) -> None:
        self._columns = columns
        self._dialect = dialect

    def condition(self, tree: Filter) -> Condition:
        match tree:
            case And(conditions):
                return sa.and_(sa.true(), *map(self.condition, conditions))
            case Or(conditions):
                return sa.or_(sa.false(), *map(self.condition, conditions))
            case Not(inner):
                return sa.not_(self.condition(inner))
            case AnyOf(field, inner):
                return self._exists(field, inner or And(()))
            case AllOf(field, inner):
                return sa.not_(self._exists(field, Not(inner)))
            case OneOf(field, values):
                return self._one_of(field, values)
            case Comparison(field, operator, value):
                return _compared(self._columns[field.name], field, operator, value, self._dialect)

    def _one_of(self, field: Field, values: tuple[Value, ...]) -> Condition:
        column = self._columns[field.name]
        left = _left(column, field.kind)
        given = [_same(left, value) for value in values if value is not None]
        found = sa.and_(column.is_not(None), left.in_(given)) if given else sa.false()
        return sa.or_(found, column.is_(None)) if None in values else found

    def _exists(self, field: Field, inner: Filter) -> Condition:
        values: sa.FromClause
        if self._dialect == "postgresql":
            unpacked = sa.func.json_array_elements_text(sa.cast(self._columns[field.name], sa.JSON))
            values = unpacked.table_valued(sa.column("value", exact_text()))
        else:
            values = sa.func.json_each(self._columns[field.name]).table_valued(sa.column("value", sa.Text))
        condition = _Compiler({field.name: values.c.value}, self._dialect).condition(inner)
        return sa.exists(sa.select(sa.literal(1)).select_from(values).where(condition))


def _left(column: sa.ColumnElement[Any], kind: Kind) -> sa.ColumnElement[Any]:
    # SQLite's lower() knows A to Z only, and so does PostgreSQL's under the C collation
    return sa.func.lower(sa.cast(column, exact_text())) if kind is Kind.TEXT else column


def _bound(value: Value) -> Any:  # noqa: ANN401 - whatever type the column has
    if isinstance(value, datetime):
        return sa.literal(value, Instant)
    return sa.literal(value, exact_text()) if isinstance(value, str) else value


def _same(left: sa.ColumnElement[Any], value: Value) -> Any:  # noqa: ANN401 - whatever type the column has
    # of the column's own type: an index is used only under its own collation
    return sa.literal(value, left.type) if isinstance(value, str) else _bound(value)


def _compared(column: sa.ColumnElement[Any], field: Field, operator: Operator, value: Value, dialect: str) -> Condition:
    if value is None:
        return column.is_(None)
    left = _left(column, field.kind)
    if operator in _TEXTS:
        assert isinstance(value, str)  # noqa: S101 - whoever builds a tree gives text operators text
        decided = _TEXT_CONDITIONS[operator](left, value, dialect)
    elif field.kind is Kind.BOOLEAN:
        decided = left.is_(sa.true() if value else sa.false())
    elif operator is Operator.EQUAL:
        decided = left == _same(left, value)
    else:
        decided = _ORDERED[operator](left, _bound(value))
    return sa.and_(column.is_not(None), decided) if getattr(column, "nullable", True) else decided


_ORDERED: dict[Operator, Callable[[sa.ColumnElement[Any], Any], Condition]] = {
    Operator.GREATER: lambda left, right: left > right,
    Operator.GREATER_OR_EQUAL: lambda left, right: left >= right,
    Operator.LESS: lambda left, right: left < right,
    Operator.LESS_OR_EQUAL: lambda left, right: left <= right,
}


def _starts(left: sa.ColumnElement[Any], value: str, _dialect: str) -> Condition:
    # a range, which an index can find, where LIKE with a bound pattern cannot be
    return sa.and_(left >= _bound(value), left < _bound(value + _LAST))


def _ends(left: sa.ColumnElement[Any], value: str, dialect: str) -> Condition:
    if not value:
        return sa.true()
    tail = sa.func.right(left, len(value)) if dialect == "postgresql" else sa.func.substr(left, -len(value))
    return sa.and_(tail == _bound(value))


def _contains(left: sa.ColumnElement[Any], value: str, dialect: str) -> Condition:
    place = sa.func.strpos if dialect == "postgresql" else sa.func.instr
    return place(left, _bound(value)) > 0


def _has_word(left: sa.ColumnElement[Any], value: str, dialect: str) -> Condition:
    words = (_contains(left, f"{mark}{value}", dialect) for mark in WORD_BREAKS)
    return reduce(sa.or_, words, _starts(left, value, dialect))


_TEXT_CONDITIONS: dict[Operator, Callable[[sa.ColumnElement[Any], str, str], Condition]] = {
    Operator.STARTS_WITH: _starts,
    Operator.ENDS_WITH: _ends,
    Operator.CONTAINS: _contains,
    Operator.HAS_WORD: _has_word,
}
