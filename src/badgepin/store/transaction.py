"""One way to run synchronous services on a connection, on both databases (docs/decisions/0005).

PostgreSQL: `AsyncConnection.run_sync` over asyncpg, no threads. SQLite: one writer thread that begins IMMEDIATE, and a
small pool of readers. A service never sees the difference.
"""

import asyncio
import logging
import sqlite3
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from badgepin.domain.revocation import Journal
from badgepin.store.servers import postgresql
from badgepin.store.sqlite import SQLiteMode, open_engine, settle_journal

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from badgepin.store.postgresql import Watch

log = logging.getLogger(__name__)

Transaction: TypeAlias = sa.Connection
T = TypeVar("T")

REVOCATIONS = "badgepin_revocations"
"""The execution option under which a transaction finds the revocation journal."""

_ATTEMPTS = 3
_RETRY_STATES = {"40001", "40P01"}
# what a statement meets when its server goes away or its connection is cut; 53300, 57xxx: full, stopping, starting
# 28, 3D, 42: it answers, but not to us, or without our tables; 25: it only reads, as a standby does
_GONE_STATES = ("08", "25", "28", "3D", "42", "53", "57", "58")
_READERS = 2
# as long as a statement may take on PostgreSQL; the clock is looked at after so many steps of SQLite's machine
_PATIENCE = 10.0
_STEPS = 100_000


class StoreUnavailable(Exception):
    """The database cannot answer now; nothing is known to be saved. Doors answer 503 with `Retry-After`."""


class OutcomeUnknown(StoreUnavailable):
    """The primary has committed, and no standby is known to have it: a failover may take it back."""


@dataclass
class Load:
    """How busy a database is: connections, work that has one or waits for one, and what went wrong since the start."""

    connections: int
    work: int = 0
    unavailable: int = 0
    repeated: int = 0


class Database(Protocol):
    """Runs a service and settles its transaction; `work` is a plain function on a `Transaction`."""

    dialect: str
    load: "Load"

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


def open_database(
    url: str, *, pool_size: int = 16, sqlite_journal: str = "auto", revocations: Journal | None = None
) -> Database:
    """Open `sqlite:///path` or `postgresql://...`; a SQLite file gets its journal mode settled first.

    `revocations`: where every revocation is written down before it happens; a database that serves has one.
    """
    if url.startswith("sqlite"):
        return SQLiteDatabase(sa.make_url(url), journal=sqlite_journal, revocations=revocations)
    return PostgreSQLDatabase(url, pool_size=pool_size, revocations=revocations)


@dataclass(slots=True)
class _Failure:
    gone: bool
    retry: bool


def state_of(error: DBAPIError) -> str:
    """The SQLSTATE of an error, empty where the database has none."""
    return str(getattr(error.orig, "sqlstate", None) or getattr(error.orig, "pgcode", None) or "")


def is_worth_repeating(error: DBAPIError) -> bool:
    """Whether the same transaction may succeed when it is run again at once."""
    return state_of(error) in _RETRY_STATES


def _judge(error: DBAPIError) -> _Failure:
    gone = error.connection_invalidated or isinstance(error, InterfaceError) or state_of(error).startswith(_GONE_STATES)
    return _Failure(gone=gone, retry=is_worth_repeating(error))


class PostgreSQLDatabase:
    """A pool of asyncpg connections as large as the expected concurrency, without overflow."""

    dialect = "postgresql"

    def __init__(self, url: str, *, pool_size: int, revocations: Journal | None = None) -> None:
        self.load = Load(pool_size)
        self.engine: AsyncEngine = postgresql().open_engine(
            url,
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=5,
            pool_use_lifo=True,
            execution_options={REVOCATIONS: revocations},
            connect_args={
                "command_timeout": 10,
                # every statement finds its rows by key, whatever the values: planning anew would cost more than running
                "server_settings": {"application_name": "badgepin", "plan_cache_mode": "force_generic_plan"},
            },
        )
        self._autocommit: AsyncEngine = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        # below the driver's 10 seconds, after which it would have the server cancel
        self.commit_patience = 8.0

    async def read(self, work: Callable[[Transaction], T]) -> T:
        """Run work that only reads."""

        async def run() -> T:
            async with self._autocommit.connect() as connection:
                return await connection.run_sync(work)

        return await self._repeat(run)

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """Run work in one transaction."""

        async def run() -> T:
            async with self.engine.connect() as connection:
                made, watch = await connection.run_sync(lambda tx: (work(tx), postgresql().watch_of(tx)))
                with watch.patience(self.commit_patience):
                    await connection.commit()
                _believe(watch)
                return made

        return await self._repeat(run)

    async def write_once(self, work: Callable[[Transaction], T]) -> T:
        """Run work that writes one statement."""

        def watched(tx: Transaction) -> tuple[T, "Watch"]:
            watch: Watch = postgresql().watch_of(tx)
            # the statement is its own commit
            with watch.patience(self.commit_patience):
                return work(tx), watch

        async def run() -> T:
            async with self._autocommit.connect() as connection:
                made, watch = await connection.run_sync(watched)
                _believe(watch)
                return made

        return await self._repeat(run)

    async def close(self) -> None:
        """Give back every connection."""
        await self.engine.dispose()

    async def _repeat(self, run: Callable[[], Awaitable[T]]) -> T:
        self.load.work += 1
        try:
            return await self._attempt(run)
        except StoreUnavailable:
            self.load.unavailable += 1
            raise
        finally:
            self.load.work -= 1

    async def _attempt(self, run: Callable[[], Awaitable[T]]) -> T:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return await run()
            except DBAPIError as error:
                failure = _judge(error)
                if failure.retry and attempt < _ATTEMPTS:
                    self.load.repeated += 1
                    continue
                if failure.gone or failure.retry:
                    raise StoreUnavailable from error
                raise
            except (PoolTimeout, OSError, TimeoutError) as error:
                raise StoreUnavailable from error
        raise AssertionError


def _believe(watch: "Watch") -> None:
    if watch.is_warned:
        log.warning("A commit was cancelled while it waited for a standby: its outcome is unknown.")
        raise OutcomeUnknown


class SQLiteDatabase:
    """One file: a single writer thread, and readers that never wait for Python's lock on it."""

    dialect = "sqlite"

    def __init__(self, url: sa.URL, *, journal: str, revocations: Journal | None = None) -> None:
        self.load = Load(_READERS + 1)
        self.mode: SQLiteMode = settle_journal(url, journal)
        self.engine = open_engine(url, self.mode)
        self.engine.update_execution_options(**{REVOCATIONS: revocations})
        sa.event.listen(self.engine, "before_cursor_execute", _start_clock)
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
        self.load.work += 1
        try:
            # shielded: a client that hangs up must not leave a half-settled transaction behind
            return await asyncio.shield(loop.run_in_executor(pool, self._settle, work, write))
        except StoreUnavailable:
            self.load.unavailable += 1
            raise
        finally:
            self.load.work -= 1

    def _settle(self, work: Callable[[Transaction], T], write: bool) -> T:  # noqa: FBT001 - run_in_executor passes by position
        try:
            with self.engine.connect().execution_options(badgepin_write=write) as connection, connection.begin():
                return work(connection)
        except OperationalError as error:
            if getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT:
                raise StoreUnavailable from TimeoutError()
            raise StoreUnavailable from error


def _start_clock(connection: sa.Connection, cursor: Any, *_: object) -> None:  # noqa: ANN401 - the driver's cursor
    """Each statement that reads may take so long and no longer: readers are few, and sign-ins need them too."""
    if connection.get_execution_options().get("badgepin_write", True):
        cursor.connection.set_progress_handler(None, 0)
        return
    deadline = time.monotonic() + _PATIENCE
    cursor.connection.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS)
