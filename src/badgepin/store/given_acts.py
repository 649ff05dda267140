"""What an actor gave to a person a short time ago: a column for the statement that reads the person's method."""

from typing import Any

import sqlalchemy as sa

from badgepin.domain.audit import Activity
from badgepin.domain.dual_control import GivenAct, in_hand
from badgepin.domain.hands import Hand
from badgepin.store.columns import Instant
from badgepin.store.json_rows import json_rows, read_rows
from badgepin.store.json_text import detail
from badgepin.store.standing import TENANT
from badgepin.store.tables import audit_events

_GIVING = (Activity.ADMIN_REGISTERED.value, Activity.ADMIN_UPDATED.value)


def given_acts(caller_id: sa.ColumnElement[Any], person: sa.FromClause) -> sa.ScalarSelect[str]:
    """The acts since `given_since` of whoever that column names, on that person; read them with `read_in_hand`."""
    event = audit_events.c
    return json_rows(
        sa.select(event.activity, detail(event.facts, "QRCodeId"), detail(event.facts, "PinId"))
        .where(event.tenant_id == TENANT, event.target_id == person.c.id)
        .where(event.occurred_at > sa.bindparam("given_since", type_=Instant))
        .where(event.actor_id == sa.type_coerce(caller_id, sa.Text()), event.activity.in_(_GIVING))
        .correlate_except(audit_events)
    )


def read_in_hand(text: str | None) -> frozenset[Hand]:
    """What the actor gave with the acts in such a column."""
    acts = (GivenAct(activity, code is not None, pin is not None) for activity, code, pin in read_rows(text))
    return in_hand(acts)
