"""Reading which standard codes end: one statement for the counts, one for a page of the people behind them."""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from badgepin.domain.expiring_codes import EXPIRE_AT, IN_NO_UNIT, SPANS, ExpiringCode, UnitForecast, WantedCodes
from badgepin.domain.group import MemberKind
from badgepin.domain.qr_code import CodeKind
from badgepin.domain.query import Page, Query, Sort
from badgepin.store import listing
from badgepin.store.holding_roles import may_come_to_a_role
from badgepin.store.json_rows import json_rows, read_rows
from badgepin.store.listing import Listing
from badgepin.store.tables import administrative_unit_members, administrative_units, qr_codes, users
from badgepin.store.transaction import Transaction

_code, _unit, _member = qr_codes.c, administrative_units.c, administrative_unit_members.c
# behind every id
_LAST = "\x7f"
_newer = qr_codes.alias("newer")
_is_replaced = sa.exists(
    sa.select(_newer.c.id)
    .where(_newer.c.tenant_id == _code.tenant_id, _newer.c.user_id == _code.user_id, _newer.c.kind == _code.kind)
    .where(_newer.c.revoked_at.is_(None), _newer.c.is_replacement, _newer.c.id != _code.id)
    .correlate(qr_codes)
)
# who was given the next badge already needs no other one
_live = sa.and_(_code.kind == CodeKind.STANDARD.value, _code.revoked_at.is_(None), sa.not_(_is_replaced))
_is_member = sa.and_(_member.tenant_id == _unit.tenant_id, _member.administrative_unit_id == _unit.id)
_is_person = _member.member_kind == MemberKind.USER.value
_of_member = sa.and_(_code.tenant_id == _member.tenant_id, _code.user_id == _member.member_id)


def count_by_unit(
    tx: Transaction,
    tenant_id: str,
    query: Query,
    *,
    days: int,
    now: datetime,
    units: frozenset[str] | None = None,
) -> Page[UnitForecast]:
    """Units in the order of their ids, then the people in none; with `units`: only those, and nobody near a role."""
    counts, after = _counts(days, now), str(query.after[-1]) if query.after else ""
    wanted, seen = _unit.tenant_id == tenant_id, sa.and_(_is_member, _is_person)
    if units is not None:
        seen = sa.and_(seen, _member.member_id.in_(_people_without_role(tenant_id)))
        wanted = sa.and_(wanted, _unit.id.in_(sorted(units)))
    members = administrative_units.outerjoin(administrative_unit_members, seen)
    inside = [sa.func.count(_member.member_id.distinct()), sa.func.count(_code.user_id.distinct())]
    nowhere = [sa.cast(sa.null(), sa.Integer), sa.cast(sa.null(), sa.Integer)]
    total = sa.select(sa.func.count()).select_from(administrative_units).where(wanted).scalar_subquery()
    page = (
        sa.select(_unit.id, _unit.display_name, *counts, *inside, total)
        .select_from(members.outerjoin(qr_codes, sa.and_(_of_member, _live)))
        .where(wanted, _unit.id > after)
        .group_by(_unit.id, _unit.display_name)
        .order_by(_unit.id)
        .limit(query.limit + 1)
    )
    elsewhere = sa.select(sa.null(), sa.literal(""), *counts, *nowhere, total).where(
        _code.tenant_id == tenant_id, _live, _in_no_unit()
    )
    whole = units is None
    rows = tx.execute(sa.union_all(sa.select(page.subquery()), elsewhere)).all() if whole else tx.execute(page).all()
    found = sorted((_read_counts(row) for row in rows), key=lambda one: (one.unit_id is None, one.unit_id))
    shown = found[: query.limit]
    mark = (shown[-1].unit_id or _LAST,) if len(found) > query.limit else None
    number = (rows[0][-1] if rows else 0) + whole if query.counts and query.after is None else None
    return Page(shown, mark, number)


def list_page(
    tx: Transaction,
    tenant_id: str,
    query: Query,
    wanted: WantedCodes,
    *,
    now: datetime,
    units: frozenset[str] | None = None,
) -> Page[ExpiringCode]:
    """Codes, the first to end first; with `units`: of people there who are not near a role."""
    begin, end = wanted.window(now)
    conditions = [_code.tenant_id == tenant_id, _live, _code.expire_at <= end]
    if begin is not None:
        conditions.append(_code.expire_at > begin)
    if wanted.unit_id == IN_NO_UNIT:
        conditions.append(_in_no_unit())
    elif wanted.unit_id is not None:
        conditions.append(_in_units(frozenset({wanted.unit_id})))
    if units is not None:
        conditions += [_in_units(units), sa.not_(may_come_to_a_role())]
    return listing.list_page(tx, _LISTING, sa.and_(*conditions), query, _read_code)


def _counts(days: int, now: datetime) -> list[sa.ColumnElement[int]]:
    def counted(condition: sa.ColumnElement[bool], name: str) -> sa.ColumnElement[int]:
        return sa.func.coalesce(sa.func.sum(sa.case((condition, 1), else_=0)), 0).label(name)

    def within(span: int) -> sa.ColumnElement[bool]:
        return sa.and_(_code.expire_at > now, _code.expire_at <= now + timedelta(days=span))

    spans = [counted(within(span), f"within_{span}") for span in SPANS]
    return [counted(_code.expire_at <= now, "ended"), *spans, counted(within(days), "within_days")]


def _people_without_role(tenant_id: str) -> sa.Select[tuple[str]]:
    return sa.select(users.c.id).where(users.c.tenant_id == tenant_id, sa.not_(may_come_to_a_role()))


def _in_no_unit() -> sa.ColumnElement[bool]:
    member = sa.select(_member.member_id).where(_of_member, _is_person).correlate(qr_codes)
    return sa.not_(sa.exists(member))


def _in_units(units: frozenset[str]) -> sa.ColumnElement[bool]:
    member = sa.select(_member.member_id).where(_of_member, _is_person).correlate(qr_codes)
    return sa.exists(member.where(_member.administrative_unit_id.in_(sorted(units))))


def _unit_names() -> sa.ScalarSelect[str]:
    return json_rows(
        sa.select(_unit.display_name)
        .select_from(administrative_units.join(administrative_unit_members, _is_member))
        .where(_of_member, _is_person)
        .correlate(qr_codes)
    )


_LISTING = Listing(
    qr_codes.join(users, sa.and_(users.c.tenant_id == _code.tenant_id, users.c.id == _code.user_id)),
    (
        _code.id.label("qr_code_id"),
        _code.expire_at,
        users.c.id.label("user_id"),
        users.c.user_principal_name,
        users.c.display_name,
        users.c.account_enabled,
        _unit_names().label("unit_names"),
    ),
    {
        "expire_at": _code.expire_at,
        "user_id": users.c.id,
        "user_principal_name": users.c.user_principal_name_key,
        "display_name": users.c.display_name_key,
        "account_enabled": users.c.account_enabled,
    },
    _code.id,
    newest_first=Sort(EXPIRE_AT),
)


def _read_counts(row: Any) -> UnitForecast:  # noqa: ANN401 - a row of `count_by_unit`
    identifier, name, ended, *within, days, people, holders, _ = row
    return UnitForecast(identifier, name, int(ended), tuple(map(int, within)), int(days), people, holders)


def _read_code(row: Any) -> ExpiringCode:  # noqa: ANN401 - a row of `list_page`
    names = tuple(sorted(name for (name,) in read_rows(row.unit_names)))
    return ExpiringCode(
        row.qr_code_id,
        row.expire_at,
        row.user_id,
        row.user_principal_name,
        row.display_name,
        row.account_enabled,
        names,
    )
