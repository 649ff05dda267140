"""The method's rows. `view` brings the caller, the person and the method home in one statement."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa

from badgepin.domain.access import Target
from badgepin.domain.caller import Call
from badgepin.domain.ids import is_guid
from badgepin.domain.qr_code import CodeKind, Lifetime, QRCode
from badgepin.domain.qr_code_pin import MethodLimits, MethodView, Person, Pin, QRCodePinMethod
from badgepin.domain.replacement import arrange
from badgepin.domain.revocation import Revocation, RevocationKind
from badgepin.domain.user import user_principal_name_key
from badgepin.store.audit import PreparedChange
from badgepin.store.columns import Instant, exact_text, from_microseconds
from badgepin.store.given_acts import given_acts, read_in_hand
from badgepin.store.json_rows import json_rows, read_rows
from badgepin.store.revocation import foretell
from badgepin.store.standing import (
    TENANT,
    CallerKind,
    caller_source,
    caller_values,
    grants_of,
    kind_of,
    read_grants,
    read_standing,
    role_groups_of,
)
from badgepin.store.tables import (
    administrative_unit_members,
    administrative_units,
    group_owners,
    groups,
    method_policies,
    pins,
    qr_code_pin_methods,
    qr_codes,
    qr_uses,
    role_assignments,
    users,
)
from badgepin.store.transaction import Transaction
from badgepin.store.upsert import upsert

_person = users.alias("person")


@dataclass(frozen=True)
class NewQRCode:
    """A code row to insert; only the public half of its key is kept."""

    id: str
    kind: CodeKind
    algorithm: str
    public_key: bytes
    created_at: datetime
    lifetime: Lifetime
    mac_key_id: str
    row_mac: bytes
    activated_at: datetime | None
    revision: int = 1
    is_replacement: bool = False


def _is_person(table: sa.FromClause, named: str) -> sa.ColumnElement[bool]:
    if is_guid(named):
        return table.c.id == named.lower()
    return table.c.user_principal_name_key == user_principal_name_key(named)


def lock_person(tx: Transaction, tenant_id: str, named: str) -> None:
    """Let writers of one person's method pass one by one; SQLite's writers already do."""
    tx.execute(
        sa.select(users.c.id)
        .where(users.c.tenant_id == tenant_id, _is_person(users, named))
        .with_for_update(key_share=True)
    )


def view(tx: Transaction, call: Call, named: str, *, gives: bool = False) -> MethodView | None:
    """What an operation on a person's method needs, or None when the caller's token no longer counts.

    `gives`: also what the caller gave the person within the span of dual control.
    """
    by_id = is_guid(named)
    values = {**caller_values(call), "named": named.lower() if by_id else user_principal_name_key(named)}
    if gives:
        values["given_since"] = call.now - call.dual_control.span
    row = tx.execute(_view_statement(kind_of(call), by_id=by_id, gives=gives), values).first()
    return None if row is None else _read_view(row, call.now)


@cache
def _view_statement(kind: CallerKind, *, by_id: bool, gives: bool) -> sa.Select[Any]:
    source = caller_source(kind)
    named = (_person.c.id if by_id else _person.c.user_principal_name_key) == sa.bindparam("named", type_=exact_text())
    method = qr_code_pin_methods
    joined = (
        source.table.outerjoin(_person, sa.and_(_person.c.tenant_id == TENANT, named))
        .outerjoin(method, sa.and_(method.c.tenant_id == TENANT, method.c.user_id == _person.c.id))
        .outerjoin(pins, sa.and_(pins.c.tenant_id == TENANT, pins.c.user_id == _person.c.id))
        .outerjoin(method_policies, method_policies.c.tenant_id == TENANT)
    )
    given = given_acts(source.columns[0], _person) if gives else sa.literal("[]")
    return sa.select(*source.columns, *_COLUMNS, given.label("given")).select_from(joined).where(*source.conditions)


def _units_of_person() -> sa.ScalarSelect[str]:
    member = administrative_unit_members
    return json_rows(
        sa.select(member.c.administrative_unit_id)
        .where(member.c.tenant_id == _person.c.tenant_id, member.c.member_id == _person.c.id)
        .correlate(_person)
    )


def _codes_of_person() -> sa.ScalarSelect[str]:
    code = qr_codes
    return json_rows(
        sa.select(
            code.c.id,
            code.c.kind,
            *(
                sa.type_coerce(column, sa.BigInteger)
                for column in (code.c.created_at, code.c.start_at, code.c.expire_at)
            ),
            sa.type_coerce(qr_uses.c.last_used_at, sa.BigInteger),
            code.c.is_replacement,
        )
        .select_from(
            code.outerjoin(qr_uses, sa.and_(qr_uses.c.tenant_id == code.c.tenant_id, qr_uses.c.qr_code_id == code.c.id))
        )
        .where(code.c.tenant_id == _person.c.tenant_id, code.c.user_id == _person.c.id, code.c.revoked_at.is_(None))
        .correlate(_person)
    )


def _in_role_group() -> sa.ColumnElement[bool]:
    owned = (
        sa.select(group_owners.c.group_id)
        .join(groups, sa.and_(groups.c.tenant_id == group_owners.c.tenant_id, groups.c.id == group_owners.c.group_id))
        .where(group_owners.c.tenant_id == _person.c.tenant_id, group_owners.c.user_id == _person.c.id)
        .where(groups.c.is_assignable_to_role)
        .correlate(_person)
    )
    return sa.or_(sa.exists(role_groups_of(_person.c.tenant_id, _person.c.id)), sa.exists(owned))


def _role_in_restricted_unit() -> sa.ColumnElement[bool]:
    held, unit = role_assignments.alias("restricted_role"), administrative_units
    return sa.exists(
        sa.select(held.c.id)
        .join(unit, sa.and_(unit.c.tenant_id == held.c.tenant_id, unit.c.id == held.c.administrative_unit_id))
        .where(held.c.tenant_id == _person.c.tenant_id, held.c.principal_id == _person.c.id)
        .where(unit.c.is_member_management_restricted)
        .correlate(_person)
    )


_COLUMNS: tuple[sa.ColumnElement[Any], ...] = (
    _person.c.id.label("person_id"),
    _person.c.user_principal_name.label("person_upn"),
    _person.c.display_name.label("person_name"),
    grants_of(_person.c.tenant_id, _person.c.id).label("person_grants"),
    _units_of_person().label("person_units"),
    _in_role_group().label("in_role_group"),
    _role_in_restricted_unit().label("role_in_restricted_unit"),
    qr_code_pin_methods.c.id.label("method_id"),
    qr_code_pin_methods.c.created_at.label("method_created_at"),
    _codes_of_person().label("codes"),
    pins.c.id.label("pin_id"),
    pins.c.version.label("pin_version"),
    pins.c.must_change_at_next_sign_in,
    pins.c.created_at.label("pin_created_at"),
    pins.c.updated_at.label("pin_updated_at"),
    method_policies.c.pin_length,
    method_policies.c.standard_lifetime_days,
)


def _read_view(row: Any, now: datetime) -> MethodView:  # noqa: ANN401 - the row of `view`
    limits = MethodLimits()
    if row.pin_length is not None:
        limits = MethodLimits(row.pin_length, row.standard_lifetime_days)
    standing = read_standing(row)
    if row.person_id is None:
        return MethodView(standing, limits, None, None, None)
    target = Target(
        row.person_id,
        frozenset(grant.role_id for grant in read_grants(row.person_grants)),
        frozenset(unit for (unit,) in read_rows(row.person_units)),
        row.in_role_group,
        row.role_in_restricted_unit,
    )
    person = Person(row.person_id, row.person_upn, row.person_name)
    return MethodView(standing, limits, person, target, _read_method(row, now), read_in_hand(row.given))


def _read_method(row: Any, now: datetime) -> QRCodePinMethod | None:  # noqa: ANN401 - the row of `view`
    if row.method_id is None:
        return None
    pin = Pin(row.pin_id, row.pin_version, row.must_change_at_next_sign_in, row.pin_created_at, row.pin_updated_at)
    codes = {(code.kind, code.is_replacement): code for code in map(_read_code, read_rows(row.codes))}
    standard = arrange(codes.get((CodeKind.STANDARD, False)), codes.get((CodeKind.STANDARD, True)), now)
    return QRCodePinMethod(
        row.method_id,
        row.method_created_at,
        pin,
        standard.current,
        codes.get((CodeKind.TEMPORARY, False)),
        standard.pending,
        standard.left_over,
    )


def _read_code(values: list[Any]) -> QRCode:
    identifier, kind, created, start, expire, used, is_replacement = values
    return QRCode(
        identifier,
        CodeKind(kind),
        from_microseconds(created),
        from_microseconds(start),
        from_microseconds(expire),
        None if used is None else from_microseconds(used),
        bool(is_replacement),
    )


def insert_method(tx: Transaction, tenant_id: str, user_id: str, method_id: str, now: datetime) -> None:
    """A new method without codes and PIN."""
    tx.execute(
        sa.insert(qr_code_pin_methods).values(tenant_id=tenant_id, user_id=user_id, id=method_id, created_at=now)
    )


def delete_method(tx: Transaction, tenant_id: str, user_id: str, now: datetime) -> bool:
    """Revoke every live code, delete PIN and method. Returns whether there was a method."""
    foretell(tx, Revocation(RevocationKind.METHOD, tenant_id, user_id, now))
    _revoke_all(tx, tenant_id, user_id, now)
    tx.execute(sa.delete(pins).where(pins.c.tenant_id == tenant_id, pins.c.user_id == user_id))
    method = qr_code_pin_methods
    deleted = tx.execute(sa.delete(method).where(method.c.tenant_id == tenant_id, method.c.user_id == user_id))
    return deleted.rowcount == 1


def revoke_all(tx: Transaction, tenant_id: str, user_id: str, now: datetime) -> None:
    """Revoke every live code of a person."""
    foretell(tx, Revocation(RevocationKind.CODES, tenant_id, user_id, now))
    _revoke_all(tx, tenant_id, user_id, now)


def _revoke_all(tx: Transaction, tenant_id: str, user_id: str, now: datetime) -> None:
    code = qr_codes.c
    tx.execute(
        sa.update(qr_codes)
        .where(code.tenant_id == tenant_id, code.user_id == user_id, code.revoked_at.is_(None))
        .values(revoked_at=now)
    )


_live = sa.and_(
    qr_codes.c.tenant_id == sa.bindparam("in_tenant"),
    qr_codes.c.id == sa.bindparam("code"),
    qr_codes.c.revoked_at.is_(None),
)
_REVOCATION = (
    sa.update(qr_codes).where(_live).values(revoked_at=sa.bindparam("at", type_=Instant)).returning(qr_codes.c.id)
)
_STANDARD_REVOCATION = (
    sa.update(qr_codes)
    .where(qr_codes.c.tenant_id == sa.bindparam("in_tenant"), qr_codes.c.user_id == sa.bindparam("of_user"))
    .where(qr_codes.c.kind == CodeKind.STANDARD.value, qr_codes.c.revoked_at.is_(None))
    .values(revoked_at=sa.bindparam("at", type_=Instant))
    .returning(qr_codes.c.id)
)


def revocation(tx: Transaction, tenant_id: str, code_id: str, now: datetime) -> PreparedChange:
    """The change that revokes one live code, and hits nothing when somebody was faster; already in the journal."""
    foretell(tx, Revocation(RevocationKind.CODE, tenant_id, code_id, now))
    return PreparedChange(_REVOCATION, {"in_tenant": tenant_id, "code": code_id, "at": now})


def standard_revocation(tx: Transaction, tenant_id: str, user_id: str, now: datetime) -> PreparedChange:
    """The change that revokes whatever opens as a person's standard code, or waits to: the old one and the new one."""
    foretell(tx, Revocation(RevocationKind.STANDARD_CODES, tenant_id, user_id, now))
    return PreparedChange(_STANDARD_REVOCATION, {"in_tenant": tenant_id, "of_user": user_id, "at": now})


def revoke(tx: Transaction, tenant_id: str, code_id: str, now: datetime) -> None:
    """Revoke one code if it is live."""
    change = revocation(tx, tenant_id, code_id, now)
    tx.execute(change.statement, dict(change.values))


def insert_qr_code(tx: Transaction, tenant_id: str, user_id: str, code: NewQRCode) -> bool:
    """Add a live code. Returns False when another one has its place."""
    added = tx.execute(
        upsert(tx, qr_codes)
        .values(
            tenant_id=tenant_id,
            id=code.id,
            user_id=user_id,
            kind=code.kind.value,
            algorithm=code.algorithm,
            public_key=code.public_key,
            created_at=code.created_at,
            start_at=code.lifetime.start_at,
            expire_at=code.lifetime.expire_at,
            activated_at=code.activated_at,
            revision=code.revision,
            mac_key_id=code.mac_key_id,
            row_mac=code.row_mac,
            is_replacement=code.is_replacement,
        )
        .on_conflict_do_nothing()
    )
    return added.rowcount == 1


def has_live_code(tx: Transaction, tenant_id: str, user_id: str) -> bool:
    """Whether a person has any code that was not revoked."""
    code = qr_codes.c
    here = (code.tenant_id == tenant_id, code.user_id == user_id, code.revoked_at.is_(None))
    return tx.execute(sa.select(code.id).where(*here).limit(1)).first() is not None


@dataclass(frozen=True)
class KeptQRCode:
    """The parts of a code row that its MAC covers."""

    algorithm: str
    public_key: bytes
    activated_at: datetime | None
    revision: int


def get_kept(tx: Transaction, tenant_id: str, code_id: str) -> KeptQRCode | None:
    """What is kept of a live code."""
    code = qr_codes.c
    row = tx.execute(
        sa.select(code.algorithm, code.public_key, code.activated_at, code.revision).where(
            code.tenant_id == tenant_id, code.id == code_id, code.revoked_at.is_(None)
        )
    ).first()
    return None if row is None else KeptQRCode(row.algorithm, row.public_key, row.activated_at, row.revision)
