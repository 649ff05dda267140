"""What somebody who can write the database may do to a log: each a name and the deed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import pairwise
from typing import Any, TypeAlias

import sqlalchemy as sa

from badgepin.crypto.checkpoint import CheckpointKey
from badgepin.crypto.key_ring import KeyRing
from badgepin.domain.audit_chain import ROOT, event_digest, link
from badgepin.store import audit_chain as chain_store
from badgepin.store.audit_tables import audit_chain, audit_checkpoints
from badgepin.store.columns import Instant
from badgepin.store.tables import audit_events, tenants
from badgepin.store.transaction import Transaction
from tests.audit.ledger import Ledger
from tests.graph.world import START, TENANT, guid

Deed: TypeAlias = tuple[str, Callable[[Transaction], Any]]
OTHER_TENANT = guid("another tenant")


def changed_columns(ledger: Ledger) -> Iterator[Deed]:
    """Each column of each event gets another value."""
    ids = dict(ledger.places())
    for row in sorted(ledger.world.rows(audit_events), key=lambda each: str(each["id"])):
        assert row["id"] in ids.values()
        for column in audit_events.c:
            values = {column.name: _another(column, row[column.name])}
            here = sa.update(audit_events).where(audit_events.c.id == row["id"]).values(values)
            yield (
                f"{column.name} of {row['id']}",
                _all(another_tenant, here) if column.name == "tenant_id" else _all(here),
            )


def _another(column: sa.Column[Any], value: Any) -> Any:
    if column.name == "id":
        return guid(f"not {value}")
    if column.name == "tenant_id":
        return OTHER_TENANT
    if isinstance(column.type, Instant):
        return value + timedelta(microseconds=1)
    if isinstance(value, bytes):
        return bytes([value[0] ^ 1]) + value[1:]
    return f"{value or ''}x"


def another_tenant(tx: Transaction) -> None:
    """There is a second tenant."""
    values = {"tenant_id": OTHER_TENANT, "display_name": "Other", "default_domain": "other.example"}
    tx.execute(sa.insert(tenants).values(**values, created_at=START))


def deleted(ledger: Ledger) -> Iterator[Deed]:
    """Each event goes, its place in the chain goes, or both."""
    for seq, event_id in ledger.places():
        event = sa.delete(audit_events).where(audit_events.c.id == event_id)
        place = sa.delete(audit_chain).where(audit_chain.c.seq == seq)
        yield f"event {seq} deleted", _all(event)
        yield f"place {seq} deleted", _all(place)
        yield f"event and place {seq} deleted", _all(event, place)


def reordered(ledger: Ledger) -> Iterator[Deed]:
    """Each two neighbours change places: what they say, when they happened, or where they stand in the chain."""
    rows = {row["id"]: row for row in ledger.world.rows(audit_events)}
    places = ledger.places()
    for (seq, first), (next_seq, second) in pairwise(places):
        for names in (set(rows[first]) - {"id", "tenant_id"}, {"occurred_at"}):
            yield (
                f"{len(names)} columns of {seq} and {next_seq} swapped",
                _all(
                    _update(first, {name: rows[second][name] for name in names}),
                    _update(second, {name: rows[first][name] for name in names}),
                ),
            )
        seqs = audit_chain.c.seq
        yield (
            f"places {seq} and {next_seq} swapped",
            _all(
                sa.update(audit_chain).where(seqs == seq).values(seq=0),
                sa.update(audit_chain).where(seqs == next_seq).values(seq=seq),
                sa.update(audit_chain).where(seqs == 0).values(seq=next_seq),
            ),
        )


def cut(ledger: Ledger) -> Iterator[Deed]:
    """The log is cut off before each event: events alone, or every trace that the database has."""
    for seq, _ in ledger.places():
        yield f"events from {seq} cut", partial(_cut_events, seq=seq)
        yield f"everything from {seq} cut", partial(cut_from, seq=seq)


def written_anew(ledger: Ledger) -> Iterator[Deed]:
    """The log is cut off before each event, and as many are appended again with a chain that is right."""
    last = len(ledger.places())
    for seq, _ in ledger.places():
        rows = ledger.rows(last - seq + 1)
        yield f"from {seq} written anew", _all(partial(cut_from, seq=seq), partial(_append, rows=rows))


def computed_anew(ledger: Ledger) -> Iterator[Deed]:
    """Each event is changed, and the whole chain computed anew; checkpoints stay, or go."""
    for seq, event_id in ledger.places():
        change = _update(event_id, {"result": "failure"})
        yield f"{seq} changed, chain computed anew", _all(change, recompute)
        gone = sa.delete(audit_checkpoints)
        yield f"{seq} changed, chain computed anew, checkpoints gone", _all(change, recompute, gone)


def inserted(ledger: Ledger) -> Iterator[Deed]:
    """An event is added: without a place, with a place before all others, or in the middle of a chain computed anew."""
    for seq, _ in ledger.places():
        [row] = ledger.rows(1)
        row["occurred_at"] = START + timedelta(seconds=seq)
        add, digest = sa.insert(audit_events).values(row), event_digest(row)
        place = sa.insert(audit_chain).values(tenant_id=TENANT, event_id=row["id"], event_digest=digest)
        yield f"an event without a place at {seq}", _all(add)
        outside = place.values(seq=-seq, chain_digest=link(seq, ROOT, digest))
        yield f"an event with the place {-seq}", _all(add, outside)
        between = place.values(seq=seq, chain_digest=ROOT)
        deed = _all(add, partial(_make_room, seq=seq), between, recompute)
        yield f"an event with the place {seq}, the others moved", deed


def chain_edited(ledger: Ledger) -> Iterator[Deed]:
    """Each column of each place gets another value."""
    for row in ledger.world.rows(audit_chain):
        for column in (audit_chain.c.event_id, audit_chain.c.event_digest, audit_chain.c.chain_digest):
            value = guid("nobody") if column.name == "event_id" else _another(column, row[column.name])
            here = sa.update(audit_chain).where(audit_chain.c.seq == row["seq"]).values({column.name: value})
            yield f"{column.name} of place {row['seq']}", _all(here)
        away = sa.update(audit_chain).where(audit_chain.c.seq == row["seq"]).values(seq=row["seq"] + 1000)
        yield f"place {row['seq']} renumbered", _all(away)


def checkpoints_edited(ledger: Ledger, stranger: KeyRing) -> Iterator[Deed]:
    """Each checkpoint is changed, signed by somebody else, or removed."""
    kept, other = audit_checkpoints.c, CheckpointKey(stranger)
    rows = sorted(ledger.world.rows(audit_checkpoints), key=lambda row: int(row["number"]))
    for row in rows:
        here = sa.update(audit_checkpoints).where(kept.number == row["number"])
        signed = ledger.key.read(row["token"])
        assert signed is not None
        head, _, signature = row["token"].rpartition(".")
        for name, values in {
            "seq": {"seq": row["seq"] + 1},
            "number": {"number": row["number"] + 100},
            "created_at": {"created_at": row["created_at"] + timedelta(seconds=1)},
            "signature": {"token": f"{head}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"},
            "spelling of the signature": {"token": _spelt_otherwise(row["token"])},
            "another's key": {"token": other.sign(signed)},
            "another's key, more purged": {"token": other.sign(replace(signed, purged_through=40))},
            "another's place": {"token": rows[int(row["number"]) % len(rows)]["token"]},
            "no token": {"token": ""},
        }.items():
            yield f"{name} of checkpoint {row['number']}", _all(here.values(values))
        yield (
            f"checkpoint {row['number']} removed",
            _all(sa.delete(audit_checkpoints).where(kept.number == row["number"])),
        )
    yield "every checkpoint removed", _all(sa.delete(audit_checkpoints))


def _spelt_otherwise(token: str) -> str:
    """Another text of the same bytes: decoders ignore the last four bits."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return token[:-1] + letters[letters.index(token[-1]) ^ 1]


def cut_from(tx: Transaction, seq: int) -> None:
    """Remove every trace of the events from a place on."""
    _cut_events(tx, seq)
    tx.execute(sa.delete(audit_chain).where(audit_chain.c.seq >= seq))
    tx.execute(sa.delete(audit_checkpoints).where(audit_checkpoints.c.seq >= seq))


def recompute(tx: Transaction) -> None:
    """Compute the whole chain anew over the events as they are now."""
    order = sa.select(audit_chain.c.seq, audit_events).join(audit_events, audit_events.c.id == audit_chain.c.event_id)
    before = ROOT
    for row in tx.execute(order.order_by(audit_chain.c.seq)).mappings().all():
        digest = event_digest({column.name: row[column.name] for column in audit_events.c})
        before = link(row["seq"], before, digest)
        place = sa.update(audit_chain).where(audit_chain.c.seq == row["seq"])
        tx.execute(place.values(event_digest=digest, chain_digest=before))


def _append(tx: Transaction, rows: list[dict[str, Any]]) -> None:
    tx.execute(sa.insert(audit_events), rows)
    chain_store.extend(tx, rows)


def _cut_events(tx: Transaction, seq: int) -> None:
    late = sa.select(audit_chain.c.event_id).where(audit_chain.c.seq >= seq)
    tx.execute(sa.delete(audit_events).where(audit_events.c.id.in_(late)))


def _make_room(tx: Transaction, seq: int) -> None:
    # in two steps, because a place is unique at every moment
    for first, span in ((seq, 1_000_001), (seq + 1_000_000, -1_000_000)):
        tx.execute(sa.update(audit_chain).where(audit_chain.c.seq >= first).values(seq=audit_chain.c.seq + span))


def _update(event_id: str, values: dict[str, Any]) -> sa.Update:
    return sa.update(audit_events).where(audit_events.c.id == event_id).values(values)


def _all(*steps: Callable[[Transaction], Any] | sa.Executable) -> Callable[[Transaction], Any]:
    def deed(tx: Transaction) -> None:
        for step in steps:
            if isinstance(step, sa.Executable):
                tx.execute(step)
            else:
                step(tx)

    return deed
