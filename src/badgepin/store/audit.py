"""The audit log's rows: appended in the transaction of the change, never updated."""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

import msgspec
import sqlalchemy as sa
from sqlalchemy.sql.dml import ReturningUpdate

from badgepin.domain.audit import AuditEvent
from badgepin.domain.caller import Call, Standing
from badgepin.store.tables import audit_events
from badgepin.store.transaction import Transaction

_SALT = 32


@dataclass(frozen=True)
class RecordedEvent:
    """An event as it is kept: `facts` without personal data, `personal` with names and addresses (None once erased)."""

    id: str
    occurred_at: datetime
    activity: str
    category: str
    service: str
    operation: str
    result: str
    result_reason: str
    correlation_id: str
    actor_kind: str
    actor_id: str
    target_kind: str
    target_id: str
    facts: Mapping[str, Any]
    personal: Mapping[str, str] | None


def append(tx: Transaction, call: Call, standing: Standing, event: AuditEvent) -> None:
    """Record one event; when it cannot be written, the change it speaks of is rolled back with it."""
    tx.execute(sa.insert(audit_events), row_of(call, standing, event))


def change_and_append(
    tx: Transaction, change: ReturningUpdate[Any], call: Call, standing: Standing, event: AuditEvent
) -> bool:
    """Make a change and record it if it hit a row: one statement on PostgreSQL, one transaction on SQLite.

    `change` is an UPDATE with RETURNING that hits at most one row. Returns whether it did.
    """
    row = row_of(call, standing, event)
    if tx.dialect.name != "postgresql":
        if tx.execute(change).first() is None:
            return False
        tx.execute(sa.insert(audit_events), row)
        return True
    changed = change.cte("changed")
    values = [sa.literal(value, audit_events.c[name].type) for name, value in row.items()]
    return (
        tx.execute(sa.insert(audit_events).from_select(list(row), sa.select(*values).select_from(changed))).rowcount
        == 1
    )


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
    }
