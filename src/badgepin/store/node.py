"""Restore epochs, marks of the nodes' journals, and chores that one node does for all."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from badgepin.store.node_tables import chores, journal_marks, restore_epochs
from badgepin.store.transaction import Transaction
from badgepin.store.upsert import upsert


@dataclass(frozen=True)
class Mark:
    """How far a node's journal is settled in the database, and the how-manieth mark that is."""

    seq: int = 0
    beat: int = 0


@dataclass(frozen=True)
class Chore:
    """When a chore was last begun and done, and with what outcome."""

    claimed_at: datetime
    done_at: datetime | None
    outcome: str


def current_epoch(tx: Transaction) -> int:
    """The restore epoch; 0 before the first restore."""
    return tx.execute(sa.select(sa.func.max(restore_epochs.c.number))).scalar_one() or 0


def begin_epoch(tx: Transaction, cause: str, now: datetime) -> int:
    """Begin the next epoch. Of several nodes that do so at once each one gets a number of its own."""
    while True:
        number = current_epoch(tx) + 1
        row = upsert(tx, restore_epochs).values(number=number, begun_at=now, cause=cause).on_conflict_do_nothing()
        if tx.execute(row).rowcount:
            return number


def mark_of(tx: Transaction, node: str) -> Mark:
    """The last mark of a node."""
    row = tx.execute(sa.select(journal_marks).where(journal_marks.c.node == node)).first()
    return Mark() if row is None else Mark(row.seq, row.beat)


def save_mark(tx: Transaction, node: str, mark: Mark, now: datetime) -> None:
    """Move a node's mark on."""
    values = {"seq": mark.seq, "beat": mark.beat, "marked_at": now}
    statement = upsert(tx, journal_marks).values(node=node, **values)
    tx.execute(statement.on_conflict_do_update(index_elements=["node"], set_=values))


def claim(tx: Transaction, name: str, *, now: datetime, free_before: datetime) -> bool:
    """Take a chore that nobody has begun since `free_before`. Of several nodes one is told True."""
    statement = upsert(tx, chores).values(name=name, claimed_at=now)
    taken = statement.on_conflict_do_update(
        index_elements=["name"], set_={"claimed_at": now}, where=chores.c.claimed_at <= free_before
    )
    return tx.execute(taken).rowcount == 1


def note_done(tx: Transaction, name: str, outcome: str, *, done_at: datetime, now: datetime) -> None:
    """Remember how a chore ended that was done."""
    values = {"outcome": outcome, "done_at": done_at}
    statement = upsert(tx, chores).values(name=name, claimed_at=now, **values)
    tx.execute(statement.on_conflict_do_update(index_elements=["name"], set_=values))


def note_failed(tx: Transaction, name: str, outcome: str, claimed_at: datetime) -> None:
    """Remember why a claimed chore was not done; its last success stays."""
    tx.execute(sa.update(chores).where(chores.c.name == name).values(outcome=outcome, claimed_at=claimed_at))


def find_chore(tx: Transaction, name: str) -> Chore | None:
    """What is known of a chore."""
    row = tx.execute(sa.select(chores).where(chores.c.name == name)).first()
    return None if row is None else Chore(row.claimed_at, row.done_at, row.outcome)
