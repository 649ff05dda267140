"""Conditions on people: who holds a role, and who stands so close to one that only few may look after them."""

import sqlalchemy as sa

from badgepin.store.standing import role_groups_of
from badgepin.store.tables import group_owners, groups, role_assignments, users

_held = role_assignments.alias("held_role")
_owned = groups.alias("owned_role_group")


def holds_role(role_ids: frozenset[str] | None = None) -> sa.ColumnElement[bool]:
    """Whether the person of the row holds one of these roles, or any (None), directly or through a group."""
    held = (
        sa.select(_held.c.id)
        .where(_held.c.tenant_id == users.c.tenant_id)
        .where(
            sa.or_(
                _held.c.principal_id == users.c.id,
                _held.c.principal_id.in_(role_groups_of(users.c.tenant_id, users.c.id)),
            )
        )
    )
    if role_ids is not None:
        held = held.where(_held.c.role_definition_id.in_(sorted(role_ids)))
    return sa.exists(held.correlate(users))


def may_come_to_a_role() -> sa.ColumnElement[bool]:
    """Whether the person holds a role, or is a member or owner of a group that roles can be assigned to."""
    owned = (
        sa.select(group_owners.c.group_id)
        .join(_owned, sa.and_(_owned.c.tenant_id == group_owners.c.tenant_id, _owned.c.id == group_owners.c.group_id))
        .where(group_owners.c.tenant_id == users.c.tenant_id, group_owners.c.user_id == users.c.id)
        .where(_owned.c.is_assignable_to_role)
        .correlate(users)
    )
    return sa.or_(holds_role(), sa.exists(role_groups_of(users.c.tenant_id, users.c.id)), sa.exists(owned))
