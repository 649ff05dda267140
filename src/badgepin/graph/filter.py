"""`$filter` as OData writes it, read into the one filter tree (OData 4.01 URL conventions 5.1.1).

    either  = both *( "or" both )            both = one *( "and" one )
    one     = "not" one / "(" either ")" / function / lambda / path operator literal / path "in" "(" literals ")"
    lambda  = path "/" ( "any" / "all" ) "(" [ variable ":" either ] ")"

Only names that a `Schema` lists become part of a query, and values stay values: nothing of the text reaches SQL.
Why not a parser from the shelf: docs/decisions/0015.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NoReturn, TypeAlias

from badgepin.domain.filter import (
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
    comparable,
    element,
)
from badgepin.graph.errors import GraphError

_LONGEST = 16_384
_DEEPEST = 32
_MOST_TERMS = 200
_MOST_VALUES = 100
_SHOWN = 60

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<text>(?:[A-Za-z_][\w.]*)?'(?:[^']|'')*')
      | (?P<instant>\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,12})?)?(?:Z|[+\- ]\d\d:\d\d)?)?(?![\w-]))
      | (?P<guid>[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}(?![\w-]))
      | (?P<number>-?\d{1,18}(?![\w.-]))
      | (?P<word>[A-Za-z_][A-Za-z0-9_.]*)
      | (?P<mark>[()/,:])
    )""",
    re.VERBOSE | re.ASCII,
)
_COMPARISONS = {
    "eq": Operator.EQUAL,
    "gt": Operator.GREATER,
    "ge": Operator.GREATER_OR_EQUAL,
    "lt": Operator.LESS,
    "le": Operator.LESS_OR_EQUAL,
}
_FUNCTIONS = {
    "startswith": Operator.STARTS_WITH,
    "endswith": Operator.ENDS_WITH,
    "contains": Operator.CONTAINS,
}
_CONSTANTS: dict[str, Value] = {"true": True, "false": False, "null": None}
_WORDS = (Kind.NAME, Kind.TEXT, Kind.CODE)
_WANTED = {
    Kind.INSTANT: "a moment such as 2026-11-23T09:00:00Z",
    Kind.BOOLEAN: "true or false",
    Kind.NUMBER: "a number",
}


@dataclass(frozen=True)
class Alone:
    """A collection that always holds exactly one thing, such as an event's target: its fields are the item's own."""

    fields: Mapping[str, "Node"]


Node: TypeAlias = Field | Alone | Mapping[str, "Node"]


@dataclass(frozen=True)
class Schema:
    """What a list can be asked about: names on the wire, in lower case, and the fields behind them.

    `sortable` and `searchable` are names among `fields`; `expandable` are relations, as the wire spells them.
    `advanced`: the list follows the rules of directory objects, where some queries need `ConsistencyLevel: eventual`
    (graph-contract 3.8). `contains`: text can be looked for inside values too.
    """

    name: str
    fields: Mapping[str, Node]
    sortable: frozenset[str] = frozenset()
    searchable: tuple[str, ...] = ()
    expandable: tuple[str, ...] = ()
    advanced: bool = True
    contains: bool = False


@dataclass
class ReadFilter:
    """The tree, and the first thing in it that only an advanced query may use ('' when there is none)."""

    tree: Filter
    advanced: str = ""


def read_filter(text: str, schema: Schema) -> ReadFilter:
    """Read a `$filter`. Raises `GraphError` 400 that names the place."""
    if len(text) > _LONGEST:
        raise GraphError(400, "BadRequest", f"Invalid filter clause: it is longer than {_LONGEST} characters.")
    reader = _Reader(text, schema, _tokens(text))
    tree = reader.either(dict(schema.fields), 0)
    if not reader.at_end():
        reader.refuse("expected 'and', 'or' or the end")
    return ReadFilter(tree, reader.advanced)


def unsupported(message: str) -> GraphError:
    """400 for a query that is well written but not to be had."""
    return GraphError(400, "Request_UnsupportedQuery", f"Unsupported or invalid query filter clause. {message}")


def lookup(fields: Mapping[str, Node], path: Sequence[str]) -> Node | None:
    """What a path of names means, in any case; None when it means nothing."""
    node: Node = fields
    for name in path:
        if not isinstance(node, Mapping):
            return None
        found = node.get(name.casefold())
        if found is None:
            return None
        node = found
    return node


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    place: int


def _tokens(text: str) -> list[_Token]:
    tokens = []
    place = 0
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None:
            if not text[place:].strip():
                break
            raise _bad(text, place + len(text[place:]) - len(text[place:].lstrip()), "this cannot be read")
        kind = found.lastgroup or ""
        tokens.append(_Token(kind, found[kind], found.start(kind)))
        place = found.end()
    return tokens


def _bad(text: str, place: int, why: str) -> GraphError:
    shown = text if len(text) <= _SHOWN else f"…{text[max(0, place - 20) : place + _SHOWN - 20]}…"
    return GraphError(400, "BadRequest", f"Invalid filter clause: {why} at position {place} in '{shown}'.")


@dataclass
class _Reader:
    text: str
    schema: Schema
    tokens: list[_Token]
    place: int = 0
    terms: int = 0
    advanced: str = field(default="")

    def at_end(self) -> bool:
        return self.place >= len(self.tokens)

    def refuse(self, why: str) -> NoReturn:
        raise _bad(self.text, len(self.text) if self.at_end() else self.tokens[self.place].place, why)

    def either(self, fields: Mapping[str, Node], depth: int) -> Filter:
        found = [self.both(fields, depth)]
        while self._take_word("or"):
            found.append(self.both(fields, depth))
        return found[0] if len(found) == 1 else Or(tuple(found))

    def both(self, fields: Mapping[str, Node], depth: int) -> Filter:
        found = [self.one(fields, depth)]
        while self._take_word("and"):
            found.append(self.one(fields, depth))
        return found[0] if len(found) == 1 else And(tuple(found))

    def one(self, fields: Mapping[str, Node], depth: int) -> Filter:
        self.terms += 1
        if depth > _DEEPEST or self.terms > _MOST_TERMS:
            self.refuse(f"there are more than {_MOST_TERMS} conditions, or {_DEEPEST} inside one another,")
        if self._take_word("not"):
            self.advanced = self.advanced or "not"
            return Not(self.one(fields, depth + 1))
        if self._take_mark("("):
            inner = self.either(fields, depth + 1)
            self._expect_mark(")")
            return inner
        if self._next_is_function():
            return self._function(fields)
        return self._about_path(fields, depth)

    def _function(self, fields: Mapping[str, Node]) -> Filter:
        name = self._word("a function")
        operator = _FUNCTIONS.get(name.casefold())
        if operator is None or (operator is Operator.CONTAINS and not self.schema.contains):
            known = ["startsWith", "endsWith", *(["contains"] if self.schema.contains else [])]
            raise unsupported(f"'{name[:_SHOWN]}' is not a function here; there are {', '.join(known)}.")
        if operator is Operator.ENDS_WITH:
            self.advanced = self.advanced or "endsWith"
        self._expect_mark("(")
        asked = self._field(fields)
        self._expect_mark(",")
        condition = self._comparison(asked, operator)
        self._expect_mark(")")
        return self._said_true_or_false(condition)

    def _said_true_or_false(self, condition: Filter) -> Filter:
        # some scripts write startsWith(...) eq true
        if self._take_word("eq"):
            value = self._literal()
            if not isinstance(value, bool):
                self.refuse("a function is true or false")
            return condition if value else Not(condition)
        return condition

    def _about_path(self, fields: Mapping[str, Node], depth: int) -> Filter:
        path, start = self._path(), self.place
        if path[-1].casefold() in {"any", "all"} and self._take_mark("("):
            return self._lambda(fields, path, depth)
        asked = self._known(fields, path, start)
        word = self._word("an operator such as eq").casefold()
        if word == "in":
            return OneOf(asked, self._literals(asked))
        if word == "ne":
            self.advanced = self.advanced or "ne"
            return Not(self._comparison(asked, Operator.EQUAL))
        if word not in _COMPARISONS:
            self.place -= 1
            self.refuse(f"'{word[:_SHOWN]}' is not an operator; there are eq, ne, gt, ge, lt, le and in,")
        return self._comparison(asked, _COMPARISONS[word])

    def _lambda(self, fields: Mapping[str, Node], path: list[str], depth: int) -> Filter:
        node = lookup(fields, path[:-1])
        if not isinstance(node, Alone) and not (isinstance(node, Field) and node.many):
            raise unsupported(f"'{'/'.join(path[:-1])[:_SHOWN]}' is not a collection of {self.schema.name}.")
        every = path[-1].casefold() == "all"
        if self._take_mark(")"):
            if every or isinstance(node, Alone):
                self.refuse("a condition such as x:x eq 'value' is missing")
            return AnyOf(node)
        variable = self._word("a variable").casefold()
        self._expect_mark(":")
        inner: Node = node.fields if isinstance(node, Alone) else element(node)
        condition = self.either({variable: inner}, depth + 1)
        self._expect_mark(")")
        if isinstance(node, Alone):
            return condition
        return AllOf(node, condition) if every else AnyOf(node, condition)

    def _field(self, fields: Mapping[str, Node]) -> Field:
        path = self._path()
        return self._known(fields, path, self.place)

    def _known(self, fields: Mapping[str, Node], path: list[str], end: int) -> Field:
        node = lookup(fields, path)
        if isinstance(node, Field) and not node.many:
            return node
        written = "/".join(path)[:_SHOWN]
        if node is None:
            place = self.tokens[end - 1].place
            raise unsupported(f"Could not find a property named '{written}' on {self.schema.name} (position {place}).")
        raise unsupported(f"'{written}' cannot be compared itself: name a property of it, or use any().")

    def _comparison(self, asked: Field, operator: Operator) -> Filter:
        place = self.place
        value = self._literal()
        self._check(asked, operator, value, place)
        return Comparison(asked, operator, comparable(asked.kind, value))

    def _check(self, asked: Field, operator: Operator, value: Value, place: int) -> None:
        def refuse(why: str) -> NoReturn:
            self.place = place
            self.refuse(why)

        if value is None:
            if operator is not Operator.EQUAL:
                refuse("null goes with eq and ne only")
            return
        if operator in _FUNCTIONS.values() and asked.kind not in _WORDS:
            refuse("this function is for text")
        if asked.kind is Kind.BOOLEAN and operator is not Operator.EQUAL:
            refuse("true and false go with eq and ne only")
        wanted = {Kind.INSTANT: datetime, Kind.BOOLEAN: bool, Kind.NUMBER: int}.get(asked.kind, str)
        if type(value) is not wanted:
            refuse(f"{_WANTED.get(asked.kind, 'a text in quotes')} is wanted")

    def _literals(self, asked: Field) -> tuple[Value, ...]:
        self._expect_mark("(")
        values = []
        while True:
            place = self.place
            value = self._literal()
            self._check(asked, Operator.EQUAL, value, place)
            values.append(comparable(asked.kind, value))
            if len(values) > _MOST_VALUES:
                self.refuse(f"'in' takes at most {_MOST_VALUES} values")
            if not self._take_mark(","):
                break
        self._expect_mark(")")
        return tuple(values)

    def _literal(self) -> Value:
        if self.at_end():
            self.refuse("a value is missing")
        token = self.tokens[self.place]
        self.place += 1
        if token.kind == "text":
            return token.text.partition("'")[2][:-1].replace("''", "'")
        if token.kind == "guid":
            return token.text.lower()
        if token.kind == "number":
            return int(token.text)
        if token.kind == "instant":
            return self._instant(token.text)
        if token.kind == "word" and token.text.casefold() in _CONSTANTS:
            return _CONSTANTS[token.text.casefold()]
        self.place -= 1
        return self.refuse("a value such as 'text', true or 2026-11-23T09:00:00Z is wanted")

    def _instant(self, text: str) -> datetime:
        try:
            moment = datetime.fromisoformat(text.replace(" ", "+"))
            return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
        except (ValueError, OverflowError):
            self.place -= 1
            self.refuse("this moment does not exist")

    def _path(self) -> list[str]:
        path = [self._word("a property")]
        while self._take_mark("/"):
            path.append(self._word("a property"))
        return path

    def _next_is_function(self) -> bool:
        following = self.tokens[self.place : self.place + 2]
        return [token.kind for token in following] == ["word", "mark"] and following[1].text == "("

    def _word(self, wanted: str) -> str:
        if self.at_end() or self.tokens[self.place].kind != "word":
            self.refuse(f"{wanted} is wanted")
        self.place += 1
        return self.tokens[self.place - 1].text

    def _take_word(self, word: str) -> bool:
        if self.at_end() or self.tokens[self.place].kind != "word":
            return False
        if self.tokens[self.place].text.casefold() != word:
            return False
        self.place += 1
        return True

    def _take_mark(self, mark: str) -> bool:
        if self.at_end() or self.tokens[self.place].kind != "mark" or self.tokens[self.place].text != mark:
            return False
        self.place += 1
        return True

    def _expect_mark(self, mark: str) -> None:
        if not self._take_mark(mark):
            self.refuse(f"'{mark}' is wanted")
