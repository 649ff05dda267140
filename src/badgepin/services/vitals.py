"""How an installation is: what its metrics say beyond this node's own counters."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from badgepin.store import vitals as store
from badgepin.store.transaction import Transaction

SPANS = (timedelta(days=7), timedelta(days=30), timedelta(days=90))


@dataclass(frozen=True)
class AuditVitals:
    """Events that wait for their place in the chain; the seconds the oldest waits there, and for a signature."""

    waiting: int
    waiting_seconds: float
    unsigned_seconds: float


def read_audit(tx: Transaction, now: datetime) -> AuditVitals:
    """How far the keeping of the audit log lags behind."""
    waiting, since = store.waiting_events(tx)
    return AuditVitals(waiting, _age(since, now), _age(store.oldest_unsigned_at(tx), now))


def count_ending(tx: Transaction, now: datetime) -> list[int]:
    """Live standard codes that end within each of `SPANS`. Reads every code that does."""
    return store.codes_ending(tx, now, [now + span for span in SPANS])


def _age(moment: datetime | None, now: datetime) -> float:
    return 0.0 if moment is None else max(0.0, (now - moment).total_seconds())
