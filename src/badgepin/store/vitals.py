"""Counts that tell an operator how an installation is, over all tenants. None of them names anybody."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from badgepin.domain.qr_code import CodeKind
from badgepin.store import audit_checkpoint
from badgepin.store.audit_tables import audit_chain, audit_outbox
from badgepin.store.tables import audit_events, qr_codes
from badgepin.store.transaction import Transaction


def waiting_events(tx: Transaction) -> tuple[int, datetime | None]:
    """Events that wait for their place in the chain, and since when the oldest does."""
    event, waiting = audit_events.c, audit_outbox.c
    joined = sa.and_(event.tenant_id == waiting.tenant_id, event.id == waiting.event_id)
    row = tx.execute(
        sa.select(sa.func.count(), sa.func.min(event.occurred_at)).select_from(audit_outbox.join(audit_events, joined))
    ).one()
    return row[0], row[1]


def oldest_unsigned_at(tx: Transaction) -> datetime | None:
    """When the oldest event happened that no checkpoint covers yet."""
    found = [
        _event_after(tx, each.tenant_id, each.signed_seq or 0)
        for each in audit_checkpoint.list_progress(tx)
        if each.seq > (each.signed_seq or 0)
    ]
    return min((moment for moment in found if moment is not None), default=None)


def _event_after(tx: Transaction, tenant_id: str, seq: int) -> datetime | None:
    event, place = audit_events.c, audit_chain.c
    joined = audit_chain.join(audit_events, sa.and_(event.tenant_id == place.tenant_id, event.id == place.event_id))
    statement = sa.select(event.occurred_at).select_from(joined)
    return tx.execute(statement.where(place.tenant_id == tenant_id, place.seq == seq + 1)).scalar_one_or_none()


def codes_ending(tx: Transaction, now: datetime, untils: Sequence[datetime]) -> list[int]:
    """How many live standard codes end before each moment; the moments grow."""
    code = qr_codes.c
    counts = [sa.func.count().filter(code.expire_at <= until) for until in untils]
    live = sa.and_(
        code.kind == CodeKind.STANDARD.value,
        code.revoked_at.is_(None),
        code.expire_at > now,
        code.expire_at <= untils[-1],
    )
    return list(tx.execute(sa.select(*counts).where(live)).one())
