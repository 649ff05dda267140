"""`database_url` may name several servers: a node finds the one that takes writes."""

import asyncio
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from badgepin.store.servers import servers_of
from badgepin.store.transaction import Database, StoreUnavailable, open_database
from tests.postgres import Server


@contextmanager
def _silent() -> Iterator[int]:
    """The port of a host that takes connections and says nothing, as one does whose processes are frozen."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


def _dead() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


async def _port(database: Database) -> int:
    return await database.read(lambda tx: int(tx.execute(sa.text("SELECT inet_server_port()")).scalar_one()))


@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+asyncpg"])
def test_an_address_of_several_servers_is_read_as_libpq_reads_it(scheme: str) -> None:
    found = servers_of(f"{scheme}://me:a%2Cb@db1:5433,[::1]:5434,db3/badgepin?ssl=require")
    assert [(each.host, each.port) for each in found] == [("db1", 5433), ("::1", 5434), ("db3", None)]
    assert {(each.username, each.password, each.database, each.query["ssl"]) for each in found} == {
        ("me", "a,b", "badgepin", "require")
    }


def test_a_node_finds_the_server_behind_a_dead_and_a_silent_one(postgresql: Server) -> None:
    url = postgresql.new_database()

    async def scene(silent: int) -> None:
        hosts = f"@127.0.0.1:{_dead()},127.0.0.1:{silent},"
        database = open_database(url.replace("@", hosts), pool_size=2)
        assert await _port(database) == postgresql.port
        began = time.monotonic()
        # a second connection asks the server found first
        await asyncio.gather(_port(database), _port(database))
        assert time.monotonic() - began < 2
        await database.close()

    with _silent() as silent:
        asyncio.run(scene(silent))


def test_a_server_that_only_reads_is_not_taken(postgresql: Server) -> None:
    url = postgresql.new_database()
    name = url.rpartition("/")[2]
    postgresql.sql(f"ALTER DATABASE {name} SET default_transaction_read_only = on")

    async def scene() -> None:
        database = open_database(url, pool_size=1)
        with pytest.raises(StoreUnavailable) as refused:
            await _port(database)
        assert "does not take writes" in str(refused.value.__cause__)
        await database.close()

    asyncio.run(scene())
