"""The audit log's rows: appended in the transaction of the change, never updated."""

import hashlib
import logging
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import uuid4

import msgspec
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.dml import ReturningUpdate

from badgepin.domain.audit import AuditEvent
from badgepin.domain.caller import Call, Standing
from badgepin.store import audit_chain
from badgepin.store.audit_tables import audit_outbox
from badgepin.store.tables import audit_events
from badgepin.store.transaction import StoreUnavailable, Transaction, is_worth_repeating, state_of

log = logging.getLogger(__name__)

_SALT = 32


def append(tx: Transaction, call: Call, standing: Standing, event: AuditEvent) -> None:
    """Record one event; when it cannot be written, the change it speaks of is rolled back with it."""
    append_row(tx, row_of(call, standing, event))


def append_row(tx: Transaction, row: dict[str, Any]) -> None:
    """The same, for an event made by `row_of`."""
    append_rows(tx, [row])


def append_rows(tx: Transaction, rows: Sequence[dict[str, Any]]) -> None:
    """The same, for many events of one transaction, which get their places in the chain in this order."""
    if not rows:
        return
    with recorded_or_undone():
        if tx.dialect.name == "postgresql":
            values = [event_values(row) for row in rows]
            tx.execute(_recording_one(), values[0] if len(values) == 1 else values)
        else:
            tx.execute(sa.insert(audit_events), list(rows))
            audit_chain.extend(tx, rows)


@contextmanager
def recorded_or_undone() -> Iterator[None]:
    """When an event cannot be written, whatever the reason, the change it speaks of must not happen.

    Raises `StoreUnavailable`, which rolls the transaction back and which doors answer with 503.
    """
    try:
        yield
    except DBAPIError as error:
        if is_worth_repeating(error):
            raise
        # neither the error's text nor the traceback: they may hold a row's values
        kind = type(error.orig).__name__
        log.error("An audit event cannot be written (%s %s): its change was undone.", kind, state_of(error))  # noqa: TRY400
        raise StoreUnavailable from None


@dataclass(frozen=True)
class PreparedChange:
    """An UPDATE with RETURNING, built once, and the values it runs with. Of several rows it hits, one event speaks."""

    statement: ReturningUpdate[Any]
    values: Mapping[str, Any]


def change_and_append(
    tx: Transaction, change: PreparedChange, call: Call, standing: Standing, event: AuditEvent
) -> bool:
    """Make a change and record it once if it hit a row: one statement on PostgreSQL, one transaction on SQLite.

    Returns whether it did.
    """
    row = row_of(call, standing, event)
    if tx.dialect.name != "postgresql":
        if tx.execute(change.statement, dict(change.values)).first() is None:
            return False
        append_row(tx, row)
        return True
    with recorded_or_undone():
        values = {**change.values, **event_values(row)}
        return tx.execute(_changing_and_appending(change.statement), values).rowcount == 1


def event_values(row: Mapping[str, Any]) -> dict[str, Any]:
    """The values of an event for a statement made by `recording`."""
    return {f"event_{name}": value for name, value in row.items()}


def recording(source: sa.FromClause | None = None) -> sa.Insert:
    """PostgreSQL's statement that records one event for each row of `source`, and that it waits for the chain."""
    columns = list(audit_events.c)
    event = sa.select(*(sa.bindparam(f"event_{column.name}", type_=column.type) for column in columns))
    if source is not None:
        event = event.select_from(source)
    recorded = sa.insert(audit_events).from_select(columns, event)
    added = recorded.returning(audit_events.c.tenant_id, audit_events.c.id).cte("recorded")
    return sa.insert(audit_outbox).from_select(["tenant_id", "event_id"], sa.select(added.c.tenant_id, added.c.id))


@cache
def _recording_one() -> sa.Insert:
    return recording()


@cache
def _changing_and_appending(change: ReturningUpdate[Any]) -> sa.Insert:
    changed = change.cte("changed")
    return recording(sa.select(sa.literal(1).label("hit")).select_from(changed).limit(1).subquery())


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
