"""Rows of the authentication strengths that an organization added."""

from typing import Any

import msgspec
import sqlalchemy as sa

from badgepin.domain.authentication_strength import AuthenticationStrength
from badgepin.store.policy_tables import authentication_strengths
from badgepin.store.transaction import Transaction

_row = authentication_strengths.c
_combinations = msgspec.json.Decoder(tuple[str, ...]).decode


def list_all(tx: Transaction, tenant_id: str) -> list[AuthenticationStrength]:
    """Every one, in the order of their ids; there are few."""
    statement = sa.select(authentication_strengths).where(_row.tenant_id == tenant_id).order_by(_row.id)
    return [_read(row) for row in tx.execute(statement)]


def find(tx: Transaction, tenant_id: str, strength_id: str) -> AuthenticationStrength | None:
    """One by its id."""
    row = tx.execute(sa.select(authentication_strengths).where(_is(tenant_id, strength_id))).first()
    return None if row is None else _read(row)


def count(tx: Transaction, tenant_id: str) -> int:
    """How many there are."""
    return int(tx.execute(sa.select(sa.func.count()).where(_row.tenant_id == tenant_id)).scalar_one())


def insert(tx: Transaction, tenant_id: str, strength: AuthenticationStrength) -> None:
    """Add one."""
    tx.execute(
        sa.insert(authentication_strengths).values(
            tenant_id=tenant_id, id=strength.id, created_at=strength.created_at, **_values(strength)
        )
    )


def update(tx: Transaction, tenant_id: str, strength: AuthenticationStrength) -> None:
    """Save one."""
    tx.execute(sa.update(authentication_strengths).where(_is(tenant_id, strength.id)).values(_values(strength)))


def delete(tx: Transaction, tenant_id: str, strength_id: str) -> bool:
    """Remove one. Returns whether it was there."""
    return tx.execute(sa.delete(authentication_strengths).where(_is(tenant_id, strength_id))).rowcount == 1


def _is(tenant_id: str, strength_id: str) -> sa.ColumnElement[bool]:
    return sa.and_(_row.tenant_id == tenant_id, _row.id == strength_id)


def _values(strength: AuthenticationStrength) -> dict[str, Any]:
    return {
        "display_name": strength.display_name,
        "description": strength.description,
        "allowed_combinations": msgspec.json.encode(strength.allowed_combinations).decode(),
        "modified_at": strength.modified_at,
    }


def _read(row: Any) -> AuthenticationStrength:  # noqa: ANN401 - a row of the table
    return AuthenticationStrength(
        row.id,
        row.display_name,
        row.description,
        _combinations(row.allowed_combinations),
        row.created_at,
        row.modified_at,
    )
