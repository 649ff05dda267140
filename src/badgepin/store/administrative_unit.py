"""Rows of administrative units."""

from dataclasses import fields
from typing import Any

import sqlalchemy as sa

from badgepin.domain.administrative_unit import AdministrativeUnit
from badgepin.store.columns import reads_like
from badgepin.store.lock import Lock, locked
from badgepin.store.tables import administrative_unit_members, administrative_units, role_assignments
from badgepin.store.transaction import Transaction

_NAMES = tuple(field.name for field in fields(AdministrativeUnit))
_COLUMNS = tuple(administrative_units.c[name] for name in _NAMES)


def find(tx: Transaction, tenant_id: str, unit_id: str, *, lock: Lock = Lock.NONE) -> AdministrativeUnit | None:
    """A unit by id."""
    statement = sa.select(*_COLUMNS).where(_is(tenant_id, unit_id))
    row = tx.execute(locked(statement, lock)).first()
    return None if row is None else AdministrativeUnit(**row._mapping)


def names_of_member(tx: Transaction, tenant_id: str, member_id: str) -> tuple[str, ...]:
    """The names of the units that somebody is in, in their order."""
    unit, member = administrative_units.c, administrative_unit_members.c
    statement = (
        sa.select(unit.display_name)
        .join(
            administrative_unit_members,
            sa.and_(member.tenant_id == unit.tenant_id, unit.id == member.administrative_unit_id),
        )
        .where(member.tenant_id == tenant_id, member.member_id == member_id)
        .order_by(unit.display_name, unit.id)
    )
    return tuple(tx.execute(statement).scalars())


def list_page(
    tx: Transaction, tenant_id: str, *, after: str, limit: int, display_name: str | None = None
) -> list[AdministrativeUnit]:
    """Units in the order of their ids."""
    unit = administrative_units.c
    statement = sa.select(*_COLUMNS).where(unit.tenant_id == tenant_id, unit.id > after)
    if display_name is not None:
        statement = statement.where(reads_like(unit.display_name, display_name))
    return [AdministrativeUnit(**row._mapping) for row in tx.execute(statement.order_by(unit.id).limit(limit))]


def insert(tx: Transaction, tenant_id: str, unit: AdministrativeUnit) -> None:
    """Add a unit."""
    tx.execute(sa.insert(administrative_units).values(tenant_id=tenant_id, **_values(unit)))


def update(tx: Transaction, tenant_id: str, unit: AdministrativeUnit) -> None:
    """Save a unit."""
    tx.execute(sa.update(administrative_units).where(_is(tenant_id, unit.id)).values(_values(unit)))


def delete(tx: Transaction, tenant_id: str, unit_id: str) -> bool:
    """Remove a unit with its memberships and the roles held in it. Returns whether it was there."""
    # the unit first, as with people: a role given meanwhile is seen only afterwards
    gone = tx.execute(sa.delete(administrative_units).where(_is(tenant_id, unit_id))).rowcount == 1
    assigned = role_assignments.c
    tx.execute(
        sa.delete(role_assignments).where(assigned.tenant_id == tenant_id, assigned.administrative_unit_id == unit_id)
    )
    return gone


def _is(tenant_id: str, unit_id: str) -> sa.ColumnElement[bool]:
    return sa.and_(administrative_units.c.tenant_id == tenant_id, administrative_units.c.id == unit_id)


def _values(unit: AdministrativeUnit) -> dict[str, Any]:
    return {name: getattr(unit, name) for name in _NAMES}
