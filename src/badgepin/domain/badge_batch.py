"""Badges of many people at once: what a batch is, how it moves on, and what becomes of each person in it.

                  start            drawn                confirm
planned ───────────▶ running ───────▶ succeeded ──────────────▶ collected: its codes work
   │ 15 minutes         │ cancel │ a problem,   │ cancel, or an hour
   ▼                    ▼        ▼ or its node is gone   ▼
forgotten         cancelled    failed                 cancelled | expired: every code of it is revoked

A batch that revokes ends with `succeeded`. What ended without being collected is settled: its codes are taken back one
by one, and once none is left the batch says so (`settled_at`).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from badgepin.domain.filter import Field, Kind

PREVIEW_LIFE = timedelta(minutes=15)
"""How long what was seen may still be started."""
COLLECT_WITHIN = timedelta(hours=1)
"""How long documents wait to be collected."""
LEASE = timedelta(seconds=30)
"""How long a node may be silent before others end its batch."""
MOST_PEOPLE = 20_000
BADGES_IN_A_DOCUMENT = 1200
"""Whole sheets of every layout, and whole pages of slips."""


class BatchKind(StrEnum):
    """What is done for many."""

    ISSUE = "issue"
    REVOKE = "revoke"


class BatchState(StrEnum):
    """Where a batch is."""

    PLANNING = "planning"
    PLANNED = "planned"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    COLLECTED = "collected"


UNSETTLED = (BatchState.FAILED, BatchState.CANCELLED, BatchState.EXPIRED)
"""States in which codes that were never handed out are taken back."""


class RowResult(StrEnum):
    """What became of somebody in a batch."""

    PLANNED = "planned"
    SKIPPED = "skipped"
    WAITING = "waiting"
    WORKING = "working"
    TAKEN_BACK = "takenBack"
    REVOKED = "revoked"
    PROBLEM = "problem"
    NOT_DONE = "notDone"


RESULT = Field("result", Kind.CODE)
"""By which rows are filtered."""


@dataclass(frozen=True)
class BadgeBatch:
    """One batch; `created_by` is the person or application who asked for it and alone may collect it."""

    id: str
    kind: BatchKind
    state: BatchState
    created_at: datetime
    created_by: str
    created_by_name: str = ""
    preview_ends_at: datetime | None = None
    holder: str | None = None
    lease_ends_at: datetime | None = None
    finished_at: datetime | None = None
    collect_ends_at: datetime | None = None
    settled_at: datetime | None = None
    code_expire_at: datetime | None = None
    message: str = ""

    def may_start(self, now: datetime) -> bool:
        """Whether what was seen may still be started."""
        return self.state is BatchState.PLANNED and self.preview_ends_at is not None and now < self.preview_ends_at

    def may_be_collected(self, now: datetime) -> bool:
        """Whether the documents are there and the hour is not over."""
        return self.state is BatchState.SUCCEEDED and self.collect_ends_at is not None and now < self.collect_ends_at

    @property
    def may_be_cancelled(self) -> bool:
        """Whether stopping it still changes something."""
        return self.state in {BatchState.PLANNING, BatchState.PLANNED, BatchState.RUNNING} or (
            self.state is BatchState.SUCCEEDED and self.collect_ends_at is not None
        )


@dataclass(frozen=True)
class BatchRow:
    """One person in a batch, or one code that is to be revoked; `fate` is what was announced for them."""

    number: int
    named: str
    fate: str
    is_wanted: bool
    user_id: str | None = None
    display_name: str = ""
    user_principal_name: str = ""
    code_id: str | None = None
    code_kind: str | None = None
    pin_id: str | None = None
    result: RowResult = RowResult.PLANNED
    problem: str = ""


@dataclass(frozen=True)
class BatchDocument:
    """One encrypted PDF of a batch: `kind` is `badges` or `pinSlips`, `count` how many it holds, `size` in bytes."""

    name: str
    kind: str
    count: int
    size: int


def percent_complete(done: int, wanted: int, state: BatchState) -> int:
    """How far a batch is, 0 to 100; 100 is said only once it is over."""
    if state in {BatchState.PLANNING, BatchState.PLANNED}:
        return 0
    if state is not BatchState.RUNNING:
        return 100
    return min(99, 100 * done // wanted) if wanted else 99


def capacity_of_first(labels: int, starting_label: int) -> int:
    """How many badges the first document takes when its first sheet was used before: it still ends a sheet."""
    return BADGES_IN_A_DOCUMENT - (starting_label - 1) % labels
