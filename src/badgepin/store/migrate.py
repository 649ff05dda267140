"""The schema's versions: one history for both databases, run by Alembic on one connection."""

import asyncio
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

from badgepin.store import postgresql
from badgepin.store.schema import schema
from badgepin.store.sqlite import open_engine, settle_journal
from badgepin.store.transaction import StoreUnavailable

T = TypeVar("T")

_FOLDER = Path(__file__).parent / "migrations"


class MigrationRefused(Exception):
    """There is no way to the revision asked for; the sentence says why."""


@dataclass(frozen=True)
class SchemaState:
    """The revision a database is at (None: empty), the newest one, and how tables differ from the code (empty: not)."""

    current: str | None
    newest: str
    drift: tuple[str, ...]

    @property
    def is_current(self) -> bool:
        """Whether this program can use the database."""
        return self.current == self.newest and not self.drift


def upgrade(url: str, revision: str = "head") -> None:
    """Bring a database to a revision; on PostgreSQL a migration that fails leaves everything as it was."""
    _run(url, lambda connection: command.upgrade(_config(connection), revision))


def downgrade(url: str, revision: str) -> None:
    """Take a database back to a revision (`base`: empty)."""
    _run(url, lambda connection: command.downgrade(_config(connection), revision))


def _run(url: str, migration: Callable[[sa.Connection], None]) -> None:
    try:
        _on_connection(url, migration)
    except CommandError as error:
        raise MigrationRefused(f"{error}: `badgepin db check` says where the database stands.") from error


def inspect(url: str) -> SchemaState:
    """Where a database stands."""
    return _on_connection(url, _state)


def is_empty(url: str) -> bool:
    """Whether a database has no table at all."""
    return _on_connection(url, lambda connection: not sa.inspect(connection).get_table_names())


def knows(revision: str | None) -> bool:
    """Whether this program has the migrations of a revision."""
    known = {script.revision for script in ScriptDirectory(str(_FOLDER)).walk_revisions()}
    return revision in known


def newest_revision() -> str:
    """The revision that this program was written for."""
    return str(ScriptDirectory(str(_FOLDER)).get_current_head())


def _state(connection: sa.Connection) -> SchemaState:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    current = context.get_current_revision()
    drift = compare_metadata(context, schema) if current is not None else []
    return SchemaState(current, newest_revision(), tuple(str(difference) for difference in drift))


def _config(connection: sa.Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
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
