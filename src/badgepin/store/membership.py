"""Who is in what: members of groups and administrative units, in either direction."""

from dataclasses import dataclass

import sqlalchemy as sa

from badgepin.domain.caller import TENANT_WIDE
from badgepin.domain.directory_object import DirectoryObject
from badgepin.domain.group import Member, MemberKind
from badgepin.domain.query import Page, Query
from badgepin.store import listing
from badgepin.store.directory_object import objects_among, read_object
from badgepin.store.filter import Condition
from badgepin.store.listing import Listing
from badgepin.store.tables import administrative_unit_members, group_members, role_assignments
from badgepin.store.transaction import Transaction
from badgepin.store.upsert import upsert


@dataclass(frozen=True)
class Membership:
    """A membership table and the column that names the container."""

    table: sa.Table
    container: str


GROUPS = Membership(group_members, "group_id")
UNITS = Membership(administrative_unit_members, "administrative_unit_id")


def add(tx: Transaction, where: Membership, tenant_id: str, container_id: str, member: Member) -> bool:
    """Add a member. Returns False when it is one already."""
    values = {
        "tenant_id": tenant_id,
        where.container: container_id,
        "member_id": member.id,
        "member_kind": member.kind.value,
    }
    return tx.execute(upsert(tx, where.table).values(values).on_conflict_do_nothing()).rowcount == 1


def remove(tx: Transaction, where: Membership, tenant_id: str, container_id: str, member_id: str) -> bool:
    """Remove a member. Returns whether it was one."""
    table = where.table
    removed = tx.execute(
        sa.delete(table).where(
            table.c.tenant_id == tenant_id, table.c[where.container] == container_id, table.c.member_id == member_id
        )
    )
    return removed.rowcount == 1


def people_in_units(tenant_id: str, unit_ids: frozenset[str]) -> sa.Select[tuple[str]]:
    """The ids of people who are members of any of these units."""
    member = administrative_unit_members.c
    return sa.select(member.member_id).where(
        member.tenant_id == tenant_id,
        member.member_kind == MemberKind.USER.value,
        member.administrative_unit_id.in_(sorted(unit_ids)),
    )


def list_members(
    tx: Transaction, where: Membership, tenant_id: str, container_id: str, query: Query, only: MemberKind | None = None
) -> Page[DirectoryObject]:
    """A page of direct members."""
    return listing.list_page(tx, *_members(where, tenant_id, container_id, only), query, read_object)


def count_members(
    tx: Transaction, where: Membership, tenant_id: str, container_id: str, query: Query, only: MemberKind | None = None
) -> int:
    """How many direct members match."""
    return listing.count(tx, *_members(where, tenant_id, container_id, only), query)


def list_transitive_members(
    tx: Transaction, tenant_id: str, group_id: str, query: Query, only: MemberKind | None = None
) -> Page[DirectoryObject]:
    """A page of direct and nested members of a group."""
    return listing.list_page(tx, *_transitive_members(tenant_id, group_id, only), query, read_object)


def count_transitive_members(
    tx: Transaction, tenant_id: str, group_id: str, query: Query, only: MemberKind | None = None
) -> int:
    """How many direct and nested members match."""
    return listing.count(tx, *_transitive_members(tenant_id, group_id, only), query)


def list_containers(
    tx: Transaction, tenant_id: str, member_id: str, query: Query, kinds: frozenset[MemberKind], *, transitive: bool
) -> Page[DirectoryObject]:
    """A page of what somebody is in, of these kinds (groups, units, roles), also through groups where asked."""
    return listing.list_page(tx, *_containers(tenant_id, member_id, kinds, transitive=transitive), query, read_object)


def count_containers(
    tx: Transaction, tenant_id: str, member_id: str, query: Query, kinds: frozenset[MemberKind], *, transitive: bool
) -> int:
    """How many of these kinds somebody is in."""
    return listing.count(tx, *_containers(tenant_id, member_id, kinds, transitive=transitive), query)


def _members(
    where: Membership, tenant_id: str, container_id: str, only: MemberKind | None
) -> tuple[Listing, Condition]:
    table = where.table
    members = (
        sa.select(table.c.member_id.label("id"), table.c.member_kind.label("kind"))
        .where(table.c.tenant_id == tenant_id, table.c[where.container] == container_id)
        .subquery("member")
    )
    return objects_among(members, tenant_id, only)


def people_in_group(tenant_id: str, group_id: str) -> sa.Select[tuple[str]]:
    """The ids of people who are in a group, directly or through other groups."""
    reached = _reached(tenant_id, group_id)
    return sa.select(reached.c.id).where(reached.c.kind == MemberKind.USER.value)


def _transitive_members(tenant_id: str, group_id: str, only: MemberKind | None) -> tuple[Listing, Condition]:
    return objects_among(_reached(tenant_id, group_id), tenant_id, only)


def _reached(tenant_id: str, group_id: str) -> sa.CTE:
    table = group_members
    reached = (
        sa.select(table.c.member_id.label("id"), table.c.member_kind.label("kind"))
        .where(table.c.tenant_id == tenant_id, table.c.group_id == group_id)
        .cte("reached", recursive=True)
    )
    return reached.union(
        sa.select(table.c.member_id, table.c.member_kind)
        .join(reached, reached.c.id == table.c.group_id)
        .where(table.c.tenant_id == tenant_id)
        # people hold nobody: looking would be a search for each of them
        .where(reached.c.kind == MemberKind.GROUP.value)
    )


def _containers(
    tenant_id: str, member_id: str, kinds: frozenset[MemberKind], *, transitive: bool
) -> tuple[Listing, Condition]:
    reached = _groups_above(tenant_id, member_id, transitive=transitive)
    unit, role = administrative_unit_members.c, role_assignments.c
    holders = sa.select(reached.c.id) if transitive else sa.select(reached.c.id).where(sa.false())
    found = sa.union(
        sa.select(reached.c.id, _kind(MemberKind.GROUP)),
        sa.select(unit.administrative_unit_id, _kind(MemberKind.UNIT)).where(
            unit.tenant_id == tenant_id, unit.member_id == member_id
        ),
        sa.select(role.role_definition_id, _kind(MemberKind.ROLE)).where(
            role.tenant_id == tenant_id,
            role.administrative_unit_id == TENANT_WIDE,
            sa.or_(role.principal_id == member_id, role.principal_id.in_(holders)),
        ),
    ).subquery("member")
    only = next(iter(kinds)) if len(kinds) == 1 else None
    listed, within = objects_among(found, tenant_id, only)
    return listed, sa.and_(within, found.c.kind.in_([kind.value for kind in kinds]))


def _kind(kind: MemberKind) -> sa.Label[str]:
    return sa.literal(kind.value, sa.Text).label("kind")


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
