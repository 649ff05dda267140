"""What clients did and saw, with times of one clock: enough to compare intervals, which is all that the checks do."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path


class Outcome(StrEnum):
    """How an operation ended, as far as its client can know."""

    OK = "ok"
    FAIL = "fail"
    UNKNOWN = "unknown"


@dataclass
class Operation:
    """One operation of one client: `subject` is the code, person or token it was about."""

    kind: str
    subject: str
    invoked: float
    completed: float = 0.0
    outcome: Outcome = Outcome.UNKNOWN
    node: str = ""
    detail: str = ""


@dataclass
class History:
    """Every operation of a run, in the order of their beginnings; any thread may add."""

    operations: list[Operation] = field(default_factory=list)
    _turn: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @contextmanager
    def operation(self, kind: str, subject: str) -> Iterator[Operation]:
        """Note when it begins and ends; whoever does it says how. What says nothing ends unknown."""
        done = Operation(kind, subject, time.monotonic())
        with self._turn:
            self.operations.append(done)
        try:
            yield done
        finally:
            done.completed = time.monotonic()

    def of(self, kind: str, outcome: Outcome | None = Outcome.OK) -> list[Operation]:
        """The operations of a kind that ended so; of any end when that is None."""
        return [each for each in self.operations if each.kind == kind and outcome in {None, each.outcome}]

    def counts(self) -> str:
        """How many of each kind ended how, in a line."""
        kinds = sorted({each.kind for each in self.operations})
        return "; ".join(
            f"{kind} " + "/".join(str(len(self.of(kind, outcome))) for outcome in Outcome) for kind in kinds
        )

    def save(self, path: Path) -> None:
        """Write it down, one JSON object a line."""
        lines = (json.dumps(asdict(each)) + "\n" for each in self.operations)
        path.write_text("".join(lines), encoding="utf-8")
