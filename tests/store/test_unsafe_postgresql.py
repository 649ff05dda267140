"""A node refuses a PostgreSQL with which a crash, or a failover where one is declared, loses what was acknowledged."""

import asyncio
from collections.abc import Iterator

import pytest

from badgepin.services.health import unsafe_setting
from badgepin.store.transaction import open_database
from tests.postgres import Server, server

SAFE = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on", "synchronous_standby_names": "one"}


@pytest.fixture(scope="module")
def own_server() -> Iterator[Server]:
    with server() as running:
        yield running


async def _said(url: str, *, high_availability: bool) -> str | None:
    database = open_database(url, pool_size=1)
    try:
        return await database.read(lambda tx: unsafe_setting(tx, high_availability=high_availability))
    finally:
        await database.close()


@pytest.mark.parametrize(
    ("name", "value", "is_declared", "said"),
    [
        ("fsync", "off", False, "fsync=off"),
        ("full_page_writes", "off", False, "full_page_writes=off"),
        ("synchronous_commit", "off", False, "synchronous_commit=off, which loses writes in a crash"),
        ("synchronous_commit", "off", True, "synchronous_commit=off, which loses writes in a crash"),
        ("synchronous_commit", "local", False, None),
        ("synchronous_commit", "local", True, "synchronous_commit=local, which loses writes in a failover"),
        ("synchronous_standby_names", "", False, None),
        ("synchronous_standby_names", "", True, "waits for no standby"),
        ("fsync", "on", True, None),
    ],
)
def test_each_unsafe_setting_is_named(
    own_server: Server, name: str, value: str, is_declared: bool, said: str | None
) -> None:
    for each, wanted in {**SAFE, name: value}.items():
        own_server.sql(f"ALTER SYSTEM SET {each} = '{wanted}'")
    own_server.sql("SELECT pg_reload_conf()")
    url = own_server.url("postgres")
    for _ in range(50):
        found = asyncio.run(_said(url, high_availability=is_declared))
        # the reload takes a moment
        if (found is None) == (said is None) and (said or "") in (found or ""):
            return
    pytest.fail(f"said {found}, wanted {said}")


def test_a_file_is_no_high_availability(sqlite_template: str) -> None:
    said = asyncio.run(_said(f"sqlite:///{sqlite_template}", high_availability=True))
    assert said is not None
    assert "needs PostgreSQL" in said
