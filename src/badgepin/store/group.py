"""Rows of groups and their owners."""

from dataclasses import fields
from typing import Any

import sqlalchemy as sa

from badgepin.domain.filter import fold
from badgepin.domain.group import Group
from badgepin.domain.query import Page, Query
from badgepin.domain.user import User
from badgepin.store import listing
from badgepin.store import user as user_store
from badgepin.store.listing import Listing
from badgepin.store.lock import Lock, locked
from badgepin.store.tables import (
    administrative_unit_members,
    group_members,
    group_owners,
    groups,
    role_assignments,
    users,
)
from badgepin.store.transaction import Transaction
from badgepin.store.upsert import upsert

_NAMES = tuple(field.name for field in fields(Group))
_COLUMNS = tuple(groups.c[name] for name in _NAMES)
FIELDS = {name: groups.c[name] for name in _NAMES} | {
    "display_name": groups.c.display_name_key,
    # every group here is a security group, which scripts ask about all the same
    "security_enabled": sa.true(),
    "mail_enabled": sa.false(),
    "group_types": sa.literal_column("'[]'", sa.Text),
}
"""The column of every field of a group that can be asked about."""
LISTING = Listing(groups, _COLUMNS, FIELDS, groups.c.id, indexed=frozenset({"display_name"}))


def find(tx: Transaction, tenant_id: str, group_id: str, *, lock: Lock = Lock.NONE) -> Group | None:
    """A group by id."""
    statement = sa.select(*_COLUMNS).where(groups.c.tenant_id == tenant_id, groups.c.id == group_id)
    row = tx.execute(locked(statement, lock)).first()
    return None if row is None else read(row)


def lock(tx: Transaction, tenant_id: str) -> None:
    """Let changes of nesting pass one by one, so that two of them cannot close a circle together."""
    if tx.dialect.name == "postgresql":
        tx.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext(f"groups {tenant_id}"))))


def list_page(tx: Transaction, tenant_id: str, query: Query) -> Page[Group]:
    """A page of groups."""
    return listing.list_page(tx, LISTING, groups.c.tenant_id == tenant_id, query, read)


def count(tx: Transaction, tenant_id: str, query: Query) -> int:
    """How many groups match."""
    return listing.count(tx, LISTING, groups.c.tenant_id == tenant_id, query)


def insert(tx: Transaction, tenant_id: str, group: Group) -> None:
    """Add a group."""
    tx.execute(sa.insert(groups).values(tenant_id=tenant_id, **_values(group)))


def update(tx: Transaction, tenant_id: str, group: Group) -> None:
    """Save a group."""
    tx.execute(sa.update(groups).where(groups.c.tenant_id == tenant_id, groups.c.id == group.id).values(_values(group)))


def delete(tx: Transaction, tenant_id: str, group_id: str) -> bool:
    """Remove a group with its memberships and roles. Returns whether it was there."""
    # the group first, as with people: what others added meanwhile is seen only afterwards
    gone = tx.execute(sa.delete(groups).where(groups.c.tenant_id == tenant_id, groups.c.id == group_id)).rowcount == 1
    for table in (group_members, administrative_unit_members):
        tx.execute(sa.delete(table).where(table.c.tenant_id == tenant_id, table.c.member_id == group_id))
    assigned = role_assignments.c
    tx.execute(sa.delete(role_assignments).where(assigned.tenant_id == tenant_id, assigned.principal_id == group_id))
    return gone


def add_owner(tx: Transaction, tenant_id: str, group_id: str, user_id: str) -> bool:
    """Make somebody an owner. Returns False when they are one already."""
    values = {"tenant_id": tenant_id, "group_id": group_id, "user_id": user_id}
    return tx.execute(upsert(tx, group_owners).values(values).on_conflict_do_nothing()).rowcount == 1


def remove_owner(tx: Transaction, tenant_id: str, group_id: str, user_id: str) -> bool:
    """Take ownership away. Returns whether they had it."""
    owner = group_owners.c
    removed = tx.execute(
        sa.delete(group_owners).where(
            owner.tenant_id == tenant_id, owner.group_id == group_id, owner.user_id == user_id
        )
    )
    return removed.rowcount == 1


def list_owners(tx: Transaction, tenant_id: str, group_id: str, query: Query) -> Page[User]:
    """A page of owners."""
    owner = group_owners.c
    owns = sa.select(owner.user_id).where(owner.tenant_id == tenant_id, owner.group_id == group_id)
    within = sa.and_(users.c.tenant_id == tenant_id, users.c.id.in_(owns))
    return listing.list_page(tx, user_store.LISTING, within, query, user_store.read)


def read(row: Any, prefix: str = "") -> Group:  # noqa: ANN401 - a row that holds the columns above
    """The group in a row; `prefix` is what the columns' labels begin with."""
    return Group(**{name: row._mapping[f"{prefix}{name}"] for name in _NAMES})


def _values(group: Group) -> dict[str, Any]:
    return {name: getattr(group, name) for name in _NAMES} | {"display_name_key": fold(group.display_name)}
