"""SQLite finds somebody's groups by the person, and not by looking through every membership of the tenant."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from badgepin.store.tables import administrative_unit_members, group_members, group_owners

QUERIES = {
    "ix_group_members_member": sa.select(group_members.c.group_id).where(
        group_members.c.tenant_id == "t", group_members.c.member_id == "m"
    ),
    "ix_group_owners_user": sa.select(group_owners.c.group_id).where(
        group_owners.c.tenant_id == "t", group_owners.c.user_id == "m"
    ),
    "ix_administrative_unit_members_member": sa.select(administrative_unit_members.c.administrative_unit_id).where(
        administrative_unit_members.c.tenant_id == "t", administrative_unit_members.c.member_id == "m"
    ),
}


@pytest.mark.parametrize("index", QUERIES)
def test_memberships_are_found_by_the_member(sqlite_template: Path, index: str) -> None:
    statement = QUERIES[index].compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})
    engine = sa.create_engine(f"sqlite:///{sqlite_template}", poolclass=sa.NullPool)
    with engine.connect() as connection:
        plan = str(connection.execute(sa.text(f"EXPLAIN QUERY PLAN {statement}")).all())
    assert index in plan
