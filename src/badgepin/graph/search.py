"""`$search` as Graph writes it: `"property:text"` clauses with AND and OR between them; OR binds weaker."""

import re

from badgepin.domain.filter import And, Comparison, Field, Filter, Kind, Operator, Or, comparable
from badgepin.graph.errors import GraphError
from badgepin.graph.filter import Schema, lookup

_LONGEST = 2048
_MOST_CLAUSES = 20
_TOKEN = re.compile(r'\s*(?:(?P<clause>"(?:[^"\\]|\\.)*")|(?P<word>AND|OR)\b|(?P<mark>[()]))')


def read_search(text: str, schema: Schema) -> Filter:
    """Read a `$search`. Raises `GraphError` 400 that says what to write."""
    return _Search(text, schema).read()


class _Search:
    def __init__(self, text: str, schema: Schema) -> None:
        self._schema = schema
        self._tokens: list[str] = []
        self._place = 0
        place = 0
        while text[place:].strip():
            match = _TOKEN.match(text, place)
            if match is None or len(text) > _LONGEST or len(self._tokens) > 3 * _MOST_CLAUSES:
                raise self._bad(f"it cannot be read at position {place}")
            self._tokens.append(match[match.lastgroup or 0])
            place = match.end()

    def read(self) -> Filter:
        tree = self._either(0)
        if self._place < len(self._tokens):
            raise self._bad("AND or OR is wanted between two clauses")
        return tree

    def _either(self, depth: int) -> Filter:
        found = [self._both(depth)]
        while self._take("OR"):
            found.append(self._both(depth))
        return found[0] if len(found) == 1 else Or(tuple(found))

    def _both(self, depth: int) -> Filter:
        found = [self._one(depth)]
        while self._take("AND"):
            found.append(self._one(depth))
        return found[0] if len(found) == 1 else And(tuple(found))

    def _one(self, depth: int) -> Filter:
        if depth <= _MOST_CLAUSES and self._take("("):
            inner = self._either(depth + 1)
            if not self._take(")"):
                raise self._bad("')' is missing")
            return inner
        if self._place >= len(self._tokens) or not self._tokens[self._place].startswith('"'):
            raise self._bad("a clause is missing")
        clause = re.sub(r"\\(.)", r"\1", self._tokens[self._place][1:-1])
        self._place += 1
        return self._clause(clause)

    def _clause(self, clause: str) -> Filter:
        name, colon, text = clause.partition(":")
        name = name.strip().casefold()
        known = {each.casefold() for each in self._schema.searchable}
        field = lookup(self._schema.fields, [name]) if name in known else None
        if not colon or not isinstance(field, Field):
            raise self._bad(f"it can look in {', '.join(self._schema.searchable)}")
        # words of a name are found wherever they stand, other things from their beginning
        operator = Operator.HAS_WORD if field.kind is Kind.NAME or name == "description" else Operator.STARTS_WITH
        return Comparison(field, operator, comparable(field.kind, text.strip()))

    def _take(self, token: str) -> bool:
        if self._place < len(self._tokens) and self._tokens[self._place] == token:
            self._place += 1
            return True
        return False

    def _bad(self, why: str) -> GraphError:
        example = f'"{self._schema.searchable[0]}:text"'
        return GraphError(400, "BadRequest", f"Invalid $search clause: {why}. Write $search={example}.")
