"""Databases for the tests: both kinds, built by the real migrations, fresh for each test."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from badgepin.store import migrate
from tests.graph.world import fill_database
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
def postgresql_template(postgresql: Server) -> str:
    """The name of a migrated PostgreSQL database to copy."""
    del postgresql
    return TEMPLATE


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    migrate.upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def sqlite_tenant(sqlite_template: Path) -> Path:
    """A SQLite file with the tests' tenant to copy."""
    path = sqlite_template.with_name("tenant.db")
    shutil.copy(sqlite_template, path)
    fill_database(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgresql_tenant(postgresql: Server) -> str:
    """The name of a PostgreSQL database with the tests' tenant to copy."""
    url = postgresql.new_database(TEMPLATE)
    fill_database(url)
    return url.rpartition("/")[2]


@pytest.fixture(params=["sqlite", "postgresql"])
def tenant_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A fresh database with the tests' tenant, once on SQLite and once on PostgreSQL."""
    yield from _copy(request, tmp_path, "sqlite_tenant", "postgresql_tenant")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A fresh migrated database, once on SQLite and once on PostgreSQL."""
    yield from _copy(request, tmp_path, "sqlite_template", "postgresql_template")


def _copy(request: pytest.FixtureRequest, folder: Path, file: str, database: str) -> Iterator[str]:
    if request.param == "sqlite":
        path = folder / "badgepin.db"
        shutil.copy(request.getfixturevalue(file), path)
        yield f"sqlite:///{path}"
        return
    server: Server = request.getfixturevalue("postgresql")
    url = server.new_database(request.getfixturevalue(database))
    yield url
    server.drop_database(url)
