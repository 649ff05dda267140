"""The audit log's rows: appended in the transaction of the change, never updated."""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cache
from typing import Any
from uuid import uuid4

import msgspec
import sqlalchemy as sa
from sqlalchemy.sql.dml import ReturningUpdate

from badgepin.domain.audit import AuditEvent, Category, Position, RecordedEvent
from badgepin.domain.caller import Call, Standing
from badgepin.store.tables import audit_events
from badgepin.store.transaction import Transaction

_SALT = 32


def append(tx: Transaction, call: Call, standing: Standing, event: AuditEvent) -> None:
    """Record one event; when it cannot be written, the change it speaks of is rolled back with it."""
    append_row(tx, row_of(call, standing, event))


def append_row(tx: Transaction, row: dict[str, Any]) -> None:
    """The same, for an event made by `row_of`."""
    tx.execute(sa.insert(audit_events), row)


@dataclass(frozen=True)
class PreparedChange:
    """An UPDATE with RETURNING that hits at most one row, built once, and the values it runs with."""

    statement: ReturningUpdate[Any]
    values: Mapping[str, Any]


def change_and_append(
    tx: Transaction, change: PreparedChange, call: Call, standing: Standing, event: AuditEvent
) -> bool:
    """Make a change and record it if it hit a row: one statement on PostgreSQL, one transaction on SQLite.

    Returns whether it did.
    """
    row = row_of(call, standing, event)
    if tx.dialect.name != "postgresql":
        if tx.execute(change.statement, dict(change.values)).first() is None:
            return False
        tx.execute(sa.insert(audit_events), row)
        return True
    values = {f"event_{name}": value for name, value in row.items()}
    return tx.execute(_changing_and_appending(change.statement), {**change.values, **values}).rowcount == 1


@cache
def _changing_and_appending(change: ReturningUpdate[Any]) -> sa.Insert:
    columns = list(audit_events.c)
    event = [sa.bindparam(f"event_{column.name}", type_=column.type) for column in columns]
    return sa.insert(audit_events).from_select(columns, sa.select(*event).select_from(change.cte("changed")))


def row_of(call: Call, standing: Standing, event: AuditEvent) -> dict[str, Any]:
    """The columns of an event, in a fixed order."""
    personal = msgspec.json.encode(
        {
            "actorName": standing.display_name,
            "actorUserPrincipalName": standing.user_principal_name,
            "ipAddress": call.ip_address,
            "targetName": event.target_name,
            "targetUserPrincipalName": event.target_user_principal_name,
        },
        order="sorted",
    )
    salt = secrets.token_bytes(_SALT)
    facts = {
        "clientId": call.caller.client_id,
        "changes": [[change.name, change.old, change.new] for change in event.changes],
        "details": [list(detail) for detail in event.details],
    }
    return {
        "tenant_id": call.tenant_id,
        "id": str(uuid4()),
        "occurred_at": call.now,
        "activity": event.activity.value,
        "category": event.category.value,
        "service": event.service,
        "operation": event.operation.value,
        "result": event.result,
        "result_reason": event.result_reason,
        "correlation_id": call.correlation_id,
        "actor_kind": "application" if call.caller.is_application else "user",
        "actor_id": standing.id,
        "target_kind": event.target_kind,
        "target_id": event.target_id,
        "facts": msgspec.json.encode(facts, order="sorted").decode(),
        "personal": personal.decode(),
        "personal_salt": salt,
        "personal_digest": hashlib.sha256(salt + personal).digest(),
        "handle": event.handle,
    }


def list_page(
    tx: Transaction, tenant_id: str, *, after: Position | None, limit: int, sign_ins: bool = False
) -> list[RecordedEvent]:
    """A page of sign-ins, or of all other events, the newest first."""
    event = audit_events.c
    statement = sa.select(audit_events).where(event.tenant_id == tenant_id, _is_sign_in(sign_ins=sign_ins))
    if after is not None:
        older = sa.and_(event.occurred_at == after.occurred_at, event.id < after.id)
        statement = statement.where(sa.or_(event.occurred_at < after.occurred_at, older))
    newest_first = statement.order_by(event.occurred_at.desc(), event.id.desc()).limit(limit)
    return [_read(row) for row in tx.execute(newest_first).mappings()]


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
    values["personal"] = None if personal is None else msgspec.json.decode(personal)
    return RecordedEvent(**values)
