"""What many objects lead to, in one statement: the first few of each."""

from collections import defaultdict
from collections.abc import Callable, Sequence

import sqlalchemy as sa

from badgepin.domain.caller import TENANT_WIDE
from badgepin.domain.directory_object import DirectoryObject, Relation
from badgepin.domain.group import MemberKind
from badgepin.store.directory_object import objects_among, read_object
from badgepin.store.tables import (
    administrative_unit_members,
    group_members,
    group_owners,
    role_assignments,
    users,
)
from badgepin.store.transaction import Transaction

Edges = sa.Select[tuple[str, str, str]]


def list_related(
    tx: Transaction, tenant_id: str, relation: Relation, ids: Sequence[str], *, limit: int
) -> dict[str, list[DirectoryObject]]:
    """At most `limit` objects for each id, in the order of their own ids."""
    edges = _EDGES[relation](tenant_id, ids).subquery("edge")
    place = sa.func.row_number().over(partition_by=edges.c.root, order_by=edges.c.id).label("place")
    numbered = sa.select(edges.c.root, edges.c.id, edges.c.kind, place).subquery("member")
    listing, _ = objects_among(numbered, tenant_id, None)
    statement = (
        sa.select(numbered.c.root.label("root"), *listing.columns)
        .select_from(listing.source)
        .where(numbered.c.place <= limit)
        .order_by(numbered.c.root, numbered.c.id)
    )
    found: defaultdict[str, list[DirectoryObject]] = defaultdict(list)
    for row in tx.execute(statement):
        found[row.root].append(read_object(row))
    return found


def _kind(kind: MemberKind) -> sa.Label[str]:
    return sa.literal(kind.value, sa.Text).label("kind")


def _members(tenant_id: str, ids: Sequence[str]) -> Edges:
    member = group_members.c
    return sa.select(
        member.group_id.label("root"), member.member_id.label("id"), member.member_kind.label("kind")
    ).where(member.tenant_id == tenant_id, member.group_id.in_(ids))


def _unit_members(tenant_id: str, ids: Sequence[str]) -> Edges:
    member = administrative_unit_members.c
    unit = member.administrative_unit_id
    return sa.select(unit.label("root"), member.member_id.label("id"), member.member_kind.label("kind")).where(
        member.tenant_id == tenant_id, unit.in_(ids)
    )


def _owners(tenant_id: str, ids: Sequence[str]) -> Edges:
    owner = group_owners.c
    return sa.select(owner.group_id.label("root"), owner.user_id.label("id"), _kind(MemberKind.USER)).where(
        owner.tenant_id == tenant_id, owner.group_id.in_(ids)
    )


def _member_of(tenant_id: str, ids: Sequence[str]) -> Edges:
    return _above(tenant_id, ids, transitive=False)


def _transitive_member_of(tenant_id: str, ids: Sequence[str]) -> Edges:
    return _above(tenant_id, ids, transitive=True)


def _above(tenant_id: str, ids: Sequence[str], *, transitive: bool) -> Edges:
    member, unit, role = group_members.c, administrative_unit_members.c, role_assignments.c
    groups = (
        sa.select(member.member_id.label("root"), member.group_id.label("id"))
        .where(member.tenant_id == tenant_id, member.member_id.in_(ids))
        .cte("above", recursive=True)
    )
    if transitive:
        step = sa.select(groups.c.root, member.group_id).join(groups, groups.c.id == member.member_id)
        groups = groups.union(step.where(member.tenant_id == tenant_id))
    tenant_wide = sa.and_(role.tenant_id == tenant_id, role.administrative_unit_id == TENANT_WIDE)
    held = sa.select(role.principal_id, role.role_definition_id, _kind(MemberKind.ROLE)).where(
        tenant_wide, role.principal_id.in_(ids)
    )
    through = sa.select(groups.c.root, role.role_definition_id, _kind(MemberKind.ROLE)).where(
        tenant_wide, role.principal_id == groups.c.id
    )
    edges = sa.union(
        sa.select(groups.c.root, groups.c.id, _kind(MemberKind.GROUP)),
        sa.select(unit.member_id, unit.administrative_unit_id, _kind(MemberKind.UNIT)).where(
            unit.tenant_id == tenant_id, unit.member_id.in_(ids)
        ),
        held,
        *([through] if transitive else []),
    ).subquery("above_all")
    return sa.select(edges.c.root, edges.c.id, edges.c.kind)


def _manager(tenant_id: str, ids: Sequence[str]) -> Edges:
    person = users.c
    return sa.select(person.id.label("root"), person.manager_id.label("id"), _kind(MemberKind.USER)).where(
        person.tenant_id == tenant_id, person.id.in_(ids), person.manager_id.is_not(None)
    )


def _direct_reports(tenant_id: str, ids: Sequence[str]) -> Edges:
    person = users.c
    return sa.select(person.manager_id.label("root"), person.id.label("id"), _kind(MemberKind.USER)).where(
        person.tenant_id == tenant_id, person.manager_id.in_(ids)
    )


_EDGES: dict[Relation, Callable[[str, Sequence[str]], Edges]] = {
    Relation.MEMBERS: _members,
    Relation.OWNERS: _owners,
    Relation.UNIT_MEMBERS: _unit_members,
    Relation.MANAGER: _manager,
    Relation.DIRECT_REPORTS: _direct_reports,
    Relation.MEMBER_OF: _member_of,
    Relation.TRANSITIVE_MEMBER_OF: _transitive_member_of,
}
