"""One schema, by migrations, on both databases."""

import asyncio
from pathlib import Path

import pytest
import sqlalchemy as sa

from badgepin.store import migrate
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
