"""The same statements without a server: captured from the store, replayed in a loop on the same driver."""

import asyncio
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import asyncpg
import sqlalchemy as sa

from badgepin.domain.caller import Call, Caller
from badgepin.domain.qr_code import CodeKind
from badgepin.services import qr_code_pin
from badgepin.store.transaction import PostgreSQLDatabase, SQLiteDatabase, Transaction
from benchmarks.installation import CLIENT, Bench, user_id

Statement = tuple[str, tuple[Any, ...]]


@dataclass(frozen=True)
class Sample:
    """The statements of one operation on one person, with the ids to exchange for others."""

    statements: tuple[Statement, ...]
    user: str
    code: str | None

    def for_user(self, user: str, code: str | None) -> tuple[Statement, ...]:
        """The same statements for somebody else; new rows get new ids."""
        swap = {self.user: user, self.code: code}
        return tuple((text, tuple(_exchange(value, swap) for value in values)) for text, values in self.statements)


def _exchange(value: Any, swap: dict[str | None, str | None]) -> Any:
    return swap[value] if isinstance(value, str) and value in swap else value


async def capture(bench: Bench, number: int, *, delete: bool) -> Sample:
    """Run the operation once through the real service and note what reaches the driver."""
    database = bench.database
    assert isinstance(database, PostgreSQLDatabase | SQLiteDatabase)
    engine = database.engine.sync_engine if isinstance(database, PostgreSQLDatabase) else database.engine
    seen: list[Statement] = []

    def note(*arguments: Any) -> None:
        if not str(arguments[2]).startswith("BEGIN"):
            seen.append((str(arguments[2]), tuple(arguments[3])))

    user = user_id(number)
    caller = Caller(bench.tenant, CLIENT, None, frozenset(), 1)
    call = Call(caller, datetime.now(UTC), str(uuid4()))
    code: list[str] = []

    def work(tx: Transaction) -> None:
        if delete:
            qr_code_pin.delete_qr_code(tx, call, user, CodeKind.TEMPORARY)
        else:
            qr_code_pin.read_method(tx, call, user)

    found = await database.read(lambda tx: qr_code_pin.read_method(tx, call, user))
    code += [each.id for each in found.method.qr_codes if each.kind is CodeKind.TEMPORARY]
    sa.event.listen(engine, "before_cursor_execute", note)
    await (database.write_once(work) if delete else database.read(work))
    sa.event.remove(engine, "before_cursor_execute", note)
    return Sample(tuple(seen), user, code[0] if code else None)


async def replay(bench: Bench, operations: list[tuple[Statement, ...]], *, connections: int) -> float:
    """Operations a second in the bare loop."""
    if bench.url.startswith("sqlite"):
        return await asyncio.to_thread(_replay_sqlite, bench.url.removeprefix("sqlite:///"), operations)
    return await _replay_postgresql(bench.url, operations, connections)


async def _replay_postgresql(url: str, operations: list[tuple[Statement, ...]], connections: int) -> float:
    pool = await asyncpg.create_pool(url, min_size=connections, max_size=connections)
    waiting: Iterator[tuple[Statement, ...]] = iter(operations)

    async def loop() -> None:
        async with pool.acquire() as connection:
            for statements in waiting:
                for text, values in statements:
                    prepared = prepared_by[connection].get(text)
                    if prepared is None:
                        prepared = prepared_by[connection][text] = await connection.prepare(text)
                    await prepared.fetch(*_placed(text, values))

    prepared_by: dict[Any, dict[str, Any]] = _PerConnection()
    began = time.perf_counter()
    await asyncio.gather(*(loop() for _ in range(connections)))
    elapsed = time.perf_counter() - began
    await pool.close()
    return len(operations) / elapsed


class _PerConnection(dict[Any, dict[str, Any]]):
    def __missing__(self, key: Any) -> dict[str, Any]:
        self[key] = {}
        return self[key]


def _placed(text: str, values: tuple[Any, ...]) -> tuple[Any, ...]:
    if "INSERT INTO audit_events" not in text:
        return values
    # the event's id is the only GUID that no other row holds
    place = _event_place(text, values)
    return (*values[:place], str(uuid4()), *values[place + 1 :])


def _chained(values: tuple[Any, ...], head: list[Any]) -> tuple[Any, ...]:
    """The next place in the chain, after the one that the statement before has found; its digests are never read."""
    tenant, _seq, _event, *digests = values
    return (tenant, head[0][0] + 1, str(uuid4()), *digests)


def _event_place(text: str, values: tuple[Any, ...]) -> int:
    known = {value for value in values if isinstance(value, str) and value.startswith("00000000")}
    candidates = [
        index
        for index, value in enumerate(values)
        if isinstance(value, str) and len(value) == 36 and value.count("-") == 4 and value not in known
    ]
    # tenant, then id, then the correlation id: the columns of an event in their order
    del text
    distinct = [index for index in candidates if values[index] != values[candidates[0]]] or candidates
    return distinct[0]


def _replay_sqlite(path: str, operations: list[tuple[Statement, ...]]) -> float:
    connection = sqlite3.connect(path, isolation_level=None, timeout=5)
    for pragma in ("foreign_keys=ON", "synchronous=FULL", "secure_delete=ON", "journal_mode"):
        found = connection.execute(f"PRAGMA {pragma}").fetchone()
    if found[0] != "wal":
        connection.execute("PRAGMA journal_mode=TRUNCATE")
    began = time.perf_counter()
    for statements in operations:
        writes = any(not text.startswith("SELECT") for text, _ in statements)
        connection.execute("BEGIN IMMEDIATE" if writes else "BEGIN")
        found = []
        for text, values in statements:
            placed = _chained(values, found) if "INSERT INTO audit_chain" in text else _placed(text, values)
            found = connection.execute(text, placed).fetchall()
        connection.execute("COMMIT")
    elapsed = time.perf_counter() - began
    connection.close()
    return len(operations) / elapsed
