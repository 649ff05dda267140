"""Rows of tenants, and of the application as which the command line acts in them."""

from typing import Any

import sqlalchemy as sa

from badgepin.domain.caller import Caller
from badgepin.domain.filter import fold
from badgepin.domain.tenant import COMMAND_LINE_CLIENT, BuiltIn, Tenant
from badgepin.store.tables import applications, tenants
from badgepin.store.transaction import Transaction


def insert(tx: Transaction, tenant: Tenant) -> None:
    """Add a tenant."""
    tx.execute(
        sa.insert(tenants).values(
            tenant_id=tenant.id,
            display_name=tenant.display_name,
            default_domain=tenant.default_domain,
            created_at=tenant.created_at,
        )
    )


def insert_built_in(
    tx: Transaction, tenant: Tenant, built_in: BuiltIn, *, application_id: str, service_principal_id: str
) -> None:
    """Add one of the tenant's built-in applications; it has no secret, so nobody gets a token for it."""
    tx.execute(
        sa.insert(applications).values(
            tenant_id=tenant.id,
            id=application_id,
            client_id=built_in.client_id,
            service_principal_id=service_principal_id,
            display_name=built_in.name,
            display_name_key=fold(built_in.name),
            description=built_in.description,
            account_enabled=True,
            created_at=tenant.created_at,
        )
    )


def find_command_line(tx: Transaction, tenant_id: str) -> Caller | None:
    """The built-in application as a caller, unless somebody removed it."""
    generation = tx.execute(
        sa.select(applications.c.token_generation).where(
            applications.c.tenant_id == tenant_id, applications.c.client_id == COMMAND_LINE_CLIENT
        )
    ).scalar_one_or_none()
    return None if generation is None else Caller(tenant_id, COMMAND_LINE_CLIENT, None, frozenset(), generation)


def find(tx: Transaction, tenant_id: str) -> Tenant | None:
    """A tenant by id."""
    row = tx.execute(sa.select(tenants).where(tenants.c.tenant_id == tenant_id)).first()
    return None if row is None else _read(row)


def list_all(tx: Transaction) -> list[Tenant]:
    """Every tenant, the oldest first."""
    return [_read(row) for row in tx.execute(sa.select(tenants).order_by(tenants.c.created_at, tenants.c.tenant_id))]


def _read(row: Any) -> Tenant:  # noqa: ANN401 - a row of `tenants`
    return Tenant(row.tenant_id, row.display_name, row.default_domain, row.created_at)
