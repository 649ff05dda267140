"""Who is in what: members of groups and administrative units, in either direction."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from badgepin.domain.group import Member, MemberKind
from badgepin.store.tables import (
    administrative_unit_members,
    group_members,
    groups,
    users,
)
from badgepin.store.transaction import Transaction


@dataclass(frozen=True)
class Membership:
    """A membership table and the column that names the container."""

    table: sa.Table
    container: str


GROUPS = Membership(group_members, "group_id")
UNITS = Membership(administrative_unit_members, "administrative_unit_id")


def add(tx: Transaction, where: Membership, tenant_id: str, container_id: str, member: Member) -> bool:
    """Add a member. Returns False when it is one already."""
    insert = postgresql.insert if tx.dialect.name == "postgresql" else sqlite.insert
    values = {
        "tenant_id": tenant_id,
        where.container: container_id,
        "member_id": member.id,
        "member_kind": member.kind.value,
    }
    return tx.execute(insert(where.table).values(values).on_conflict_do_nothing()).rowcount == 1


def remove(tx: Transaction, where: Membership, tenant_id: str, container_id: str, member_id: str) -> bool:
    """Remove a member. Returns whether it was one."""
    table = where.table
    removed = tx.execute(
        sa.delete(table).where(
            table.c.tenant_id == tenant_id, table.c[where.container] == container_id, table.c.member_id == member_id
        )
    )
    return removed.rowcount == 1


def list_members(
    tx: Transaction, where: Membership, tenant_id: str, container_id: str, *, after: str, limit: int
) -> list[Member]:
    """A page of direct members, in the order of their ids."""
    table = where.table
    statement = _named(
        sa.select(table.c.member_id.label("id"), table.c.member_kind.label("kind"))
        .where(table.c.tenant_id == tenant_id, table.c[where.container] == container_id, table.c.member_id > after)
        .subquery(),
        tenant_id,
    )
    return _read(tx, statement.limit(limit))


def list_transitive_members(tx: Transaction, tenant_id: str, group_id: str, *, after: str, limit: int) -> list[Member]:
    """A page of direct and nested members of a group."""
    table = group_members
    reached = (
        sa.select(table.c.member_id.label("id"), table.c.member_kind.label("kind"))
        .where(table.c.tenant_id == tenant_id, table.c.group_id == group_id)
        .cte("reached", recursive=True)
    )
    reached = reached.union(
        sa.select(table.c.member_id, table.c.member_kind)
        .join(reached, reached.c.id == table.c.group_id)
        .where(table.c.tenant_id == tenant_id)
    )
    chosen = sa.select(reached.c.id, reached.c.kind).where(reached.c.id > after).distinct().subquery()
    return _read(tx, _named(chosen, tenant_id).limit(limit))


def list_groups_of(
    tx: Transaction, tenant_id: str, member_id: str, *, transitive: bool, after: str, limit: int
) -> list[Member]:
    """A page of the groups that somebody is in, directly or through other groups."""
    reached = _groups_above(tenant_id, member_id, transitive=transitive)
    chosen = (
        sa.select(reached.c.id, sa.literal(MemberKind.GROUP.value).label("kind"))
        .where(reached.c.id > after)
        .distinct()
        .subquery()
    )
    return _read(tx, _named(chosen, tenant_id).limit(limit))


def group_ids_above(tx: Transaction, tenant_id: str, member_id: str) -> frozenset[str]:
    """Every group that somebody is in, directly or through other groups."""
    reached = _groups_above(tenant_id, member_id, transitive=True)
    return frozenset(tx.execute(sa.select(reached.c.id)).scalars())


def is_within(tx: Transaction, tenant_id: str, member_id: str, *, container_id: str) -> bool:
    """Whether somebody is in a group, directly or through other groups."""
    reached = _groups_above(tenant_id, member_id, transitive=True)
    return tx.execute(sa.select(reached.c.id).where(reached.c.id == container_id).limit(1)).first() is not None


def _groups_above(tenant_id: str, member_id: str, *, transitive: bool) -> sa.CTE:
    table = group_members
    reached = (
        sa.select(table.c.group_id.label("id"))
        .where(table.c.tenant_id == tenant_id, table.c.member_id == member_id)
        .cte("reached", recursive=True)
    )
    if not transitive:
        return reached
    return reached.union(
        sa.select(table.c.group_id)
        .join(reached, reached.c.id == table.c.member_id)
        .where(table.c.tenant_id == tenant_id)
    )


def _named(members: sa.Subquery, tenant_id: str) -> sa.Select[Any]:
    return (
        sa.select(
            members.c.id,
            members.c.kind,
            sa.func.coalesce(users.c.display_name, groups.c.display_name, "").label("display_name"),
            users.c.user_principal_name,
        )
        .select_from(
            members.outerjoin(users, sa.and_(users.c.tenant_id == tenant_id, users.c.id == members.c.id)).outerjoin(
                groups, sa.and_(groups.c.tenant_id == tenant_id, groups.c.id == members.c.id)
            )
        )
        .order_by(members.c.id)
    )


def _read(tx: Transaction, statement: sa.Select[Any]) -> list[Member]:
    return [
        Member(row.id, MemberKind(row.kind), row.display_name, row.user_principal_name) for row in tx.execute(statement)
    ]
