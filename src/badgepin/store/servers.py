"""PostgreSQL's address, which may name several servers, and the code that only PostgreSQL needs."""

import importlib
from functools import cache
from types import ModuleType

import sqlalchemy as sa

_DRIVER = "postgresql+asyncpg"


@cache
def postgresql() -> ModuleType:
    """`store/postgresql.py`: ten megabytes of driver and asynchronous engine that a node on SQLite never loads."""
    return importlib.import_module("badgepin.store.postgresql")


def servers_of(url: str) -> list[sa.URL]:
    """One address for each server of a URL that may name several, as libpq writes them."""
    place, path = _divided(url)
    scheme, _, rest = place.partition("://")
    credentials, at, hosts = rest.rpartition("@")
    addresses = [f"{scheme}://{credentials}{at}{host}/{path}" for host in hosts.split(",")]
    return [sa.make_url(address).set(drivername=_DRIVER) for address in addresses]


def with_database(url: str, name: str) -> str:
    """The same servers, and another database."""
    place, path = _divided(url)
    _, mark, options = path.partition("?")
    return f"{place}/{name}{mark}{options}"


def _divided(url: str) -> tuple[str, str]:
    scheme, _, rest = url.partition("://")
    place, _, path = rest.partition("/")
    return f"{scheme}://{place}", path
