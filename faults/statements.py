"""The statements that the program really writes with: captured while people are given badges, sign in and lose them."""

import asyncio
import base64
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from tests.graph.world import START, TENANT, World, build
from tests.portal.screen import CHOSEN, Screen

from badgepin.crypto.key_ring import KeyRing, create_key_ring
from badgepin.domain.method_policy import MethodPolicy, PolicyState
from badgepin.store import method_policy, migrate
from badgepin.store.transaction import SQLiteDatabase

_PEOPLE = ("worker", "colleague", "other_store_worker")
_READS = ("SELECT", "PRAGMA", "BEGIN")

Statement = tuple[str, Any]


@dataclass
class Captured:
    """A database as it was, its keys, and the transactions that came after: each a list of statements."""

    before: bytes
    ring: KeyRing = field(repr=False)
    transactions: list[list[Statement]] = field(default_factory=list)


def capture(folder: Path, rounds: int) -> Captured:
    """Let the real application work on a real file, and note what it commits."""
    path = folder / "captured.db"
    url = f"sqlite:///{path}"
    migrate.upgrade(url)
    ring = create_key_ring(datetime.now(UTC))
    with asyncio.Runner() as runner:
        world = build(url, ring, runner)
        policy = MethodPolicy(state=PolicyState.ENABLED)
        world.transact(lambda tx: method_policy.save(tx, TENANT, policy, START))
        captured = Captured(_content(path), ring)
        database = world.installation.database
        assert isinstance(database, SQLiteDatabase)
        _listen(database.engine, captured.transactions)
        for number in range(rounds):
            _work(world, _PEOPLE[number % len(_PEOPLE)], is_first=number < len(_PEOPLE))
        world.close()
    return captured


def _work(world: World, person: str, *, is_first: bool) -> None:
    """A day: a badge, a sign-in, a wrong PIN, a code for the day and its end."""
    if is_first:
        _sign_in(world, world.create_method(person)["standardQRCode"], "13572468")
    code = world.create_temporary(person)
    for pin in ("00000001", CHOSEN):
        _sign_in(world, code, pin)
    gone = world.request("DELETE", world.method_path(person, "/temporaryQRCode"), token=world.admin)
    assert gone.status_code == 204, gone.text


def _sign_in(world: World, code: dict[str, Any], pin: str) -> None:
    Screen(world).sign_in(base64.b64decode(code["image"]["rawContent"]).decode(), pin)


def _listen(engine: sa.Engine, transactions: list[list[Statement]]) -> None:
    under_way: list[Statement] = []

    @sa.event.listens_for(engine, "before_cursor_execute")
    def _note(_connection: sa.Connection, _cursor: object, sql: str, parameters: Any, *rest: Any) -> None:
        if not sql.lstrip().upper().startswith(_READS):
            # the last of the rest: whether there are many rows
            many = parameters if rest[-1] else [parameters]
            under_way.extend((sql, tuple(row)) for row in many)

    @sa.event.listens_for(engine, "commit")
    def _keep(_connection: sa.Connection) -> None:
        if under_way:
            transactions.append(under_way[:])
            under_way.clear()

    @sa.event.listens_for(engine, "rollback")
    def _drop(_connection: sa.Connection) -> None:
        under_way.clear()


def _content(path: Path) -> bytes:
    """The file with its log folded in."""
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return path.read_bytes()


def state(query: Callable[[str], Any]) -> str:
    """Every row of every table, as one text: two files that answer the same are the same to the program."""
    names = [row[0] for row in query("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")]
    return repr([(name, sorted(map(repr, query(f'SELECT * FROM "{name}"')))) for name in names])
