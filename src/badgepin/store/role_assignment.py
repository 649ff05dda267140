"""Rows of role assignments."""

from typing import Any

import sqlalchemy as sa

from badgepin.domain.caller import TENANT_WIDE
from badgepin.domain.query import Page, Query
from badgepin.domain.role_assignment import Principal, RoleAssignment
from badgepin.store import listing
from badgepin.store.filter import Condition
from badgepin.store.listing import Listing
from badgepin.store.tables import applications, groups, role_assignments, tenants, users
from badgepin.store.transaction import Transaction
from badgepin.store.upsert import upsert

_row = role_assignments.c
_SCOPE = sa.case(
    (_row.administrative_unit_id == TENANT_WIDE, "/"),
    else_=sa.literal("/administrativeunits/", sa.Text) + _row.administrative_unit_id,
)
_NAMED = (
    role_assignments.outerjoin(users, sa.and_(users.c.tenant_id == _row.tenant_id, users.c.id == _row.principal_id))
    .outerjoin(groups, sa.and_(groups.c.tenant_id == _row.tenant_id, groups.c.id == _row.principal_id))
    .outerjoin(
        applications,
        sa.and_(applications.c.tenant_id == _row.tenant_id, applications.c.service_principal_id == _row.principal_id),
    )
)
_NAME = sa.func.coalesce(users.c.display_name, groups.c.display_name, applications.c.display_name, "")
_LISTING = Listing(
    _NAMED,
    (*role_assignments.c, _NAME.label("principal_name"), users.c.user_principal_name.label("principal_upn")),
    {
        "id": _row.id,
        "principal_id": _row.principal_id,
        "role_definition_id": _row.role_definition_id,
        "directory_scope_id": _SCOPE,
    },
    _row.id,
    indexed=frozenset({"principal_id"}),
)


def lock(tx: Transaction, tenant_id: str) -> None:
    """Let those who take roles away in one tenant pass one by one."""
    tx.execute(sa.select(tenants.c.tenant_id).where(tenants.c.tenant_id == tenant_id).with_for_update(key_share=True))


def insert(tx: Transaction, tenant_id: str, assignment: RoleAssignment) -> bool:
    """Add an assignment. Returns False when the same one is there."""
    values = {
        "tenant_id": tenant_id,
        "id": assignment.id,
        "principal_id": assignment.principal_id,
        "role_definition_id": assignment.role_id,
        "administrative_unit_id": assignment.unit_id,
        "created_at": assignment.created_at,
    }
    return tx.execute(upsert(tx, role_assignments).values(values).on_conflict_do_nothing()).rowcount == 1


def find(tx: Transaction, tenant_id: str, assignment_id: str) -> RoleAssignment | None:
    """An assignment by id."""
    statement = sa.select(role_assignments).where(_row.tenant_id == tenant_id, _row.id == assignment_id)
    row = tx.execute(statement).first()
    return None if row is None else _read(row)


def list_page(
    tx: Transaction, tenant_id: str, query: Query, *, role_id: str | None = None, unit_id: str | None = None
) -> Page[tuple[RoleAssignment, Principal]]:
    """A page of assignments and who holds them; of one role or one scope where named."""
    return listing.list_page(tx, _LISTING, _within(tenant_id, role_id, unit_id), query, _read_with_principal)


def count(tx: Transaction, tenant_id: str, query: Query) -> int:
    """How many assignments match."""
    return listing.count(tx, _LISTING, _within(tenant_id, None, None), query)


def _within(tenant_id: str, role_id: str | None, unit_id: str | None) -> Condition:
    conditions = [_row.tenant_id == tenant_id]
    conditions += [] if role_id is None else [_row.role_definition_id == role_id]
    conditions += [] if unit_id is None else [_row.administrative_unit_id == unit_id]
    return sa.and_(*conditions)


def delete(tx: Transaction, tenant_id: str, assignment_id: str) -> bool:
    """Remove an assignment. Returns whether it was there."""
    statement = sa.delete(role_assignments).where(_row.tenant_id == tenant_id, _row.id == assignment_id)
    return tx.execute(statement).rowcount == 1


def is_service_principal(tx: Transaction, tenant_id: str, principal_id: str) -> bool:
    """Whether an id names an application's service principal."""
    application = applications.c
    statement = sa.select(application.id).where(
        application.tenant_id == tenant_id, application.service_principal_id == principal_id
    )
    return tx.execute(statement).first() is not None


def _read_with_principal(row: Any) -> tuple[RoleAssignment, Principal]:  # noqa: ANN401 - a row of the listing
    return _read(row), Principal(row.principal_id, row.principal_name, row.principal_upn)


def _read(row: Any) -> RoleAssignment:  # noqa: ANN401 - a row of the table
    return RoleAssignment(row.id, row.principal_id, row.role_definition_id, row.administrative_unit_id, row.created_at)
