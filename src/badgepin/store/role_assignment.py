"""Rows of role assignments."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from badgepin.domain.role_assignment import RoleAssignment
from badgepin.store.tables import applications, role_assignments
from badgepin.store.transaction import Transaction

_row = role_assignments.c


def insert(tx: Transaction, tenant_id: str, assignment: RoleAssignment) -> bool:
    """Add an assignment. Returns False when the same one is there."""
    insert_ = postgresql.insert if tx.dialect.name == "postgresql" else sqlite.insert
    values = {
        "tenant_id": tenant_id,
        "id": assignment.id,
        "principal_id": assignment.principal_id,
        "role_definition_id": assignment.role_id,
        "administrative_unit_id": assignment.unit_id,
        "created_at": assignment.created_at,
    }
    return tx.execute(insert_(role_assignments).values(values).on_conflict_do_nothing()).rowcount == 1


def find(tx: Transaction, tenant_id: str, assignment_id: str) -> RoleAssignment | None:
    """An assignment by id."""
    statement = sa.select(role_assignments).where(_row.tenant_id == tenant_id, _row.id == assignment_id)
    row = tx.execute(statement).first()
    return None if row is None else _read(row)


def list_page(  # noqa: PLR0913 - one statement, every filter named
    tx: Transaction,
    tenant_id: str,
    *,
    after: str,
    limit: int,
    principal_id: str | None = None,
    role_id: str | None = None,
    unit_id: str | None = None,
) -> list[RoleAssignment]:
    """Assignments in the order of their ids."""
    statement = sa.select(role_assignments).where(_row.tenant_id == tenant_id, _row.id > after)
    for column, wanted in (
        (_row.principal_id, principal_id),
        (_row.role_definition_id, role_id),
        (_row.administrative_unit_id, unit_id),
    ):
        if wanted is not None:
            statement = statement.where(column == wanted)
    return [_read(row) for row in tx.execute(statement.order_by(_row.id).limit(limit))]


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


def _read(row: Any) -> RoleAssignment:  # noqa: ANN401 - a row of the table
    return RoleAssignment(row.id, row.principal_id, row.role_definition_id, row.administrative_unit_id, row.created_at)
