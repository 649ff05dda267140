"""Databases for the tests: both kinds, built by the real migrations, fresh for each test."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from badgepin.store import migrate
from tests.graph.world import fill_database
from tests.postgres import Server, server
from tests.rewound import Rewound, rewound

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


@pytest.fixture(scope="session")
def sqlite_tenant(sqlite_template: Path) -> Path:
    """A SQLite file with the tests' tenant to copy."""
    path = sqlite_template.with_name("tenant.db")
    shutil.copy(sqlite_template, path)
    fill_database(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgresql_tenant(postgresql: Server) -> Iterator[Rewound]:
    """A PostgreSQL database with the tests' tenant that is put back after each test."""
    url = postgresql.new_database(TEMPLATE)
    fill_database(url)
    with rewound(postgresql, url.rpartition("/")[2]) as made:
        yield made


@pytest.fixture(params=["sqlite", "postgresql"])
def tenant_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A fresh database with the tests' tenant, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        path = tmp_path / "badgepin.db"
        shutil.copy(request.getfixturevalue("sqlite_tenant"), path)
        yield f"sqlite:///{path}"
        return
    tenant: Rewound = request.getfixturevalue("postgresql_tenant")
    yield tenant.fresh()
    tenant.put_back()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A fresh migrated database, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        path = tmp_path / "badgepin.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    postgresql: Server = request.getfixturevalue("postgresql")
    url = postgresql.new_database(TEMPLATE)
    yield url
    postgresql.drop_database(url)
