"""What PostgreSQL says about an error may go into a log; the row that it says it about may not."""

import asyncio
import logging
from collections.abc import Callable

import asyncpg
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from badgepin.cli.log import JsonLines
from badgepin.store.tables import tenants, users
from badgepin.store.transaction import Transaction, open_database
from tests.graph.world import START
from tests.postgres import Server

NAME = "noor.al-hadid@stores.example"


@pytest.fixture
def url(postgresql: Server) -> str:
    return postgresql.new_database("badgepin_template")


def _person(identity: str) -> dict[str, object]:
    named = dict.fromkeys(("user_principal_name", "user_principal_name_key", "display_name", "display_name_key"), NAME)
    given = {"tenant_id": "t1", "id": identity, "account_enabled": True, "user_type": "Member", "created_at": START}
    return {**given, **named}


def _twice(tx: Transaction) -> None:
    tx.execute(
        sa.insert(tenants).values(tenant_id="t1", display_name="T", default_domain="x.example", created_at=START)
    )
    for identity in ("u1", "u2"):
        tx.execute(sa.insert(users).values(_person(identity)))


def _unfit(tx: Transaction) -> None:
    tx.execute(sa.select(users.c.id).where(users.c.token_generation == sa.bindparam("x", NAME, sa.Integer)))


def _logged(url: str, work: Callable[[Transaction], None]) -> str:
    async def scene() -> None:
        database = open_database(url, pool_size=1)
        try:
            await database.write(work)
        finally:
            await database.close()

    record = logging.LogRecord("badgepin.test", logging.ERROR, __file__, 1, "It failed.", (), None)
    with pytest.raises(DBAPIError) as raised:
        asyncio.run(scene())
    record.exc_info = (raised.type, raised.value, raised.tb)
    return f"{JsonLines().format(record)} {raised.value!r} {raised.value.orig!r} {raised.value.__cause__!r}"


def test_a_row_that_is_there_already_is_not_named(url: str) -> None:
    text = _logged(url, _twice)
    assert "duplicate key value violates unique constraint" in text
    assert "UniqueViolationError" in text
    assert NAME not in text


def test_an_argument_that_cannot_be_sent_is_not_named(url: str) -> None:
    text = _logged(url, _unfit)
    assert "invalid input for query argument $1" in text
    assert NAME not in text


def test_the_control_the_driver_itself_names_both(url: str) -> None:
    async def scene() -> tuple[str, str]:
        connection = await asyncpg.connect(url)
        try:
            await connection.execute("CREATE TABLE names (name text UNIQUE)")
            await connection.execute("INSERT INTO names VALUES ($1)", NAME)
            with pytest.raises(asyncpg.UniqueViolationError) as there:
                await connection.execute("INSERT INTO names VALUES ($1)", NAME)
            with pytest.raises(asyncpg.DataError) as unfit:
                await connection.execute("SELECT $1::integer", NAME)
        finally:
            await connection.close()
        return str(there.value), str(unfit.value)

    assert [NAME in said for said in asyncio.run(scene())] == [True, True]
