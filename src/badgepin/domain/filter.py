"""One filter tree for every language that asks for some of many: OData `$filter` and `$search`, SCIM later.

A door reads its own grammar into the tree, `store/filter.py` makes SQL of it, and `holds` decides it in memory.
A comparison with something that has no value is false, so its `Not` is true (OData 4.01 URL conventions 5.1.1.1).
"""

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import TypeAlias

Value: TypeAlias = str | bool | int | datetime | None
WORD_BREAKS = " -._@"
"""What stands before a word that `Operator.HAS_WORD` finds, besides the beginning."""

_UPPER_TO_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


class Kind(Enum):
    """What a field holds, which decides when two of its values are the same."""

    NAME = "name"
    """A name people go by: the same in any case of any script."""
    TEXT = "text"
    """Other words: the same in any case of A to Z."""
    CODE = "code"
    """An id or a word of a fixed vocabulary: the same in any case of A to Z, kept in lower case."""
    INSTANT = "instant"
    BOOLEAN = "boolean"
    NUMBER = "number"


class Operator(Enum):
    """How a field is compared with a value; the last four are for text only."""

    EQUAL = "eq"
    GREATER = "gt"
    GREATER_OR_EQUAL = "ge"
    LESS = "lt"
    LESS_OR_EQUAL = "le"
    STARTS_WITH = "startswith"
    ENDS_WITH = "endswith"
    CONTAINS = "contains"
    HAS_WORD = "has word that begins with"


@dataclass(frozen=True)
class Field:
    """Something that can be asked about; `many`: it holds any number of values of that kind."""

    name: str
    kind: Kind
    many: bool = False


@dataclass(frozen=True)
class Comparison:
    """One field against one value; `None` is "has no value" and goes with EQUAL only."""

    field: Field
    operator: Operator
    value: Value


@dataclass(frozen=True)
class OneOf:
    """A field equals one of these."""

    field: Field
    values: tuple[Value, ...]


@dataclass(frozen=True)
class AnyOf:
    """At least one value of a `many` field meets a condition; without a condition: there is a value at all."""

    field: Field
    condition: "Filter | None" = None


@dataclass(frozen=True)
class AllOf:
    """Every value of a `many` field meets a condition, also when there is none."""

    field: Field
    condition: "Filter"


@dataclass(frozen=True)
class Not:
    """The opposite."""

    condition: "Filter"


@dataclass(frozen=True)
class And:
    """All of these."""

    conditions: tuple["Filter", ...]


@dataclass(frozen=True)
class Or:
    """At least one of these."""

    conditions: tuple["Filter", ...]


Filter: TypeAlias = Comparison | OneOf | AnyOf | AllOf | Not | And | Or


def element(field: Field) -> Field:
    """One value of a `many` field, as conditions inside `AnyOf` and `AllOf` name it."""
    return Field(field.name, field.kind)


def fold(text: str) -> str:
    """The form under which two spellings are the same name: in any case, composed or not."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def comparable(kind: Kind, value: Value) -> Value:
    """The form of a value that comparisons of this kind work with."""
    if not isinstance(value, str):
        return value
    return fold(value) if kind is Kind.NAME else value.translate(_UPPER_TO_LOWER)


def holds(condition: Filter, read: Callable[[Field], Value | Sequence[Value]]) -> bool:
    """Whether a condition is true of the thing whose fields `read` gives."""
    match condition:
        case And(conditions):
            return all(holds(one, read) for one in conditions)
        case Or(conditions):
            return any(holds(one, read) for one in conditions)
        case Not(inner):
            return not holds(inner, read)
        case AnyOf(field, inner):
            return any(inner is None or holds(inner, _always(value)) for value in _values(read(field)))
        case AllOf(field, inner):
            return all(holds(inner, _always(value)) for value in _values(read(field)))
        case OneOf(field, values):
            return any(_compare(field.kind, Operator.EQUAL, read(field), value) for value in values)
        case Comparison(field, operator, value):
            return _compare(field.kind, operator, read(field), value)


def conjuncts(condition: Filter | None) -> tuple[Filter, ...]:
    """The conditions that must all hold."""
    if condition is None:
        return ()
    return condition.conditions if isinstance(condition, And) else (condition,)


def both(first: Filter | None, second: Filter | None) -> Filter | None:
    """A condition that means the two together, where there are two."""
    if first is None or second is None:
        return first or second
    return And((*conjuncts(first), *conjuncts(second)))


def _always(value: Value) -> Callable[[Field], Value]:
    return lambda _field: value


def _values(value: Value | Sequence[Value]) -> Sequence[Value]:
    return value if isinstance(value, list | tuple) else (value,)


def _compare(kind: Kind, operator: Operator, found: Value | Sequence[Value], wanted: Value) -> bool:
    if isinstance(found, list | tuple):
        raise TypeError(found)
    if wanted is None or found is None:
        return wanted is None and found is None
    left, right = comparable(kind, found), comparable(kind, wanted)  # type: ignore[arg-type] # no sequence any more
    return _DECIDE[operator](left, right)


def _has_word(text: str, beginning: str) -> bool:
    return text.startswith(beginning) or any(f"{mark}{beginning}" in text for mark in WORD_BREAKS)


# the door lets through only what a kind can be asked, so both sides are of one type
_DECIDE: dict[Operator, Callable[..., bool]] = {
    Operator.EQUAL: lambda left, right: left == right,
    Operator.GREATER: lambda left, right: left > right,
    Operator.GREATER_OR_EQUAL: lambda left, right: left >= right,
    Operator.LESS: lambda left, right: left < right,
    Operator.LESS_OR_EQUAL: lambda left, right: left <= right,
    Operator.STARTS_WITH: str.startswith,
    Operator.ENDS_WITH: str.endswith,
    Operator.CONTAINS: str.__contains__,
    Operator.HAS_WORD: _has_word,
}
