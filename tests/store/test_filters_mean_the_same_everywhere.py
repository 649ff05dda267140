"""A filter means the same as text, as SQL on either database, and in memory."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

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
    holds,
)
from badgepin.domain.query import Query, Sort
from badgepin.domain.user import User, UserType
from badgepin.graph.filter import read_filter
from badgepin.graph.user import SCHEMA
from badgepin.store import filter as sql
from badgepin.store import user as store
from badgepin.store.migrate import upgrade
from badgepin.store.tables import tenants
from badgepin.store.transaction import Database, Transaction, open_database
from tests.postgres import Server

TENANT = "t1"
START = datetime(2026, 1, 1, tzinfo=UTC)
# what tells careless comparisons apart: case, accents in both forms, wildcards, quotes, word breaks, other scripts
WORDS = (
    "",
    "a",
    "A",
    "Ab",
    "ab c",
    "a%",
    "a_",
    "o'b",
    "É",
    "e\u0301",
    "straße",
    "STRASSE",
    "İ",
    "陈",
    "دينا",
    "\\",
    "-a",
)
NAMES = {name: field for name, field in SCHEMA.fields.items() if isinstance(field, Field)}
TEXTS = [name for name, field in NAMES.items() if field.kind in {Kind.NAME, Kind.TEXT} and not field.many]
words = st.sampled_from(WORDS)


def _people() -> list[User]:
    made = []
    for number in range(40):

        def word(step: int, number: int = number) -> str:
            return WORDS[(number * 7 + step * 3) % len(WORDS)]

        def some(step: int, number: int = number) -> str | None:
            return None if (number + step) % 3 == 0 else word(step, number)

        made.append(
            User(
                f"00000000-0000-4000-8000-{number:012d}",
                f"{number}@{word(0)}x",
                word(1) or "x",
                START + timedelta(hours=number % 5),
                account_enabled=number % 2 == 0,
                user_type=UserType.GUEST if number % 5 == 0 else UserType.MEMBER,
                given_name=some(2),
                surname=some(3),
                mail=some(4),
                department=some(5),
                business_phones=tuple(word(step) for step in range(number % 4)),
            )
        )
    return made


PEOPLE = _people()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, runner: asyncio.Runner
) -> Iterator[Database]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('filters') / 'people.db'}"
    else:
        postgresql: Server = request.getfixturevalue("postgresql")
        url = postgresql.new_database()
    upgrade(url)
    opened = open_database(url)

    def fill(tx: Transaction) -> None:
        tx.execute(tenants.insert().values(tenant_id=TENANT, display_name="T", default_domain="x", created_at=START))
        for person in PEOPLE:
            store.insert(tx, TENANT, person)

    runner.run(opened.write(fill))
    yield opened
    runner.run(opened.close())


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as running:
        yield running


def _quoted(word: str) -> str:
    return "'" + word.replace("'", "''") + "'"


Written = tuple[str, Filter]
SYMBOLS = {
    "eq": Operator.EQUAL,
    "gt": Operator.GREATER,
    "ge": Operator.GREATER_OR_EQUAL,
    "lt": Operator.LESS,
    "le": Operator.LESS_OR_EQUAL,
}
FUNCTIONS = {"startswith": Operator.STARTS_WITH, "endswith": Operator.ENDS_WITH}


@st.composite
def comparisons(draw: st.DrawFn) -> Written:
    name = draw(st.sampled_from(TEXTS))
    field, word = NAMES[name], draw(words)
    value = comparable(field.kind, word)
    shape = draw(st.sampled_from(["symbol", "function", "in", "null", "ne"]))
    if shape == "function":
        function = draw(st.sampled_from(sorted(FUNCTIONS)))
        return f"{function}({name},{_quoted(word)})", Comparison(field, FUNCTIONS[function], value)
    if shape == "in":
        other = draw(words)
        return f"{name} in ({_quoted(word)},null,{_quoted(other)})", OneOf(
            field, (value, None, comparable(field.kind, other))
        )
    if shape == "null":
        return f"{name} eq null", Comparison(field, Operator.EQUAL, None)
    if shape == "ne":
        return f"{name} ne {_quoted(word)}", Not(Comparison(field, Operator.EQUAL, value))
    symbol = draw(st.sampled_from(sorted(SYMBOLS)))
    return f"{name} {symbol} {_quoted(word)}", Comparison(field, SYMBOLS[symbol], value)


@st.composite
def others(draw: st.DrawFn) -> Written:
    kind = draw(st.sampled_from(["boolean", "instant", "any", "all", "filled"]))
    symbol, word = draw(st.sampled_from(sorted(SYMBOLS))), draw(words)
    phones = NAMES["businessphones"]
    if kind == "boolean":
        return "accountEnabled eq true", Comparison(NAMES["accountenabled"], Operator.EQUAL, value=True)
    if kind == "instant":
        moment = START + timedelta(hours=draw(st.integers(-1, 5)))
        text = moment.isoformat().replace("+00:00", "Z")
        return f"createdDateTime {symbol} {text}", Comparison(NAMES["createddatetime"], SYMBOLS[symbol], moment)
    if kind == "filled":
        return "businessPhones/any()", AnyOf(phones)
    inner = Comparison(element(phones), SYMBOLS[symbol], comparable(phones.kind, word))
    made = AnyOf(phones, inner) if kind == "any" else AllOf(phones, inner)
    return f"businessPhones/{kind}(p:p {symbol} {_quoted(word)})", made


def _joined(parts: Sequence[Written], word: str, make: Callable[[tuple[Filter, ...]], Filter]) -> Written:
    return f" {word} ".join(f"({text})" for text, _ in parts), make(tuple(tree for _, tree in parts))


written = st.recursive(
    comparisons() | others(),
    lambda inner: (
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: _joined(parts, "and", And))
        | st.lists(inner, min_size=2, max_size=3).map(lambda parts: _joined(parts, "or", Or))
        | inner.map(lambda part: (f"not ({part[0]})", Not(part[1])))
    ),
    max_leaves=6,
)


def _value(person: User, field: Field) -> Value | Sequence[Value]:
    found = getattr(person, field.name)
    return found.value if isinstance(found, UserType) else found


def _in_memory(tree: Filter) -> list[str]:
    return [person.id for person in PEOPLE if holds(tree, lambda field, person=person: _value(person, field))]  # type: ignore[misc]


@given(written)
@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
def test_text_sql_and_memory_agree(database: Database, runner: asyncio.Runner, one: Written) -> None:
    text, tree = one
    read = read_filter(text, SCHEMA).tree
    found = runner.run(database.read(lambda tx: store.list_page(tx, TENANT, Query(filter=read))))
    counted = runner.run(database.read(lambda tx: store.count(tx, TENANT, Query(filter=tree))))
    expected = _in_memory(tree)
    assert sorted(person.id for person in found.items) == expected, text
    assert counted == len(expected)


def test_the_comparison_with_memory_would_see_a_null_that_is_forgotten(
    database: Database, runner: asyncio.Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = Not(Comparison(NAMES["department"], Operator.EQUAL, "ab"))

    def careless(column, field, operator, value, dialect):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202, ARG001
        return sql._left(column, field.kind) == value

    monkeypatch.setattr(sql, "_compared", careless)
    found = runner.run(database.read(lambda tx: store.list_page(tx, TENANT, Query(filter=tree))))
    assert sorted(person.id for person in found.items) != _in_memory(tree)


@given(
    st.lists(st.sampled_from(sorted(SCHEMA.sortable)), min_size=1, max_size=3, unique=True),
    st.lists(st.booleans(), min_size=3, max_size=3),
    st.integers(1, 9),
)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_order_is_walked_once_and_whole(
    database: Database, runner: asyncio.Runner, names: list[str], downwards: list[bool], limit: int
) -> None:
    sort = tuple(Sort(NAMES[name], down) for name, down in zip(names, downwards, strict=False))

    def walk(tx: Transaction) -> list[str]:
        walked: list[str] = []
        after: tuple[str | int, ...] | None = None
        while True:
            page = store.list_page(tx, TENANT, Query(limit, sort=sort, after=after))
            walked += [person.id for person in page.items]
            after = page.after
            if after is None:
                return walked

    walked = runner.run(database.read(walk))
    whole = runner.run(database.read(lambda tx: store.list_page(tx, TENANT, Query(999, sort=sort))))
    assert walked == [person.id for person in whole.items]
    assert sorted(walked) == [person.id for person in PEOPLE]
