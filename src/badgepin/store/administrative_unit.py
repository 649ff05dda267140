"""Rows of administrative units."""

from dataclasses import fields
from typing import Any

import sqlalchemy as sa

from badgepin.domain.administrative_unit import AdministrativeUnit
from badgepin.domain.filter import fold
from badgepin.domain.query import Page, Query
from badgepin.store import listing
from badgepin.store.listing import Listing
from badgepin.store.lock import Lock, locked
from badgepin.store.tables import administrative_unit_members, administrative_units, role_assignments
from badgepin.store.transaction import Transaction

_NAMES = tuple(field.name for field in fields(AdministrativeUnit))
_COLUMNS = tuple(administrative_units.c[name] for name in _NAMES)
FIELDS = {name: administrative_units.c[name] for name in _NAMES} | {
    "display_name": administrative_units.c.display_name_key
}
"""The column of every field of a unit that can be asked about."""
LISTING = Listing(
    administrative_units, _COLUMNS, FIELDS, administrative_units.c.id, indexed=frozenset({"display_name"})
)


def find(tx: Transaction, tenant_id: str, unit_id: str, *, lock: Lock = Lock.NONE) -> AdministrativeUnit | None:
    """A unit by id."""
    statement = sa.select(*_COLUMNS).where(_is(tenant_id, unit_id))
    row = tx.execute(locked(statement, lock)).first()
    return None if row is None else read(row)


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


def list_page(tx: Transaction, tenant_id: str, query: Query) -> Page[AdministrativeUnit]:
    """A page of units."""
    return listing.list_page(tx, LISTING, administrative_units.c.tenant_id == tenant_id, query, read)


def count(tx: Transaction, tenant_id: str, query: Query) -> int:
    """How many units match."""
    return listing.count(tx, LISTING, administrative_units.c.tenant_id == tenant_id, query)


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


def read(row: Any, prefix: str = "") -> AdministrativeUnit:  # noqa: ANN401 - a row that holds the columns above
    """The unit in a row; `prefix` is what the columns' labels begin with."""
    return AdministrativeUnit(**{name: row._mapping[f"{prefix}{name}"] for name in _NAMES})


def _values(unit: AdministrativeUnit) -> dict[str, Any]:
    return {name: getattr(unit, name) for name in _NAMES} | {"display_name_key": fold(unit.display_name)}
