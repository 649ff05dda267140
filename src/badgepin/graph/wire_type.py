"""How a type on the wire is written down.

A property is a line `name: Type`, with `?` for nullable and `[]` for a collection; `->` marks a navigation.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Property:
    """One member of a type; `type` is an Edm primitive such as `String`, or the name of another type here."""

    name: str
    type: str
    nullable: bool = False
    many: bool = False
    navigation: bool = False


@dataclass(frozen=True)
class WireType:
    """An entity (it has an id) or a complex type."""

    name: str
    properties: tuple[Property, ...]
    base: str | None = None
    entity: bool = True


@dataclass(frozen=True)
class Action:
    """Something that is done to one thing of a type by POST; `takes` is the type of its body."""

    name: str
    bound_to: str
    takes: str | None = None
    answers: str | None = None


@dataclass(frozen=True)
class Function:
    """Something that is read of a thing by GET, or of many (`[]`); `takes` are the names of texts it is called with."""

    name: str
    bound_to: str
    answers: str
    takes: tuple[str, ...] = ()


def read_kind(kind: str) -> Property:
    """A type as a parameter or answer has it, with `[]` for a collection."""
    return _read(f": {kind}")


def _read(line: str) -> Property:
    name, _, kind = line.partition(":")
    navigation = name.startswith("->")
    kind = kind.strip()
    nullable, many = kind.endswith("?"), kind.rstrip("?").endswith("[]")
    return Property(name.removeprefix("->").strip(), kind.rstrip("?").removesuffix("[]"), nullable, many, navigation)


def entity_type(name: str, *lines: str, base: str | None = "entity") -> WireType:
    """An entity; its properties are written as lines."""
    return WireType(name, tuple(map(_read, lines)), base)


def complex_type(name: str, *lines: str) -> WireType:
    """A complex type, which has no id."""
    return WireType(name, tuple(map(_read, lines)), entity=False)
