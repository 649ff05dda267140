"""Databases for the tests: both kinds, built by the real migrations, fresh for each test."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from badgepin.store import migrate
from tests.postgres import Server, server

TEMPLATE = "badgepin_template"


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """One PostgreSQL server for the whole run, with a migrated template database."""
    with server() as running:
        running.sql(f"CREATE DATABASE {TEMPLATE}")
        migrate.upgrade(running.url(TEMPLATE))
        yield running


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    migrate.upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A fresh migrated database, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        path = tmp_path / "badgepin.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        return f"sqlite:///{path}"
    postgresql: Server = request.getfixturevalue("postgresql")
    return postgresql.new_database(TEMPLATE)
