"""One schema, by migrations, on both databases."""

import asyncio
from pathlib import Path

import pytest
import sqlalchemy as sa

from badgepin.store import health, migrate
from badgepin.store.tables import metadata
from badgepin.store.transaction import open_database
from tests.postgres import Server


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    postgresql: Server = request.getfixturevalue("postgresql")
    return postgresql.new_database()


def _run(url: str, statement: str) -> list[tuple[object, ...]]:
    async def work() -> list[tuple[object, ...]]:
        database = open_database(url)
        try:
            return await database.write(lambda tx: _rows(tx, statement))
        finally:
            await database.close()

    return asyncio.run(work())


def _rows(tx: sa.Connection, statement: str) -> list[tuple[object, ...]]:
    result = tx.execute(sa.text(statement))
    return [tuple(row) for row in result] if result.returns_rows else []


TENANT = "INSERT INTO tenants VALUES ('t1', 'Tenant', 'example.com', 1)"


def test_the_schema_goes_up_and_down_and_up_again_with_data(empty_url: str) -> None:
    migrate.upgrade(empty_url)
    _run(empty_url, TENANT)
    migrate.upgrade(empty_url)
    assert _run(empty_url, "SELECT tenant_id FROM tenants") == [("t1",)]
    migrate.downgrade(empty_url, "base")
    assert migrate.inspect(empty_url).current is None
    migrate.upgrade(empty_url)
    assert migrate.inspect(empty_url).is_current


def test_a_database_that_differs_from_the_code_is_reported(empty_url: str) -> None:
    migrate.upgrade(empty_url)
    assert migrate.inspect(empty_url).drift == ()
    _run(empty_url, "ALTER TABLE tenants ADD COLUMN surprise TEXT")
    assert "surprise" in migrate.inspect(empty_url).drift[0]


def test_every_key_begins_with_the_tenant() -> None:
    for table in metadata.tables.values():
        keys = [
            [column.name for column in table.primary_key.columns],
            *([column.name for column in key.columns] for key in table.foreign_key_constraints),
            *([column.name for column in index.columns] for index in table.indexes),
        ]
        assert {names[0] for names in keys} == {"tenant_id"}, table.name


def test_the_program_knows_the_newest_migration() -> None:
    assert health.newest_revision() == migrate.newest_revision()
