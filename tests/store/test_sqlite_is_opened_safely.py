"""A commit on SQLite is on the disk before it is acknowledged: the journal's mode follows the version (design 6.1)."""

import asyncio
import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa

from badgepin.store.sqlite import SQLiteMode, SQLiteRefused, decide_journal, open_engine
from badgepin.store.transaction import open_database

_FULL = 2


@pytest.mark.parametrize(
    ("version", "setting", "journal"),
    [
        ((3, 35, 0), "auto", "truncate"),
        ((3, 40, 1), "auto", "truncate"),
        ((3, 51, 2), "auto", "truncate"),
        ((3, 51, 3), "auto", "wal"),
        ((3, 54, 1), "auto", "wal"),
        ((3, 51, 3), "wal", "wal"),
        ((3, 54, 1), "truncate", "truncate"),
        ((3, 40, 1), "truncate", "truncate"),
    ],
)
def test_the_journal_is_the_one_that_is_safe_with_the_version(
    version: tuple[int, int, int], setting: str, journal: str
) -> None:
    assert decide_journal(version, setting)[0] == journal


@pytest.mark.parametrize(
    ("version", "setting"), [((3, 34, 1), "auto"), ((3, 34, 1), "truncate"), ((3, 51, 2), "wal"), ((3, 7, 0), "wal")]
)
def test_what_can_lose_commits_or_lacks_a_statement_is_refused(version: tuple[int, int, int], setting: str) -> None:
    with pytest.raises(SQLiteRefused):
        decide_journal(version, setting)


@pytest.mark.parametrize("journal", ["truncate", "wal"])
def test_every_connection_waits_for_the_disk(tmp_path: Path, journal: str) -> None:
    url = sa.make_url(f"sqlite:///{tmp_path / 'badgepin.db'}")
    engine = open_engine(url, SQLiteMode(sqlite3.sqlite_version, journal, "FULL", "chosen here"))
    connections = [engine.connect() for _ in range(3)]
    try:
        for connection in connections:
            cursor = connection.connection.cursor()
            found = {
                name: cursor.execute(f"PRAGMA {name}").fetchone()[0]
                for name in ("synchronous", "journal_mode", "foreign_keys", "secure_delete", "trusted_schema")
            }
            expected = {
                "synchronous": _FULL,
                "journal_mode": journal,
                "foreign_keys": 1,
                "secure_delete": 1,
                "trusted_schema": 0,
            }
            assert found == expected
    finally:
        for connection in connections:
            connection.close()
        engine.dispose()


def test_a_file_in_wal_mode_is_converted_where_wal_is_not_wanted(tmp_path: Path) -> None:
    path = tmp_path / "badgepin.db"
    with sqlite3.connect(path) as before:
        before.execute("PRAGMA journal_mode=WAL")
        before.execute("CREATE TABLE kept (it TEXT)")
    before.close()
    database = open_database(f"sqlite:///{path}", sqlite_journal="truncate")
    mode = asyncio.run(database.read(lambda tx: tx.exec_driver_sql("PRAGMA journal_mode").scalar_one()))
    asyncio.run(database.close())
    assert mode == "truncate"
