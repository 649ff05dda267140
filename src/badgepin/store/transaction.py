"""One way to run synchronous services on a connection, on both databases (docs/decisions/0005).

PostgreSQL: `AsyncConnection.run_sync` over asyncpg, no threads. SQLite: one writer thread that begins IMMEDIATE, and a
small pool of readers. A service never sees the difference.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol, TypeAlias, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from badgepin.store.sqlite import SQLiteMode, open_engine, settle_journal

Transaction: TypeAlias = sa.Connection
T = TypeVar("T")

_ATTEMPTS = 3
_RETRY_STATES = {"40001", "40P01"}
# what a statement meets when its server goes away or its connection is cut; 53300, 57xxx: full, stopping, starting
# 28, 3D, 42: it answers, but not to us, or without our tables; 25: it only reads, as a standby does
_GONE_STATES = ("08", "25", "28", "3D", "42", "53", "57", "58")
_READERS = 2


class StoreUnavailable(Exception):
    """The database cannot answer now; nothing is known to be saved. Doors answer 503 with `Retry-After`."""


class Database(Protocol):
    """Runs a service and settles its transaction; `work` is a plain function on a `Transaction`."""

    dialect: str

    async def read(self, work: Callable[[Transaction], T]) -> T:
        """Run work that only reads. Its statements may see different moments."""
        ...

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """Run work in one transaction, committed before this returns, rolled back when work raises."""
        ...

    async def write_once(self, work: Callable[[Transaction], T]) -> T:
        """Run work that reads, decides, then writes exactly one statement, which commits by itself on PostgreSQL.

        It saves the round trips of BEGIN and COMMIT. The writing statement carries its own condition,
        because what was read before it may have changed.
        """
        ...

    async def close(self) -> None:
        """Give back every connection."""
        ...


def open_database(url: str, *, pool_size: int = 16, sqlite_journal: str = "auto") -> Database:
    """Open `sqlite:///path` or `postgresql://...`; a SQLite file gets its journal mode settled first."""
    parsed = sa.make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return SQLiteDatabase(parsed, journal=sqlite_journal)
    return PostgreSQLDatabase(parsed.set(drivername="postgresql+asyncpg"), pool_size=pool_size)


@dataclass(slots=True)
class _Failure:
    gone: bool
    retry: bool


def _judge(error: DBAPIError) -> _Failure:
    state = str(getattr(error.orig, "sqlstate", None) or getattr(error.orig, "pgcode", None) or "")
    gone = error.connection_invalidated or isinstance(error, InterfaceError) or state.startswith(_GONE_STATES)
    return _Failure(gone=gone, retry=state in _RETRY_STATES)


class PostgreSQLDatabase:
    """A pool of asyncpg connections as large as the expected concurrency, without overflow."""

    dialect = "postgresql"

    def __init__(self, url: sa.URL, *, pool_size: int) -> None:
        self.engine: AsyncEngine = create_async_engine(
            url,
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=5,
            pool_use_lifo=True,
            connect_args={
                "timeout": 5,
                "command_timeout": 10,
                # every statement finds its rows by key, whatever the values: planning anew would cost more than running
                "server_settings": {"application_name": "badgepin", "plan_cache_mode": "force_generic_plan"},
            },
        )
        self._autocommit = self.engine.execution_options(isolation_level="AUTOCOMMIT")

    async def read(self, work: Callable[[Transaction], T]) -> T:
        """Run work that only reads."""
        return await self._run(work, self._autocommit, begin=False)

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """Run work in one transaction."""
        return await self._run(work, self.engine, begin=True)

    async def write_once(self, work: Callable[[Transaction], T]) -> T:
        """Run work that writes one statement."""
        return await self._run(work, self._autocommit, begin=False)

    async def close(self) -> None:
        """Give back every connection."""
        await self.engine.dispose()

    async def _run(self, work: Callable[[Transaction], T], engine: AsyncEngine, *, begin: bool) -> T:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                if begin:
                    async with engine.begin() as connection:
                        return await connection.run_sync(work)
                async with engine.connect() as connection:
                    return await connection.run_sync(work)
            except DBAPIError as error:
                failure = _judge(error)
                if failure.retry and attempt < _ATTEMPTS:
                    continue
                if failure.gone or failure.retry:
                    raise StoreUnavailable from error
                raise
            except (PoolTimeout, OSError, TimeoutError) as error:
                raise StoreUnavailable from error
        raise AssertionError


class SQLiteDatabase:
    """One file: a single writer thread, and readers that never wait for Python's lock on it."""

    dialect = "sqlite"

    def __init__(self, url: sa.URL, *, journal: str) -> None:
        self.mode: SQLiteMode = settle_journal(url, journal)
        self.engine = open_engine(url, self.mode)
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="sqlite-writer")
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="sqlite-reader")

    async def read(self, work: Callable[[Transaction], T]) -> T:
        """Run work that only reads."""
        return await self._submit(self._readers, work, write=False)

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """Run work in one transaction."""
        return await self._submit(self._writer, work, write=True)

    async def write_once(self, work: Callable[[Transaction], T]) -> T:
        """Run work that writes one statement."""
        return await self._submit(self._writer, work, write=True)

    async def close(self) -> None:
        """Give back every connection."""
        self._writer.shutdown()
        self._readers.shutdown()
        self.engine.dispose()

    async def _submit(self, pool: ThreadPoolExecutor, work: Callable[[Transaction], T], *, write: bool) -> T:
        loop = asyncio.get_running_loop()
        # shielded: a client that hangs up must not leave a half-settled transaction behind
        return await asyncio.shield(loop.run_in_executor(pool, self._settle, work, write))

    def _settle(self, work: Callable[[Transaction], T], write: bool) -> T:  # noqa: FBT001 - run_in_executor passes by position
        try:
            with self.engine.connect().execution_options(badgepin_write=write) as connection, connection.begin():
                return work(connection)
        except OperationalError as error:
            raise StoreUnavailable from error
