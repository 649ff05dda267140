"""The schema's versions: one history for both databases, run by Alembic on one connection."""

import asyncio
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from badgepin.store import health, postgresql
from badgepin.store.schema import schema
from badgepin.store.sqlite import open_engine, settle_journal
from badgepin.store.transaction import StoreUnavailable, state_of

T = TypeVar("T")

FOLDER = Path(__file__).parent / "migrations"
"""The program's own migrations."""


# of migrations at once one runs; the others wait and find its work done
_LOCK = 0x6261646765
# requests queue behind a table that a migration waits for: less than a statement's patience
_WAIT_FOR_TABLES = "3s"
_TRY_AGAIN = {"55P03", "40P01", "40001"}


class MigrationRefused(Exception):
    """The database stays as it is; the sentence says why."""


@dataclass(frozen=True)
class SchemaState:
    """The revision a database is at (None: empty), the newest one, and how tables differ from the code (empty: not).

    `is_newer`: a newer version migrated it, and this one can serve it all the same.
    """

    current: str | None
    newest: str
    drift: tuple[str, ...]
    is_newer: bool = False

    @property
    def is_current(self) -> bool:
        """Whether the database is as this program's own migrations make it."""
        return self.current == self.newest and not self.drift


def upgrade(url: str, revision: str = "head", *, folder: Path = FOLDER) -> None:
    """Bring a database to a revision in one transaction, while nodes work. `folder`: where the migrations are.

    Raises `MigrationRefused`, `StoreUnavailable`; the database is then as it was.
    """
    _run(url, lambda connection: command.upgrade(_config(connection, folder), revision))


def downgrade(url: str, revision: str, *, folder: Path = FOLDER) -> None:
    """Take a database back to a revision (`base`: empty). Raises as `upgrade`."""
    _run(url, lambda connection: command.downgrade(_config(connection, folder), revision))


def _run(url: str, migration: Callable[[sa.Connection], None]) -> None:
    def work(connection: sa.Connection) -> None:
        _take_turn(connection)
        migration(connection)

    try:
        _on_connection(url, work)
    except CommandError as error:
        raise MigrationRefused(f"{error}: `badgepin db check` says where the database stands.") from error
    except DBAPIError as error:
        reason = str(error.orig).partition("\n")[0].rpartition("'>: ")[2]
        is_busy = isinstance(error.orig, sqlite3.OperationalError) and "locked" in reason
        if is_busy or state_of(error) in _TRY_AGAIN:
            raise MigrationRefused(f"The database is in use ({reason}), and nothing was changed: try again.") from error
        raise MigrationRefused(f"The migration failed, and nothing was changed: {reason}.") from error


def _take_turn(connection: sa.Connection) -> None:
    # SQLite: the transaction has begun IMMEDIATE
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        connection.execute(sa.text(f"SET LOCAL lock_timeout = '{_WAIT_FOR_TABLES}'"))


def inspect(url: str) -> SchemaState:
    """Where a database stands."""
    return _on_connection(url, _state)


def is_empty(url: str) -> bool:
    """Whether a database has no table at all."""
    return _on_connection(url, lambda connection: not sa.inspect(connection).get_table_names())


def holds_tenants(url: str) -> bool:
    """Whether there is anything in a database that somebody could miss."""
    return _on_connection(url, _has_tenant)


def _has_tenant(connection: sa.Connection) -> bool:
    if not sa.inspect(connection).has_table("tenants"):
        return False
    return connection.execute(sa.text("SELECT 1 FROM tenants LIMIT 1")).first() is not None


def knows(revision: str | None) -> bool:
    """Whether this program has the migrations of a revision."""
    return revision is not None and health.is_known(revision)


def newest_revision() -> str:
    """The revision that this program was written for."""
    return str(ScriptDirectory(str(FOLDER)).get_current_head())


def _state(connection: sa.Connection) -> SchemaState:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    current = context.get_current_revision()
    newest = newest_revision()
    # of another revision every difference is one that is meant
    drift = compare_metadata(context, schema) if current == newest else []
    is_newer = current is not None and not health.is_known(current) and health.is_served(connection)
    return SchemaState(current, newest, tuple(str(difference) for difference in drift), is_newer)


def _config(connection: sa.Connection, folder: Path) -> Config:
    config = Config()
    config.set_main_option("script_location", str(folder))
    config.attributes["connection"] = connection
    return config


def _on_connection(url: str, work: Callable[[sa.Connection], T]) -> T:
    if url.startswith("sqlite"):
        parsed = sa.make_url(url)
        engine = open_engine(parsed, settle_journal(parsed, "auto"))
        try:
            # tables are rebuilt by copying, and a copy must not cascade
            with engine.connect() as connection:
                connection.connection.execute("PRAGMA foreign_keys=OFF")
                with connection.begin():
                    return work(connection)
        finally:
            engine.dispose()
    return asyncio.run(_on_postgresql(url, work))


async def _on_postgresql(url: str, work: Callable[[sa.Connection], T]) -> T:
    engine = postgresql.open_engine(url)
    try:
        connection = await _connect(engine)
        try:
            async with connection.begin():
                return await connection.run_sync(work)
        finally:
            await connection.close()
    finally:
        await engine.dispose()


async def _connect(engine: AsyncEngine) -> AsyncConnection:
    try:
        return await engine.connect()
    except DBAPIError as error:
        raise StoreUnavailable from error.orig
    except OSError as error:
        raise StoreUnavailable from error
