"""What the directory says about a caller now: one statement, never cached (security design 5.2)."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa

from badgepin.domain.caller import Call, RoleGrant, Standing
from badgepin.store.columns import Instant, guid
from badgepin.store.desk_tables import desk_sessions
from badgepin.store.json_rows import json_rows, read_rows
from badgepin.store.session import joined_sessions, lives
from badgepin.store.sign_in_tables import grants, sessions
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


@dataclass(frozen=True)
class CallerSource:
    """Where a caller's row is, the columns that make its `Standing`, and when its token counts."""

    table: sa.FromClause
    columns: tuple[sa.ColumnElement[Any], ...]
    conditions: tuple[sa.ColumnElement[bool], ...]


TENANT, _CLIENT = sa.bindparam("tenant", type_=guid()), sa.bindparam("client", type_=guid())
_USER, _GENERATION = sa.bindparam("caller_user", type_=guid()), sa.bindparam("generation", type_=sa.Integer())
_CLIENT_GENERATION = sa.bindparam("client_generation", type_=sa.Integer())
_GRANT = sa.bindparam("grant", type_=guid())
_DESK_SESSION = sa.bindparam("desk_session", type_=guid())


def caller_values(call: Call) -> dict[str, Any]:
    """The values that a statement built on `caller_source` is executed with."""
    caller = call.caller
    values = {"tenant": caller.tenant_id, "client": caller.client_id, "generation": caller.token_generation}
    if caller.is_application:
        return values
    values |= {"caller_user": caller.user_id, "client_generation": caller.client_generation}
    if caller.desk_session_id is not None:
        return {**values, "desk_session": caller.desk_session_id, "at": call.now}
    return values if caller.grant_id is None else {**values, "grant": caller.grant_id, "at": call.now}


@dataclass(frozen=True)
class CallerKind:
    """What decides how a caller is looked up."""

    is_application: bool
    has_grant: bool
    sessions_end_with_code: bool
    is_at_desk: bool = False


def kind_of(call: Call) -> CallerKind:
    """How this call's caller is looked up."""
    caller = call.caller
    return CallerKind(
        caller.is_application, caller.grant_id is not None, call.sessions_end_with_code, caller.is_at_desk
    )


@cache
def caller_source(kind: CallerKind) -> CallerSource:
    """Built once for each kind of caller: building statements anew would cost more than running them."""
    client = applications.alias("caller_application")
    if kind.is_application:
        columns: tuple[sa.ColumnElement[Any], ...] = (
            client.c.service_principal_id.label("caller_id"),
            client.c.display_name.label("caller_name"),
            sa.literal_column("''").label("caller_upn"),
            sa.literal_column("'Application'").label("caller_type"),
            sa.literal_column("'[]'").label("caller_grants"),
        )
        conditions: tuple[sa.ColumnElement[bool], ...] = (
            client.c.tenant_id == TENANT,
            client.c.client_id == _CLIENT,
            client.c.account_enabled,
            client.c.token_generation == _GENERATION,
        )
        return CallerSource(client, columns, conditions)
    user = users.alias("caller_user")
    columns = (
        user.c.id.label("caller_id"),
        user.c.display_name.label("caller_name"),
        user.c.user_principal_name.label("caller_upn"),
        user.c.user_type.label("caller_type"),
        grants_of(user.c.tenant_id, user.c.id).label("caller_grants"),
    )
    joined = user.join(client, sa.and_(client.c.tenant_id == user.c.tenant_id, client.c.client_id == _CLIENT))
    conditions = (
        user.c.tenant_id == TENANT,
        user.c.id == _USER,
        user.c.account_enabled,
        user.c.token_generation == _GENERATION,
        client.c.account_enabled,
        client.c.token_generation == _CLIENT_GENERATION,
    )
    if kind.has_grant:
        alive = living_grants(ends_with_code=kind.sessions_end_with_code)
        conditions = (*conditions, sa.exists(alive.where(users.c.tenant_id == TENANT, grants.c.id == _GRANT)))
    if kind.is_at_desk:
        conditions = (*conditions, sa.exists(_living_desk_session()))
    return CallerSource(joined, columns, conditions)


def _living_desk_session() -> sa.Select[Any]:
    # that nobody used it for too long was seen at the door; that it ended since is seen here
    session = desk_sessions.c
    return sa.select(session.id).where(
        session.tenant_id == TENANT,
        session.id == _DESK_SESSION,
        session.user_id == _USER,
        session.ended_at.is_(None),
        session.expires_at > sa.bindparam("at", type_=Instant),
    )


def read_standing(row: Any) -> Standing:  # noqa: ANN401 - a row of any statement that selects caller_source's columns
    """The standing in a row."""
    return Standing(
        row.caller_id, row.caller_name, row.caller_upn, row.caller_type == "Guest", read_grants(row.caller_grants)
    )


def living_grants(*, ends_with_code: bool) -> sa.Select[Any]:
    """Grants that count at the moment `at`, with everything above them: session, code, person and PIN."""
    above = joined_sessions().join(
        grants, sa.and_(grants.c.tenant_id == sessions.c.tenant_id, grants.c.session_id == sessions.c.id)
    )
    at = sa.bindparam("at", type_=Instant)
    return (
        sa.select(grants.c.id)
        .select_from(above)
        .where(grants.c.revoked_at.is_(None), grants.c.expires_at > at, lives(ends_with_code=ends_with_code))
    )


def find(tx: Transaction, call: Call) -> Standing | None:
    """The caller's standing, or None when the token no longer counts: disabled, deleted, or older than a revocation."""
    row = tx.execute(_statement(kind_of(call)), caller_values(call)).first()
    return None if row is None else read_standing(row)


@cache
def _statement(kind: CallerKind) -> sa.Select[Any]:
    source = caller_source(kind)
    return sa.select(*source.columns).select_from(source.table).where(*source.conditions)
