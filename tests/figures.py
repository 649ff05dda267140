"""Figures of the invariants: counted by the tests, written to docs/figures.md by `make figures`."""

import os
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "figures.md"
_HEAD = """# Figures of the invariants

Counted by the tests, on both databases, and written by `make figures`. No violation in n trials bounds the chance of
one at 3/n (95 %). Each has a negative control: the same harness with a weaker rule, which must show violations.

| invariant | what was tried | n | violations | bound 3/n | control |
| --- | --- | --- | --- | --- | --- |
"""


@dataclass(frozen=True)
class Figure:
    """`control` says what the weaker rule was and how often it failed."""

    invariant: str
    what: str
    trials: int
    violations: int
    control: str


def record(figure: Figure) -> None:
    """Print a figure, write it down where that is asked for, and fail on a violation."""
    bound = f"{3 / figure.trials:.2g}"
    line = (
        f"| {figure.invariant} | {figure.what} | {figure.trials} | {figure.violations} | {bound} | {figure.control} |"
    )
    print(line)  # noqa: T201 - a figure is to be read
    if os.environ.get("BADGEPIN_WRITE_FIGURES"):
        lines = PAGE.read_text(encoding="utf-8").splitlines() if PAGE.exists() else _HEAD.splitlines()
        same = f"| {figure.invariant} | {figure.what} |"
        rows = sorted([*(row for row in lines if row.startswith("| I") and not row.startswith(same)), line])
        PAGE.write_text(_HEAD + "\n".join(rows) + "\n", encoding="utf-8")
    assert figure.violations == 0
