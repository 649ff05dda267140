"""What the directory says about a caller now: one statement, never cached (security design 5.2)."""

from typing import Any

import sqlalchemy as sa

from badgepin.domain.caller import Caller, RoleGrant, Standing
from badgepin.store.json_rows import json_rows, read_rows
from badgepin.store.tables import applications, group_members, groups, role_assignments, users
from badgepin.store.transaction import Transaction

_assigned = role_assignments.alias("assigned")
_membership = group_members.alias("role_membership")
_role_group = groups.alias("role_group")


def role_groups_of(tenant_id: sa.ColumnElement[str], member_id: sa.ColumnElement[str]) -> sa.Select[tuple[str]]:
    """The role-assignable groups somebody is a member of; only such groups pass a role on."""
    return (
        sa.select(_membership.c.group_id)
        .join(
            _role_group,
            sa.and_(_role_group.c.tenant_id == _membership.c.tenant_id, _role_group.c.id == _membership.c.group_id),
        )
        .where(_membership.c.tenant_id == tenant_id, _membership.c.member_id == member_id)
        .where(_role_group.c.is_assignable_to_role)
        # without this the principal's table would join the subquery, and every member's role would be everybody's
        .correlate_except(_membership, _role_group)
    )


def grants_of(tenant_id: sa.ColumnElement[str], principal_id: sa.ColumnElement[str]) -> sa.ScalarSelect[str]:
    """The roles held directly or through a role-assignable group, as JSON rows (role, unit)."""
    groups_of_principal = role_groups_of(tenant_id, principal_id)
    return json_rows(
        sa.select(_assigned.c.role_definition_id, _assigned.c.administrative_unit_id)
        .where(_assigned.c.tenant_id == tenant_id)
        .where(sa.or_(_assigned.c.principal_id == principal_id, _assigned.c.principal_id.in_(groups_of_principal)))
        .correlate_except(_assigned)
    )


def read_grants(text: str | None) -> frozenset[RoleGrant]:
    """The grants in a column made by `grants_of`."""
    return frozenset(RoleGrant(role, unit) for role, unit in read_rows(text))


def caller_source(caller: Caller) -> tuple[sa.FromClause, list[sa.ColumnElement[Any]], list[sa.ColumnElement[bool]]]:
    """Where the caller's row is, the columns that make its `Standing`, and when its token counts."""
    application = applications.alias("caller_application")
    if caller.is_application:
        columns: list[sa.ColumnElement[Any]] = [
            application.c.service_principal_id.label("caller_id"),
            application.c.display_name.label("caller_name"),
            sa.literal("").label("caller_upn"),
            sa.literal("Application").label("caller_type"),
            sa.literal("[]").label("caller_grants"),
        ]
        return (
            application,
            columns,
            [
                application.c.tenant_id == caller.tenant_id,
                application.c.client_id == caller.client_id,
                application.c.account_enabled,
                application.c.token_generation == caller.token_generation,
            ],
        )
    user = users.alias("caller_user")
    columns = [
        user.c.id.label("caller_id"),
        user.c.display_name.label("caller_name"),
        user.c.user_principal_name.label("caller_upn"),
        user.c.user_type.label("caller_type"),
        grants_of(user.c.tenant_id, user.c.id).label("caller_grants"),
    ]
    source = user.join(
        application, sa.and_(application.c.tenant_id == user.c.tenant_id, application.c.client_id == caller.client_id)
    )
    return (
        source,
        columns,
        [
            user.c.tenant_id == caller.tenant_id,
            user.c.id == caller.user_id,
            user.c.account_enabled,
            user.c.token_generation == caller.token_generation,
            application.c.account_enabled,
        ],
    )


def read_standing(row: Any) -> Standing:  # noqa: ANN401 - a row of any statement that selects caller_source's columns
    """The standing in a row."""
    return Standing(
        row.caller_id, row.caller_name, row.caller_upn, row.caller_type == "Guest", read_grants(row.caller_grants)
    )


def find(tx: Transaction, caller: Caller) -> Standing | None:
    """The caller's standing, or None when the token no longer counts: disabled, deleted, or older than a revocation."""
    source, columns, conditions = caller_source(caller)
    row = tx.execute(sa.select(*columns).select_from(source).where(*conditions)).first()
    return None if row is None else read_standing(row)
