"""Figures of the invariants: counted by tests and by `make faults`, kept in docs/figures.md where that is asked for."""

import os
import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "figures.md"
_HEAD = """# Figures of the invariants

Each row was counted by the command beside it, which writes it here: `make figures` runs the tests that count,
`make faults` the long runs with several processes, crashes and pauses. No violation in n trials bounds the chance of
one at 3/n (95 %). Each has a negative control: the same harness with a weaker rule, which must show violations.

| invariant | what was tried | n | violations | bound 3/n | control | command | date | machine |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
"""


@dataclass(frozen=True)
class Figure:
    """`control` says what the weaker rule was and how often it failed."""

    invariant: str
    what: str
    trials: int
    violations: int
    control: str
    command: str = "make figures"

    @property
    def row(self) -> str:
        """A line of the page."""
        bound = f"{3 / self.trials:.2g}" if self.trials else "none"
        counted = f"{self.trials} | {self.violations} | {bound} | {self.control}"
        return f"| {self.invariant} | {self.what} | {counted} | `{self.command}` | {_today()} | {_machine()} |"


def record(figure: Figure) -> None:
    """Print a figure, write it down where that is asked for, and fail on a violation."""
    print(figure.row)  # noqa: T201 - a figure is to be read
    if os.environ.get("BADGEPIN_WRITE_FIGURES"):
        lines = PAGE.read_text(encoding="utf-8").splitlines() if PAGE.exists() else _HEAD.splitlines()
        same = f"| {figure.invariant} | {figure.what} |"
        rows = sorted([*(row for row in lines if row.startswith("| I") and not row.startswith(same)), figure.row])
        PAGE.write_text(_HEAD + "\n".join(rows) + "\n", encoding="utf-8")
    assert figure.trials > 0, "nothing was tried"
    assert figure.violations == 0


def _today() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d")


def _machine() -> str:
    return f"{os.cpu_count()} cores, {platform.machine()}"
