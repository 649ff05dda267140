"""The schema can be spread by tenant, and no secret is stored under an innocent name (docs/decisions/0008)."""

import pytest
import sqlalchemy as sa

from badgepin.store import health, migrate
from badgepin.store.columns import Instant
from badgepin.store.schema import schema

TABLES = sorted(schema.tables.values(), key=lambda table: table.name)
# a handful of rows of the installation itself, the same wherever a database is spread
OF_TENANTS = [table for table in TABLES if not table.info.get("of_nodes")]
every_tenants_table = pytest.mark.parametrize("table", OF_TENANTS, ids=lambda table: table.name)
every_table = pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)


@every_tenants_table
def test_every_key_begins_with_the_tenant(table: sa.Table) -> None:
    keys = [list(table.primary_key.columns), *(list(index.columns) for index in table.indexes)]
    keys += [list(key.columns) for key in table.constraints if isinstance(key, sa.UniqueConstraint)]
    assert {key[0].name for key in keys} == {"tenant_id"}


@every_tenants_table
def test_every_reference_carries_the_tenant_first(table: sa.Table) -> None:
    for key in table.foreign_key_constraints:
        first = key.elements[0]
        assert (first.parent.name, first.column.name) == ("tenant_id", "tenant_id")


@every_table
def test_a_reference_never_empties_what_refers(table: sa.Table) -> None:
    # a distributed PostgreSQL refuses to set the distribution key to null
    assert {key.ondelete for key in table.foreign_key_constraints} <= {"CASCADE", None}


@every_table
def test_an_instant_ends_in_at_and_what_ends_in_at_is_an_instant(table: sa.Table) -> None:
    for column in table.columns:
        until = column.name.endswith("_until")
        assert isinstance(column.type, Instant) == (column.name.endswith("_at") or until), column.name


@every_table
def test_what_is_called_a_secret_is_stored_as_a_digest(table: sa.Table) -> None:
    names = [column.name for column in table.columns if "secret" in column.name or "password" in column.name]
    assert all(name.endswith(("_digest", "_hash")) for name in names)


def test_the_program_knows_the_newest_migration() -> None:
    assert health.newest_revision() == migrate.newest_revision()
