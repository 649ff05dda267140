"""Rows of what applications may do: for themselves, and for people."""

from typing import Any

import sqlalchemy as sa

from badgepin.domain.application import DelegatedGrant, PermissionGrant
from badgepin.domain.query import Page, Query
from badgepin.store import listing
from badgepin.store.application_tables import application_permissions, delegated_grants
from badgepin.store.listing import Listing
from badgepin.store.tables import applications
from badgepin.store.transaction import Transaction
from badgepin.store.upsert import upsert

_kept = application_permissions.c
_given = delegated_grants.c
_PRINCIPAL = applications.c.service_principal_id
_LISTING = Listing(
    delegated_grants.join(
        applications,
        sa.and_(applications.c.tenant_id == _given.tenant_id, applications.c.id == _given.application_id),
    ),
    (*delegated_grants.c, _PRINCIPAL.label("principal")),
    {"id": _given.id, "client_id": _PRINCIPAL, "principal_id": sa.func.nullif(_given.user_id, "")},
    _given.id,
)


def insert(tx: Transaction, tenant_id: str, application_id: str, grant: PermissionGrant) -> bool:
    """Grant a permission. Returns False when it is granted already."""
    values = {
        "tenant_id": tenant_id,
        "application_id": application_id,
        "permission": grant.permission,
        "id": grant.id,
        "created_at": grant.created_at,
    }
    return tx.execute(upsert(tx, application_permissions).values(values).on_conflict_do_nothing()).rowcount == 1


def list_of(tx: Transaction, tenant_id: str, application_id: str) -> list[PermissionGrant]:
    """The permissions an application holds for itself."""
    rows = tx.execute(
        sa.select(application_permissions)
        .where(_kept.tenant_id == tenant_id, _kept.application_id == application_id)
        .order_by(_kept.permission)
    )
    return [PermissionGrant(row.id, row.permission, row.created_at) for row in rows]


def delete(tx: Transaction, tenant_id: str, application_id: str, grant_id: str) -> bool:
    """Take a permission back. Returns whether it was granted."""
    statement = sa.delete(application_permissions).where(
        _kept.tenant_id == tenant_id, _kept.application_id == application_id, _kept.id == grant_id
    )
    return tx.execute(statement).rowcount == 1


def insert_delegated(tx: Transaction, tenant_id: str, grant: DelegatedGrant) -> bool:
    """Grant scopes for people. Returns False when there is a grant for the same application and person."""
    values = {
        "tenant_id": tenant_id,
        "id": grant.id,
        "application_id": grant.application_id,
        "user_id": grant.user_id or "",
        "scopes": " ".join(sorted(grant.scopes)),
        "created_at": grant.created_at,
    }
    return tx.execute(upsert(tx, delegated_grants).values(values).on_conflict_do_nothing()).rowcount == 1


def scopes_for(tx: Transaction, tenant_id: str, application_id: str, user_id: str) -> frozenset[str]:
    """The scopes an application may use for a person: those granted for everybody, and those for them."""
    statement = sa.select(_given.scopes).where(
        _given.tenant_id == tenant_id, _given.application_id == application_id, _given.user_id.in_(["", user_id])
    )
    return frozenset(scope for scopes in tx.execute(statement).scalars() for scope in scopes.split())


def update_delegated(tx: Transaction, tenant_id: str, grant: DelegatedGrant) -> None:
    """Save a grant's scopes."""
    tx.execute(
        sa.update(delegated_grants)
        .where(_given.tenant_id == tenant_id, _given.id == grant.id)
        .values(scopes=" ".join(sorted(grant.scopes)))
    )


def find_delegated(tx: Transaction, tenant_id: str, grant_id: str) -> DelegatedGrant | None:
    """A grant by id."""
    statement = sa.select(delegated_grants).where(_given.tenant_id == tenant_id, _given.id == grant_id)
    row = tx.execute(statement).first()
    return None if row is None else _read(row)


def list_delegated(tx: Transaction, tenant_id: str, query: Query) -> Page[tuple[DelegatedGrant, str]]:
    """A page of grants, each with its application's service principal."""
    return listing.list_page(
        tx, _LISTING, _given.tenant_id == tenant_id, query, lambda row: (_read(row), row.principal)
    )


def delete_delegated(tx: Transaction, tenant_id: str, grant_id: str) -> bool:
    """Take a grant back. Returns whether it was there."""
    statement = sa.delete(delegated_grants).where(_given.tenant_id == tenant_id, _given.id == grant_id)
    return tx.execute(statement).rowcount == 1


def _read(row: Any) -> DelegatedGrant:  # noqa: ANN401 - a row of the table
    return DelegatedGrant(
        row.id, row.application_id, row.user_id or None, frozenset(row.scopes.split()), row.created_at
    )
