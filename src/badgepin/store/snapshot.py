"""A consistent copy of a whole database while it is in use, and putting one back.

SQLite: its online backup API. PostgreSQL: `pg_dump` and `pg_restore` of the distribution.
"""

import asyncio
import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from badgepin.store.servers import postgresql, servers_of, with_database

_FILE = "sqlite:///"
_HOURS = 3600 * 12


class SnapshotRefused(Exception):
    """There can be no copy, or it cannot be put back; the sentence says why."""


class ToolMissing(SnapshotRefused):
    """PostgreSQL's own programs are not on this machine."""


def take_snapshot(url: str, target: Path) -> str:
    """Copy the database of `url` into the file `target`. Returns the dialect. Raises `SnapshotRefused`."""
    if url.startswith(_FILE):
        _copy_sqlite(url.removeprefix(_FILE), target)
        return "sqlite"
    _run_tool("pg_dump", url, ["--format=custom", "--no-owner", "--no-privileges", f"--file={target}"])
    return "postgresql"


def put_back(dump: Path, url: str) -> None:
    """Fill the empty database of `url` with a snapshot of the same dialect, wholly or not at all.

    Raises `SnapshotRefused`.
    """
    if url.startswith(_FILE):
        shutil.copyfile(dump, url.removeprefix(_FILE))
        return
    options = ["--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error"]
    _run_tool("pg_restore", url, [*options, str(dump)])


def find_damage(url: str) -> str | None:
    """What SQLite finds wrong with a file that was put back; PostgreSQL checked while it loaded."""
    if not url.startswith(_FILE):
        return None
    try:
        with closing(sqlite3.connect(url.removeprefix(_FILE))) as connection:
            found = [str(row[0]) for row in connection.execute("PRAGMA integrity_check")]
            orphans = connection.execute("PRAGMA foreign_key_check").fetchall()
    except sqlite3.DatabaseError as error:
        return str(error)
    if found != ["ok"]:
        return "; ".join(found[:3])
    return f"{len(orphans)} rows refer to rows that are not there" if orphans else None


def _copy_sqlite(path: str, target: Path) -> None:
    if not Path(path).exists():
        raise SnapshotRefused(f"The database {path} is missing.")
    try:
        with closing(sqlite3.connect(path, timeout=30)) as source, closing(sqlite3.connect(target)) as copy:
            # in one go: beside writers, a copy in steps begins anew with each commit
            source.backup(copy, pages=-1)
            copy.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error as error:
        raise SnapshotRefused(f"The database cannot be copied ({error}).") from error


def _run_tool(name: str, url: str, options: list[str]) -> None:
    servers = servers_of(url)
    first = servers[0].set(drivername="postgresql")
    # the password in the environment: a command line can be read by everybody on the machine
    environment = dict(os.environ) | ({"PGPASSWORD": str(first.password)} if first.password else {})
    address = first.set(password=None).render_as_string(hide_password=False)
    if len(servers) > 1:
        hosts = ",".join(f"{each.host}:{each.port or 5432}" for each in servers)
        address = f"postgresql://{quote(first.username or '')}@{hosts}/{first.database}?target_session_attrs=read-write"
    command = [_find_tool(name), f"--dbname={address}", "--no-password", *options]
    try:
        done = subprocess.run(command, env=environment, capture_output=True, timeout=_HOURS, check=False)  # noqa: S603 - the distribution's tool
    except subprocess.TimeoutExpired as error:
        raise SnapshotRefused(f"{name} did not end within {_HOURS // 3600} hours.") from error
    if done.returncode != 0:
        last = " ".join(done.stderr.decode(errors="replace").split())[-300:]
        raise SnapshotRefused(f"{name} failed: {last}")


def _find_tool(name: str) -> str:
    newest = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: path.parts[-3].zfill(4))
    found = str(newest[-1]) if newest else shutil.which(name)
    if found is None:
        raise ToolMissing(f"{name} is missing: install PostgreSQL's client programs (Debian: postgresql-client).")
    return found


def create_scratch(url: str) -> str:
    """A new empty database beside that of `url`, on the same server. Raises `SnapshotRefused`."""
    name = f"badgepin_drill_{os.urandom(6).hex()}"
    try:
        asyncio.run(_on_server(url, f'CREATE DATABASE "{name}"'))
    except (DBAPIError, OSError) as error:
        raise SnapshotRefused(
            "The database's user may not make a database to try the backup in: run the drill as a user with CREATEDB, "
            "on another server if you like, with BADGEPIN_DATABASE_URL."
        ) from error
    return with_database(url, name)


def drop_scratch(url: str, scratch: str) -> None:
    """Remove it again."""
    name = servers_of(scratch)[0].database
    asyncio.run(_on_server(url, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))


async def _on_server(url: str, statement: str) -> None:
    engine = postgresql().open_engine(url, isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as connection:
            await connection.execute(sa.text(statement))
    finally:
        await engine.dispose()
