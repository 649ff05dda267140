"""A consistent copy of a whole database while it is in use, and putting one back.

SQLite: its online backup API. PostgreSQL: `pg_dump` and `pg_restore` of the distribution.
"""

import asyncio
import os
import shutil
import sqlite3
import subprocess
import threading
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from badgepin.store.servers import postgresql, servers_of, with_database

_FILE = "sqlite:///"
_LONGEST = 3600 * 12
_LOOK_EVERY = 0.2
# 4 MiB of the usual size: a step in which an order to stop is not heard
_PAGES = 1024


class SnapshotRefused(Exception):
    """There can be no copy, or it cannot be put back; the sentence says why."""


class ToolMissing(SnapshotRefused):
    """PostgreSQL's own programs are not on this machine."""


class Stopped(SnapshotRefused):
    """Somebody does not want the copy any more."""


class Stop:
    """An order to give up, which one thread gives and another one looks for."""

    def __init__(self) -> None:
        self._given = threading.Event()

    def give(self) -> None:
        """Give the order."""
        self._given.set()

    def obey(self) -> None:
        """Raise `Stopped` once the order was given."""
        if self._given.is_set():
            raise Stopped("It was stopped before it was done.")

    def watched(self, file: BinaryIO) -> BinaryIO:
        """A file whose reader gives up when told to."""
        return _Watched(file, self)  # type: ignore[return-value] # readers ask for bytes and nothing else


NEVER = Stop()
"""The order that nobody gives."""


@dataclass(frozen=True)
class _Watched:
    file: BinaryIO
    stop: Stop

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        self.stop.obey()
        return self.file.read(size)


def take_snapshot(url: str, target: Path, stop: Stop = NEVER) -> str:
    """Copy the database of `url` into the file `target`. Returns the dialect. Raises `SnapshotRefused`."""
    if url.startswith(_FILE):
        _copy_sqlite(url.removeprefix(_FILE), target, stop)
        return "sqlite"
    _run_tool("pg_dump", url, ["--format=custom", "--no-owner", "--no-privileges", f"--file={target}"], stop)
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


def _copy_sqlite(path: str, target: Path, stop: Stop) -> None:
    if not Path(path).exists():
        raise SnapshotRefused(f"The database {path} is missing.")
    try:
        with (
            closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as source,
            closing(sqlite3.connect(target, isolation_level=None)) as copy,
        ):
            # a copy that a crash cuts off is thrown away: it needs no flushes, and writers wait for a shorter time
            for pragma in ("journal_mode=OFF", "synchronous=OFF"):
                copy.execute(f"PRAGMA {pragma}")
            # one transaction around the steps: without it each commit of somebody else begins the copy anew
            source.execute("BEGIN")
            source.execute("SELECT count(*) FROM sqlite_master").fetchone()
            source.backup(copy, pages=_PAGES, sleep=0, progress=lambda *_: stop.obey())
            source.execute("ROLLBACK")
            copy.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error as error:
        raise SnapshotRefused(f"The database cannot be copied ({error}).") from error


def _run_tool(name: str, url: str, options: list[str], stop: Stop = NEVER) -> None:
    servers = servers_of(url)
    first = servers[0]
    hosts = ",".join(_place(each) for each in servers)
    user = f"{quote(first.username, safe='')}@" if first.username else ""
    address = f"postgresql://{user}{hosts}/{quote(first.database or '', safe='')}"
    if len(servers) > 1:
        address += "?target_session_attrs=read-write"
    # in the environment: a command line can be read by everybody on the machine
    secret = {"PGPASSWORD": str(first.password)} if first.password else {}
    # the driver's word for what libpq calls sslmode; the values are the same
    encryption = {"PGSSLMODE": str(first.query["ssl"])} if "ssl" in first.query else {}
    command = [_find_tool(name), f"--dbname={address}", "--no-password", *options]
    until = time.monotonic() + _LONGEST
    with subprocess.Popen(  # noqa: S603 - the distribution's tool
        command, env={**os.environ, **secret, **encryption}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        try:
            said = _wait(process, until, stop)
        except BaseException:
            process.kill()
            raise
    if said is None:
        raise SnapshotRefused(f"{name} did not end within {_LONGEST // 3600} hours.")
    if process.returncode != 0:
        last = " ".join(said.decode(errors="replace").split())[-300:]
        raise SnapshotRefused(f"{name} failed: {last}")


def _place(server: sa.URL) -> str:
    host = server.host or "localhost"
    return f"{f'[{host}]' if ':' in host else host}:{server.port or 5432}"


def _wait(process: "subprocess.Popen[bytes]", until: float, stop: Stop) -> bytes | None:
    while time.monotonic() < until:
        stop.obey()
        try:
            return process.communicate(timeout=_LOOK_EVERY)[1]
        except subprocess.TimeoutExpired:
            continue
    process.kill()
    return None


def _find_tool(name: str) -> str:
    newest = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: path.parts[-3].zfill(4))
    found = str(newest[-1]) if newest else shutil.which(name)
    if found is None:
        raise ToolMissing(f"{name} is missing: install PostgreSQL's client programs (Debian: postgresql-client).")
    return found


def scratch_name() -> str:
    """A name for a new scratch database."""
    return f"badgepin_drill_{os.urandom(6).hex()}"


def create_scratch(url: str, name: str) -> str:
    """A new empty database beside that of `url`, on the same server. Raises `SnapshotRefused`."""
    try:
        asyncio.run(_on_server(url, f'CREATE DATABASE "{name}"'))
    except (DBAPIError, OSError) as error:
        raise SnapshotRefused(
            "The database's user may not make a database to try the backup in: run the drill as a user with CREATEDB, "
            "on another server if you like, with BADGEPIN_DATABASE_URL."
        ) from error
    return with_database(url, name)


def drop_scratch(url: str, name: str) -> bool:
    """Remove it again, also one that is not there; whether the server could be asked to."""
    try:
        asyncio.run(_on_server(url, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
    except (DBAPIError, OSError):
        return False
    return True


async def _on_server(url: str, statement: str) -> None:
    engine = postgresql().open_engine(url, isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as connection:
            await connection.execute(sa.text(statement))
    finally:
        await engine.dispose()
