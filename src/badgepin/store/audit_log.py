"""Reading the audit log's rows: sign-ins, and all other events."""

from dataclasses import fields
from datetime import datetime

import msgspec
import sqlalchemy as sa

from badgepin.domain.access import Reach
from badgepin.domain.audit import ALERTS, OCCURRED_AT, Activity, Category, RecordedEvent
from badgepin.domain.query import Page, Query, Sort
from badgepin.store import listing
from badgepin.store.holding_roles import may_come_to_a_role
from badgepin.store.json_text import detail, member
from badgepin.store.listing import Listing
from badgepin.store.membership import people_in_units
from badgepin.store.tables import audit_events, users
from badgepin.store.transaction import Transaction

_event = audit_events.c
_BY_PERSON, _BY_APPLICATION = _event.actor_kind == "user", _event.actor_kind == "application"
_CLIENT = member(_event.facts, "clientId")
_LISTING = Listing(
    audit_events,
    tuple(audit_events.c),
    {column.name: column for column in audit_events.c}
    | {
        "actor_user_id": sa.case((_BY_PERSON, _event.actor_id)),
        "actor_principal_id": sa.case((_BY_APPLICATION, _event.actor_id)),
        "actor_client_id": sa.case((_BY_APPLICATION, _CLIENT)),
        "actor_name": member(_event.personal, "actorName"),
        "actor_user_principal_name": member(_event.personal, "actorUserPrincipalName"),
        "target_name": member(_event.personal, "targetName"),
        "target_user_principal_name": member(_event.personal, "targetUserPrincipalName"),
        "ip_address": member(_event.personal, "ipAddress"),
        "client_id": _CLIENT,
        "application_name": detail(_event.facts, "AppDisplayName"),
        "error_code": sa.cast(detail(_event.facts, "ErrorCode"), sa.BigInteger),
    },
    _event.id,
    newest_first=Sort(OCCURRED_AT, descending=True),
)


def list_page(tx: Transaction, tenant_id: str, query: Query, *, sign_ins: bool) -> Page[RecordedEvent]:
    """A page of sign-ins, or of all other events, the newest first where nobody asks for another order."""
    return listing.list_page(tx, _LISTING, _within(tenant_id, sign_ins=sign_ins), query, _read_row)


def count(tx: Transaction, tenant_id: str, query: Query, *, sign_ins: bool) -> int:
    """How many sign-ins, or other events, match."""
    return listing.count(tx, _LISTING, _within(tenant_id, sign_ins=sign_ins), query)


def count_about(tx: Transaction, tenant_id: str, user_id: str, activity: Activity, *, since: datetime) -> int:
    """How often this happened to a person since then."""
    about = sa.and_(_event.tenant_id == tenant_id, _event.target_id == user_id, _event.occurred_at > since)
    counted = sa.select(sa.func.count()).select_from(audit_events).where(about, _event.activity == activity.value)
    return tx.execute(counted).scalar_one()


def list_about(tx: Transaction, tenant_id: str, query: Query, user_id: str) -> Page[RecordedEvent]:
    """A page of everything that happened to one person, sign-ins too, the newest first."""
    return listing.list_page(
        tx, _LISTING, sa.and_(_event.tenant_id == tenant_id, _event.target_id == user_id), query, _read_row
    )


def list_about_people(
    tx: Transaction, tenant_id: str, query: Query, reach: Reach, *, only_alerts: bool = False
) -> Page[RecordedEvent]:
    """A page of everything that happened to people in reach, or of the alerts about them, the newest first."""
    people = sa.select(users.c.id).where(users.c.tenant_id == tenant_id)
    if reach.units is not None:
        people = people.where(users.c.id.in_(people_in_units(tenant_id, reach.units)))
    if not reach.has_roles:
        people = people.where(sa.not_(may_come_to_a_role()))
    within = sa.and_(_event.tenant_id == tenant_id, _event.target_id.in_(people))
    if only_alerts:
        within = sa.and_(within, _event.activity.in_([alert.value for alert in ALERTS]))
    return listing.list_page(tx, _LISTING, within, query, _read_row)


def _within(tenant_id: str, *, sign_ins: bool) -> sa.ColumnElement[bool]:
    return sa.and_(_event.tenant_id == tenant_id, _is_sign_in(sign_ins=sign_ins))


def _read_row(row: sa.Row[tuple[object, ...]]) -> RecordedEvent:
    return _read(row._mapping)


def find(tx: Transaction, tenant_id: str, event_id: str, *, sign_ins: bool = False) -> RecordedEvent | None:
    """One sign-in, or one other event, by id."""
    statement = sa.select(audit_events).where(audit_events.c.tenant_id == tenant_id, audit_events.c.id == event_id)
    row = tx.execute(statement.where(_is_sign_in(sign_ins=sign_ins))).mappings().first()
    return None if row is None else _read(row)


def find_by_handle(tx: Transaction, tenant_id: str, handle: str, *, since: datetime) -> RecordedEvent | None:
    """The latest event that gave a worker this handle."""
    event = audit_events.c
    statement = (
        sa.select(audit_events)
        .where(event.tenant_id == tenant_id, event.handle == handle, event.occurred_at >= since)
        .order_by(event.occurred_at.desc())
        .limit(1)
    )
    row = tx.execute(statement).mappings().first()
    return None if row is None else _read(row)


def find_at(tx: Transaction, tenant_id: str, moment: datetime, qr_code_id: str) -> RecordedEvent | None:
    """The change of a code at exactly this moment; an event carries the instant of its change."""
    event = audit_events.c
    statement = sa.select(audit_events).where(
        event.tenant_id == tenant_id, event.occurred_at == moment, event.facts.contains(qr_code_id, autoescape=True)
    )
    row = tx.execute(statement.where(_is_sign_in(sign_ins=False)).limit(1)).mappings().first()
    return None if row is None else _read(row)


def _is_sign_in(*, sign_ins: bool) -> sa.ColumnElement[bool]:
    category = audit_events.c.category
    return category == Category.SIGN_IN.value if sign_ins else category != Category.SIGN_IN.value


def _read(row: sa.RowMapping) -> RecordedEvent:
    values = {field.name: row[field.name] for field in fields(RecordedEvent)}
    personal = row["personal"]
    values["facts"] = msgspec.json.decode(row["facts"])
    values["personal"] = msgspec.json.decode(personal) if personal else None
    return RecordedEvent(**values)
