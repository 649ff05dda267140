"""Whether this node can work, as its last durable write and the schema say (security design 12.2).

A request for it asks nobody.

starting ──first write──▶ ready ──a write fails, or none for 15 s──▶ not ready ──a write──▶ ready
any      ──order to stop──▶ stopping
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

STALE = 15.0


@dataclass(frozen=True)
class NotReady:
    """Why requests should go elsewhere: a word for programs, and a sentence."""

    status: str
    reason: str


class Readiness:
    """This node's last durable write, and whether it has been told to stop."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._written_at: float | None = None
        self._failed = False
        self.is_stopping = False
        # why this version cannot serve the schema that the database now has
        self.schema_refusal: str | None = None
        self.write_seconds = 0.0
        self.drift_seconds: float | None = None

    def judge(self) -> NotReady | None:
        """Why this node is not ready now; None when it is."""
        if self.is_stopping:
            return NotReady("stopping", "This node was told to stop and finishes what it has begun.")
        age = self.age()
        if age is None and not self._failed:
            return NotReady("starting", "This node has not yet written to the database.")
        if age is None or self._failed:
            return NotReady("database unavailable", "The database did not take the last write.")
        if self.schema_refusal is not None:
            return NotReady("schema", self.schema_refusal)
        if age > STALE:
            return NotReady("database unavailable", f"The database has not answered to a write for {age:.0f} seconds.")
        return None

    def age(self) -> float | None:
        """Seconds since the last durable write, None before the first."""
        return None if self._written_at is None else self._clock() - self._written_at

    def note_write(self, seconds: float, drift_seconds: float | None) -> None:
        """A write is durable; it took so long, and the database's clock is so far ahead of ours."""
        self._written_at, self._failed = self._clock(), False
        self.write_seconds, self.drift_seconds = seconds, drift_seconds

    def note_failure(self) -> None:
        """A write failed."""
        self._failed = True
