"""The rows as the table of docs/performance.md, with the date and the machine they were measured on."""

import os
import platform
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

PAGE = Path("docs/performance.md")
_BEGIN, _END = "<!-- make bench: begin -->", "<!-- make bench: end -->"


@dataclass(frozen=True)
class Row:
    """One measured thing against its goal, over the rounds of one run."""

    name: str
    least: float
    median: float
    most: float
    goal: str
    met: bool | None = None
    note: str = ""


def row_of(name: str, values: list[float], goal: str = "none set", *, met: bool | None = None, note: str = "") -> Row:
    """A row of the rounds' values."""
    ordered = sorted(values)
    middle = len(ordered) // 2
    median = ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
    return Row(name, ordered[0], median, ordered[-1], goal, met, note)


def at_least(name: str, values: list[float], goal: float, note: str = "") -> Row:
    """A row whose median should be no less."""
    row = row_of(name, values, f"at least {goal}", note=note)
    return Row(row.name, row.least, row.median, row.most, row.goal, row.median >= goal, note)


def at_most(name: str, values: list[float], goal: float, note: str = "") -> Row:
    """A row whose median should be no more."""
    row = row_of(name, values, f"at most {goal:g}", note=note)
    return Row(row.name, row.least, row.median, row.most, row.goal, row.median <= goal, note)


def printed(row: Row) -> str:
    """The row for a terminal."""
    verdict = {None: "", True: "met", False: "NOT MET"}[row.met]
    figures = f"{row.least:9.2f} {row.median:9.2f} {row.most:9.2f}"
    return f"{row.name:72} {figures}  {row.goal:14} {verdict:8} {row.note}"


HEAD = f"{'':72} {'min':>9} {'median':>9} {'max':>9}  goal"


def table(rows: list[Row], *, command: str) -> str:
    """The rows in Markdown, under a line that says when, where and by which command."""
    lines = [
        f"`{command}` on {datetime.now(UTC).date()}: {machine()}.",
        "",
        "| what | min | median | max | goal |",
        "| --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        verdict = {None: row.goal, True: f"{row.goal}, met", False: f"{row.goal}, **not met**"}[row.met]
        name = f"{row.name} ({row.note})" if row.note else row.name
        lines.append(f"| {name} | {row.least:.2f} | {row.median:.2f} | {row.most:.2f} | {verdict} |")
    return "\n".join(lines)


def machine() -> str:
    """What the machine is, without its name."""
    kilobytes = int(re.findall(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text(encoding="utf-8"))[0])
    model = re.findall(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    parts = (
        f"{os.cpu_count()} cores ({model[0].strip() if model else platform.machine()})",
        f"{kilobytes / 1024 / 1024:.0f} GB",
        f"Linux {platform.release().split('-')[0]}",
        f"Python {platform.python_version()}",
    )
    return ", ".join(parts)


def write(rows: list[Row], *, command: str, page: Path = PAGE) -> None:
    """Put the table where the last one was. Raises `LookupError` when the page has no place for it."""
    text = page.read_text(encoding="utf-8")
    begin, end = text.find(_BEGIN), text.find(_END)
    if not 0 <= begin < end:
        raise LookupError(f"{page} lacks the lines {_BEGIN} and {_END}")
    text = f"{text[: begin + len(_BEGIN)]}\n{table(rows, command=command)}\n{text[end:]}"
    page.write_text(text, encoding="utf-8")
