"""A commit that was not heard of by a standby is an unknown outcome, never an acknowledged one."""

import asyncio
import subprocess
import time
from collections.abc import Awaitable, Callable, Iterator

import pytest
import sqlalchemy as sa

from badgepin.crypto.key_ring import KeyRing
from badgepin.store import migrate
from badgepin.store.transaction import OutcomeUnknown, PostgreSQLDatabase, StoreUnavailable, Transaction
from tests.graph.conftest import ring, runner
from tests.graph.world import build
from tests.postgres import Server, server

__all__ = ["ring", "runner"]

Write = Callable[[Callable[[Transaction], int]], Awaitable[int]]
INSERT = sa.text("INSERT INTO kept VALUES (1)")


@pytest.fixture(scope="module")
def durable() -> Iterator[Server]:
    with server(durable=True) as running:
        yield running


@pytest.fixture
def primary(durable: Server) -> Iterator[Server]:
    """It waits for a standby that is not there."""
    yield durable
    _wait_for(durable, "")


def _wait_for(server: Server, standby: str) -> None:
    server.sql(f"ALTER SYSTEM SET synchronous_standby_names = '{standby}'")
    server.sql("SELECT pg_reload_conf()")
    # a reload reaches the backends of the next statements a moment later
    time.sleep(0.2)


def _insert(tx: Transaction) -> int:
    return tx.execute(INSERT).rowcount


def _count(tx: Transaction) -> int:
    return int(tx.execute(sa.text("SELECT count(*) FROM kept")).scalar_one())


async def _opened(primary: Server) -> PostgreSQLDatabase:
    database = PostgreSQLDatabase(primary.new_database(), pool_size=2)
    await database.write(lambda tx: tx.execute(sa.text("CREATE TABLE kept (i int)")) and None)
    await asyncio.to_thread(_wait_for, primary, "absent")
    return database


async def _cancel_waits(primary: Server) -> None:
    """As an operator does who sees commits hang: until one was cancelled."""
    for _ in range(100):
        await asyncio.sleep(0.05)
        found = (
            "DO $$ BEGIN PERFORM pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep';"
            " IF NOT FOUND THEN RAISE 'nobody waits'; END IF; END $$"
        )
        try:
            await asyncio.to_thread(primary.sql, found)
        except subprocess.CalledProcessError:
            continue
        return


@pytest.mark.parametrize("way", ["write", "write_once"])
def test_a_cancelled_wait_for_a_standby_is_not_acknowledged(primary: Server, way: str) -> None:
    async def scene() -> None:
        database = await _opened(primary)
        write: Write = getattr(database, way)
        cancelling = asyncio.create_task(_cancel_waits(primary))
        with pytest.raises(OutcomeUnknown):
            await write(_insert)
        await cancelling
        # it is there, and may be gone after a failover
        assert await database.read(_count) == 1
        await database.close()

    asyncio.run(scene())


def test_who_does_not_listen_to_warnings_takes_a_cancelled_wait_for_a_success(primary: Server) -> None:
    async def scene() -> None:
        database = await _opened(primary)
        cancelling = asyncio.create_task(_cancel_waits(primary))
        async with database.engine.begin() as connection:
            await connection.run_sync(_insert)
        await cancelling
        await database.close()

    asyncio.run(scene())


@pytest.mark.parametrize("way", ["write", "write_once"])
def test_a_node_gives_up_on_a_standby_and_nobody_sees_what_was_not_replicated(primary: Server, way: str) -> None:
    async def scene() -> None:
        database = await _opened(primary)
        database.commit_patience = 0.3
        write: Write = getattr(database, way)
        with pytest.raises(StoreUnavailable):
            await write(_insert)
        assert await database.read(_count) == 0
        await asyncio.to_thread(_wait_for, primary, "")
        assert await database.write(_insert) == 1
        # the commit that nobody waited for is published with the standby's return
        assert await database.read(_count) == 2
        await database.close()

    asyncio.run(scene())


def test_a_revocation_that_no_standby_has_is_answered_503(
    primary: Server, ring: KeyRing, runner: asyncio.Runner
) -> None:
    url = primary.new_database()
    migrate.upgrade(url)
    world = build(url, ring, runner)
    world.create_method()
    world.create_temporary()
    _wait_for(primary, "absent")

    async def scene() -> int:
        cancelling = asyncio.create_task(_cancel_waits(primary))
        answer = await world.send("DELETE", world.method_path("worker", "/temporaryQRCode"), token=world.admin)
        await cancelling
        assert answer.headers["retry-after"]
        return answer.status_code

    assert world.run(scene()) == 503
    _wait_for(primary, "")
    world.close()
