"""People with what they hold, for the desk: a page is one statement whatever the tenant's size."""

from datetime import datetime
from functools import partial
from typing import Any

import sqlalchemy as sa

from badgepin.domain.access import Reach, Target
from badgepin.domain.desk_person import SOON, DeskFilter, DeskPerson, HeldCode, HeldPin, PersonsUnit, WantedPeople
from badgepin.domain.filter import Field, Kind
from badgepin.domain.lockout import DAY, LockoutRules
from badgepin.domain.qr_code import CodeKind
from badgepin.domain.query import Page, Query
from badgepin.domain.replacement import arrange
from badgepin.store import listing
from badgepin.store.holding_roles import may_come_to_a_role
from badgepin.store.json_rows import json_rows, read_rows
from badgepin.store.listing import Listing
from badgepin.store.membership import people_in_group, people_in_units
from badgepin.store.standing import grants_of, read_grants
from badgepin.store.tables import (
    administrative_unit_members,
    administrative_units,
    pin_charges,
    pin_locks,
    pins,
    qr_codes,
    qr_uses,
    users,
)
from badgepin.store.transaction import Transaction
from badgepin.store.user import FIELDS

NAME = Field("display_name", Kind.NAME)
"""By which people are sorted."""
EVERYBODY = WantedPeople()
"""No unit and no state in particular."""

_standard, _temporary = qr_codes.alias("standard_code"), qr_codes.alias("temporary_code")
_replacement = qr_codes.alias("replacement_code")
_unit, _member = administrative_units.c, administrative_unit_members.c


def list_page(  # noqa: PLR0913 - what decides which people are shown
    tx: Transaction,
    tenant_id: str,
    query: Query,
    wanted: WantedPeople,
    reach: Reach,
    *,
    rules: LockoutRules,
    now: datetime,
) -> Page[DeskPerson]:
    """A page of people in reach; in a unit's reach only those who are not near a role."""
    conditions = [users.c.tenant_id == tenant_id]
    units = frozenset({wanted.unit_id}) if wanted.unit_id else reach.units
    if units is not None:
        conditions.append(users.c.id.in_(people_in_units(tenant_id, units)))
    if not reach.has_roles:
        conditions.append(sa.not_(may_come_to_a_role()))
    if wanted.group_id is not None:
        conditions.append(users.c.id.in_(people_in_group(tenant_id, wanted.group_id)))
    if wanted.state is not None:
        conditions.append(_in_state(wanted.state, rules, now))
    return listing.list_page(tx, _listing(rules, now), sa.and_(*conditions), query, partial(_read, now=now))


def find(tx: Transaction, tenant_id: str, user_id: str, *, rules: LockoutRules, now: datetime) -> DeskPerson | None:
    """One person."""
    here = sa.and_(users.c.tenant_id == tenant_id, users.c.id == user_id)
    found = listing.list_page(tx, _listing(rules, now), here, Query(1), partial(_read, now=now)).items
    return found[0] if found else None


def _in_state(state: DeskFilter, rules: LockoutRules, now: datetime) -> sa.ColumnElement[bool]:
    match state:
        case DeskFilter.NO_BADGE:
            return sa.and_(_has_ended(_standard, now), _has_ended(_replacement, now))
        case DeskFilter.EXPIRES_SOON:
            # who was given the next badge already needs no other one
            old = sa.and_(_ends_soon(_standard, now), _has_ended(_replacement, now))
            return sa.or_(old, sa.and_(_ends_soon(_replacement, now), _has_ended(_standard, now)))
        case DeskFilter.TEMPORARY:
            return _temporary.c.expire_at > now
        case DeskFilter.LOCKED:
            waits = sa.func.coalesce(_locked_until() > sa.literal(now, _locked_until().type), sa.false())
            return sa.or_(pins.c.disabled_at.is_not(None), waits, _day_is_used(rules, now))


def _has_ended(code: sa.FromClause, now: datetime) -> sa.ColumnElement[bool]:
    return sa.or_(code.c.id.is_(None), code.c.expire_at <= now)


def _ends_soon(code: sa.FromClause, now: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(code.c.expire_at > now, code.c.expire_at <= now + SOON)


def _locked_until() -> sa.ScalarSelect[Any]:
    lock = pin_locks.c
    return (
        sa.select(sa.func.max(lock.locked_until, type_=lock.locked_until.type))
        .where(lock.tenant_id == pins.c.tenant_id, lock.pin_id == pins.c.id)
        .correlate(pins)
        .scalar_subquery()
    )


def _day_is_used(rules: LockoutRules, now: datetime) -> sa.ColumnElement[bool]:
    charge = pin_charges.c
    counted = (
        sa.select(sa.func.count())
        .select_from(pin_charges)
        .where(charge.tenant_id == pins.c.tenant_id, charge.pin_id == pins.c.id)
        .where(charge.charged_at > now - DAY, charge.cleared_at.is_(None))
        .correlate(pins, _standard)
    )
    of_badge = counted.where(charge.qr_code_id == _standard.c.id).scalar_subquery()
    return sa.or_(counted.scalar_subquery() >= rules.pin_day, of_badge >= rules.badge_day)


def _unit_names() -> sa.ScalarSelect[str]:
    is_member = sa.and_(_member.tenant_id == _unit.tenant_id, _member.administrative_unit_id == _unit.id)
    return json_rows(
        sa.select(_unit.id, _unit.display_name)
        .select_from(administrative_units.join(administrative_unit_members, is_member))
        .where(_member.tenant_id == users.c.tenant_id, _member.member_id == users.c.id)
        .correlate(users)
    )


def _live(code: sa.FromClause, kind: CodeKind, *, is_replacement: bool = False) -> sa.ColumnElement[bool]:
    return sa.and_(
        code.c.tenant_id == users.c.tenant_id,
        code.c.user_id == users.c.id,
        code.c.kind == kind.value,
        code.c.revoked_at.is_(None),
        code.c.is_replacement if is_replacement else sa.not_(code.c.is_replacement),
    )


def _last_used(code: sa.FromClause) -> sa.ScalarSelect[Any]:
    use = qr_uses.c
    return (
        sa.select(use.last_used_at)
        .where(use.tenant_id == code.c.tenant_id, use.qr_code_id == code.c.id)
        .correlate(code)
        .scalar_subquery()
    )


def _code_columns(code: sa.FromClause, name: str) -> list[sa.ColumnElement[Any]]:
    kept = ("id", "created_at", "start_at", "expire_at", "activated_at")
    return [*(code.c[each].label(f"{name}_{each}") for each in kept), _last_used(code).label(f"{name}_last_used_at")]


_SOURCE = (
    users.outerjoin(_standard, _live(_standard, CodeKind.STANDARD))
    .outerjoin(_temporary, _live(_temporary, CodeKind.TEMPORARY))
    .outerjoin(_replacement, _live(_replacement, CodeKind.STANDARD, is_replacement=True))
    .outerjoin(pins, sa.and_(pins.c.tenant_id == users.c.tenant_id, pins.c.user_id == users.c.id))
)


def _listing(rules: LockoutRules, now: datetime) -> Listing:
    columns = (
        *(users.c[name] for name in ("id", "user_principal_name", "display_name", "job_title", "employee_id")),
        users.c.account_enabled,
        _unit_names().label("units"),
        grants_of(users.c.tenant_id, users.c.id).label("grants"),
        may_come_to_a_role().label("near_role"),
        *_code_columns(_standard, "standard"),
        *_code_columns(_temporary, "temporary"),
        *_code_columns(_replacement, "replacement"),
        pins.c.id.label("pin_id"),
        pins.c.must_change_at_next_sign_in,
        pins.c.expires_at.label("pin_expires_at"),
        pins.c.disabled_at,
        _locked_until().label("locked_until"),
        _day_is_used(rules, now).label("day_is_used"),
    )
    return Listing(_SOURCE, columns, FIELDS, users.c.id, indexed=frozenset({"user_principal_name", "display_name"}))


def _read(row: Any, *, now: datetime) -> DeskPerson:  # noqa: ANN401 - a row of `_listing`
    units = sorted((name, unit) for unit, name in read_rows(row.units))
    held = frozenset(grant.role_id for grant in read_grants(row.grants))
    target = Target(row.id, held, frozenset(unit for _, unit in units), row.near_role and not held)
    pin = None
    if row.pin_id is not None:
        pin = HeldPin(
            row.must_change_at_next_sign_in,
            row.pin_expires_at,
            row.disabled_at,
            row.locked_until,
            bool(row.day_is_used),
        )
    standard = arrange(_read_code(row, "standard"), _read_code(row, "replacement"), now)
    return DeskPerson(
        row.id,
        row.user_principal_name,
        row.display_name,
        row.job_title,
        row.employee_id,
        row.account_enabled,
        tuple(PersonsUnit(unit, name) for name, unit in units),
        target,
        standard.current,
        _read_code(row, "temporary"),
        pin,
        standard.pending,
    )


def _read_code(row: Any, name: str) -> HeldCode | None:  # noqa: ANN401 - a row of `_listing`
    values = row._mapping
    if values[f"{name}_id"] is None:
        return None
    parts = ("id", "created_at", "start_at", "expire_at", "activated_at", "last_used_at")
    return HeldCode(*(values[f"{name}_{part}"] for part in parts))
