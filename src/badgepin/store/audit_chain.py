"""The chain's rows: written with the event on SQLite, by one sequencer a moment later on PostgreSQL."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby, takewhile
from typing import Any, TypeAlias

import sqlalchemy as sa

from badgepin.domain.audit_chain import ROOT, ChainRow, event_digest, link
from badgepin.store.audit_tables import audit_chain, audit_outbox
from badgepin.store.columns import Instant, guid
from badgepin.store.tables import audit_events
from badgepin.store.transaction import Transaction

# any number will do, as long as nobody else in this database takes it
_TURN = 0x62616467_65706E01
# a place in the chain and its event, if the log has it
Step: TypeAlias = tuple[ChainRow, dict[str, Any] | None]
_CHAIN_COLUMNS = ("seq", "event_id", "event_digest", "chain_digest")


@dataclass(frozen=True)
class Head:
    """The end of a tenant's chain; before the first event it is at 0."""

    seq: int = 0
    chain_digest: bytes = ROOT


@dataclass(frozen=True)
class Placed:
    """An event in the log: whether the chain has it, and whether it waits for that."""

    id: str
    occurred_at: datetime
    is_chained: bool
    is_waiting: bool


def head_of(tx: Transaction, tenant_id: str) -> Head:
    """Where a tenant's chain ends."""
    chain = audit_chain.c
    newest = sa.select(chain.seq, chain.chain_digest).where(chain.tenant_id == tenant_id).order_by(chain.seq.desc())
    row = tx.execute(newest.limit(1)).first()
    return Head() if row is None else Head(row.seq, row.chain_digest)


def extend(tx: Transaction, events: Sequence[Mapping[str, Any]]) -> None:
    """Give events their places at the end of their tenants' chains, in the order given. One caller at a time may."""
    chained = []
    heads: dict[str, Head] = {}
    for event in events:
        tenant_id = event["tenant_id"]
        head = heads.get(tenant_id) or head_of(tx, tenant_id)
        seq, digest = head.seq + 1, event_digest(event)
        heads[tenant_id] = Head(seq, link(seq, head.chain_digest, digest))
        place = (seq, event["id"], digest, heads[tenant_id].chain_digest)
        chained.append({"tenant_id": tenant_id, **dict(zip(_CHAIN_COLUMNS, place, strict=True))})
    if chained:
        tx.execute(sa.insert(audit_chain), chained)


def take_turn(tx: Transaction) -> bool:
    """Become the one who writes the chain until this transaction ends. False: somebody else is at it."""
    if tx.dialect.name != "postgresql":
        return True
    return bool(tx.execute(sa.select(sa.func.pg_try_advisory_xact_lock(_TURN))).scalar_one())


def wait_for_turn(tx: Transaction) -> None:
    """The same, once whoever is at it has finished."""
    if tx.dialect.name == "postgresql":
        tx.execute(sa.select(sa.func.pg_advisory_xact_lock(_TURN)))


def is_anything_waiting(tx: Transaction) -> bool:
    """Whether an event waits for its place."""
    return tx.execute(sa.select(audit_outbox.c.event_id).limit(1)).first() is not None


def count_waiting(tx: Transaction, tenant_id: str) -> int:
    """How many events of a tenant wait for their place."""
    waiting = sa.select(sa.func.count()).select_from(audit_outbox).where(audit_outbox.c.tenant_id == tenant_id)
    return int(tx.execute(waiting).scalar_one())


def chain_waiting(tx: Transaction, limit: int) -> int:
    """Chain a portion of what waits, the oldest first; whose turn it is only. Returns how many."""
    event, outbox = audit_events.c, audit_outbox.c
    both = sa.and_(outbox.tenant_id == event.tenant_id, outbox.event_id == event.id)
    waiting = sa.select(audit_events).join(audit_outbox, both).order_by(event.occurred_at, event.id).limit(limit)
    events = [dict(row) for row in tx.execute(waiting).mappings()]
    extend(tx, events)
    for tenant_id, group in groupby(sorted((each["tenant_id"], each["id"]) for each in events), lambda pair: pair[0]):
        done = [identifier for _, identifier in group]
        tx.execute(sa.delete(audit_outbox).where(outbox.tenant_id == tenant_id, outbox.event_id.in_(done)))
    return len(events)


def walk(tx: Transaction, tenant_id: str, *, after: int | None, limit: int) -> list[Step]:
    """A portion of the chain in its order, each place with its event."""
    chain = audit_chain.c
    places = [column.label(f"chain_{column.name}") for column in (chain[name] for name in _CHAIN_COLUMNS)]
    both = sa.and_(chain.tenant_id == audit_events.c.tenant_id, chain.event_id == audit_events.c.id)
    rows = sa.select(*places, audit_events).outerjoin_from(audit_chain, audit_events, both)
    rows = rows.where(chain.tenant_id == tenant_id)
    if after is not None:
        rows = rows.where(chain.seq > after)
    found = []
    for row in tx.execute(rows.order_by(chain.seq).limit(limit)).mappings():
        place = ChainRow(*(row[f"chain_{name}"] for name in _CHAIN_COLUMNS))
        event = {column.name: row[column.name] for column in audit_events.c}
        found.append((place, None if event["id"] is None else event))
    return found


def list_placed(tx: Transaction, tenant_id: str, *, after: Placed | None, limit: int) -> list[Placed]:
    """A portion of the log, the oldest first, and where each event stands."""
    event, chain, outbox = audit_events.c, audit_chain.c, audit_outbox.c
    chained = sa.and_(chain.tenant_id == event.tenant_id, chain.event_id == event.id)
    waiting = sa.and_(outbox.tenant_id == event.tenant_id, outbox.event_id == event.id)
    rows = (
        sa.select(event.id, event.occurred_at, chain.seq, outbox.event_id)
        .outerjoin_from(audit_events, audit_chain, chained)
        .outerjoin(audit_outbox, waiting)
        .where(event.tenant_id == tenant_id)
    )
    if after is not None:
        last = sa.tuple_(sa.literal(after.occurred_at, Instant()), sa.literal(after.id, guid()))
        rows = rows.where(sa.tuple_(event.occurred_at, event.id) > last)
    found = tx.execute(rows.order_by(event.occurred_at, event.id).limit(limit))
    return [Placed(row.id, row.occurred_at, row.seq is not None, row.event_id is not None) for row in found]


def find_lost(tx: Transaction, tenant_id: str) -> str | None:
    """An event that waits for its place and is not in the log any more."""
    event, outbox = audit_events.c, audit_outbox.c
    both = sa.and_(outbox.tenant_id == event.tenant_id, outbox.event_id == event.id)
    lost = sa.select(outbox.event_id).outerjoin_from(audit_outbox, audit_events, both)
    return tx.execute(lost.where(outbox.tenant_id == tenant_id, event.id.is_(None)).limit(1)).scalar_one_or_none()


def digests_at(tx: Transaction, tenant_id: str, places: Collection[int]) -> dict[int, bytes]:
    """The chain's digests at some places."""
    chain = audit_chain.c
    rows = tx.execute(
        sa.select(chain.seq, chain.chain_digest).where(chain.tenant_id == tenant_id, chain.seq.in_(places))
    )
    return {row.seq: row.chain_digest for row in rows}


@dataclass(frozen=True)
class Forgotten:
    """The last place whose event was forgotten, and whether more are old enough."""

    through: int
    is_more: bool


def forget(tx: Transaction, tenant_id: str, *, after: int, before: datetime, limit: int) -> Forgotten:
    """Delete a portion of the events older than `before` that follow `after` in the chain; their places stay.

    It stops at an event that is missing or is not what was recorded: that is evidence. A date that was set back by hand
    must not make us sign that its event was forgotten on purpose.
    """
    steps = walk(tx, tenant_id, after=after, limit=limit + 1)
    old = list(takewhile(lambda step: _is_old(*step, before), steps))
    gone = [place for place, _ in old[:limit]]
    if not gone:
        return Forgotten(after, is_more=False)
    event, identifiers = audit_events.c, [place.event_id for place in gone]
    tx.execute(sa.delete(audit_events).where(event.tenant_id == tenant_id, event.id.in_(identifiers)))
    return Forgotten(gone[-1].seq, is_more=len(old) > limit)


def _is_old(place: ChainRow, event: Mapping[str, Any] | None, before: datetime) -> bool:
    return event is not None and event["occurred_at"] < before and event_digest(event) == place.event_digest
