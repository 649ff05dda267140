"""SQLite's start-up rule: which journal mode is safe depends on the library's version (security design 6.1)."""

import logging
import sqlite3
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

log = logging.getLogger(__name__)

_RETURNING = (3, 35, 0)
_WAL_RESET_FIXED = (3, 51, 3)
_WITHDRAWN = (3, 52, 0)
PRAGMAS = ("foreign_keys=ON", "busy_timeout=5000", "trusted_schema=OFF", "secure_delete=ON", "synchronous=FULL")
_FULL = 2


class SQLiteRefused(Exception):
    """The file or the library cannot be used safely; the sentence says what to do."""


@dataclass(frozen=True)
class SQLiteMode:
    """What was decided at start-up, and why."""

    version: str
    journal: str
    synchronous: str
    reason: str


def decide_journal(version: tuple[int, int, int], setting: str) -> tuple[str, str]:
    """The journal mode for a library version and the `sqlite_journal` setting, with the reason in words.

    Raises `SQLiteRefused` below 3.35.0 (no RETURNING) and when WAL is forced on a version with the WAL-reset bug.
    """
    if version < _RETURNING:
        raise SQLiteRefused(f"SQLite {_dotted(version)} is too old: Badgepin needs 3.35.0 or newer.")
    if setting == "truncate":
        return "truncate", "set by sqlite_journal"
    if version >= _WAL_RESET_FIXED:
        return "wal", "this version has the WAL-reset fix"
    if setting == "wal":
        raise SQLiteRefused(
            f"SQLite {_dotted(version)} can lose commits in WAL mode (fixed in 3.51.3): "
            "set sqlite_journal to auto, or upgrade SQLite."
        )
    return "truncate", "this version may be affected by the WAL-reset bug (fixed in 3.51.3)"


def settle_journal(url: sa.URL, setting: str) -> SQLiteMode:
    """Put the file into its journal mode before the first write, read it back, and log one line."""
    version = sqlite3.sqlite_version_info
    journal, reason = decide_journal((version[0], version[1], version[2]), setting)
    if version[:3] == _WITHDRAWN:
        log.warning("SQLite 3.52.0 was withdrawn by its makers for other reasons: upgrade it.")
    Path(url.database or "").parent.mkdir(parents=True, exist_ok=True)
    try:
        connection = sqlite3.connect(str(url.database), isolation_level=None, timeout=5)
    except sqlite3.OperationalError as error:
        raise SQLiteRefused(f"The database file {url.database} cannot be opened: {error}.") from error
    try:
        mode = _convert(connection, journal, reason)
    finally:
        connection.close()
    log.info(
        "SQLite %s, journal_mode=%s, synchronous=%s: %s", mode.version, mode.journal, mode.synchronous, mode.reason
    )
    return mode


def _convert(connection: sqlite3.Connection, journal: str, reason: str) -> SQLiteMode:
    try:
        found = _pragma(connection, "journal_mode")
        if found == "wal" and journal != "wal":
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        got = _pragma(connection, f"journal_mode={journal}")
    except sqlite3.OperationalError as error:
        if journal != "wal":
            raise SQLiteRefused(
                f"The database is in WAL mode and in use ({error}): stop the other process, then start again."
            ) from error
        got = "delete"
    except sqlite3.DatabaseError as error:
        raise SQLiteRefused(f"The file is not a SQLite database ({error}): restore it from a backup.") from error
    if got != journal and journal == "wal":
        got, reason = _pragma(connection, "journal_mode=truncate"), "the file could not be converted to WAL now"
    if got not in {"truncate", journal}:
        raise SQLiteRefused(
            f"SQLite stayed in journal mode {got}, wanted {journal}: stop other processes and start again."
        )
    connection.execute("PRAGMA synchronous=FULL")
    if int(_pragma(connection, "synchronous")) != _FULL:
        raise SQLiteRefused("SQLite refused synchronous=FULL.")
    return SQLiteMode(version=sqlite3.sqlite_version, journal=got, synchronous="FULL", reason=reason)


def open_engine(url: sa.URL, mode: SQLiteMode) -> sa.Engine:
    """An engine whose every connection repeats the pragmas and whose writers begin IMMEDIATE."""
    engine = sa.create_engine(
        url.set(drivername="sqlite"),
        connect_args={"check_same_thread": False, "isolation_level": None, "timeout": 5},
        poolclass=sa.pool.QueuePool,
        pool_size=4,
        max_overflow=0,
        # errors end up in logs, and a row's values must not
        hide_parameters=True,
    )

    @sa.event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _record: object) -> None:
        for pragma in (*PRAGMAS, f"journal_mode={mode.journal}"):
            connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        write = connection.get_execution_options().get("badgepin_write", True)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine


def _pragma(connection: sqlite3.Connection, pragma: str) -> str:
    row = connection.execute(f"PRAGMA {pragma}").fetchone()
    return str(row[0])


def _dotted(version: tuple[int, int, int]) -> str:
    return ".".join(str(part) for part in version)
