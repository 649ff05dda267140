"""Rows of groups and their owners."""

from dataclasses import fields
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from badgepin.domain.group import Group, Member, MemberKind
from badgepin.store.columns import reads_like
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

_NAMES = tuple(field.name for field in fields(Group))
_COLUMNS = tuple(groups.c[name] for name in _NAMES)


def find(tx: Transaction, tenant_id: str, group_id: str, *, lock: Lock = Lock.NONE) -> Group | None:
    """A group by id."""
    statement = sa.select(*_COLUMNS).where(groups.c.tenant_id == tenant_id, groups.c.id == group_id)
    row = tx.execute(locked(statement, lock)).first()
    return None if row is None else Group(**row._mapping)


def lock(tx: Transaction, tenant_id: str) -> None:
    """Let changes of nesting pass one by one, so that two of them cannot close a circle together."""
    if tx.dialect.name == "postgresql":
        tx.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext(f"groups {tenant_id}"))))


def list_page(
    tx: Transaction, tenant_id: str, *, after: str, limit: int, display_name: str | None = None
) -> list[Group]:
    """Groups in the order of their ids."""
    statement = sa.select(*_COLUMNS).where(groups.c.tenant_id == tenant_id, groups.c.id > after)
    if display_name is not None:
        statement = statement.where(reads_like(groups.c.display_name, display_name))
    return [Group(**row._mapping) for row in tx.execute(statement.order_by(groups.c.id).limit(limit))]


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
    insert_ = postgresql.insert if tx.dialect.name == "postgresql" else sqlite.insert
    values = {"tenant_id": tenant_id, "group_id": group_id, "user_id": user_id}
    return tx.execute(insert_(group_owners).values(values).on_conflict_do_nothing()).rowcount == 1


def remove_owner(tx: Transaction, tenant_id: str, group_id: str, user_id: str) -> bool:
    """Take ownership away. Returns whether they had it."""
    owner = group_owners.c
    removed = tx.execute(
        sa.delete(group_owners).where(
            owner.tenant_id == tenant_id, owner.group_id == group_id, owner.user_id == user_id
        )
    )
    return removed.rowcount == 1


def list_owners(tx: Transaction, tenant_id: str, group_id: str, *, after: str, limit: int) -> list[Member]:
    """A page of owners."""
    owner = group_owners.c
    rows = tx.execute(
        sa.select(users.c.id, users.c.display_name, users.c.user_principal_name)
        .join(group_owners, sa.and_(owner.tenant_id == users.c.tenant_id, owner.user_id == users.c.id))
        .where(owner.tenant_id == tenant_id, owner.group_id == group_id, users.c.id > after)
        .order_by(users.c.id)
        .limit(limit)
    )
    return [Member(row.id, MemberKind.USER, row.display_name, row.user_principal_name) for row in rows]


def _values(group: Group) -> dict[str, Any]:
    return {name: getattr(group, name) for name in _NAMES}
