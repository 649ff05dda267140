"""What a command prints: a table for people, JSON for scripts."""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import typer
from rich.console import Console
from rich.table import Table

Value = str | int | bool | None
Row = dict[str, Value | list[str]]


def print_json(value: object) -> None:
    """One JSON document on standard output."""
    typer.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def print_rows(rows: Sequence[Row], *, as_json: bool, empty: str) -> None:
    """A table with a line per row, or a JSON list; `empty` is what people read when there is none."""
    if as_json:
        print_json(list(rows))
        return
    if not rows:
        typer.echo(empty)
        return
    # a pipe gets whole lines, however long
    # and a name with brackets or colons in it is shown as it is
    console = Console(width=None if sys.stdout.isatty() else 400, highlight=False, markup=False, emoji=False)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in rows[0]:
        table.add_column(name, no_wrap=True, overflow="fold")
    for row in rows:
        table.add_row(*(_text(value) for value in row.values()))
    console.print(table)


def print_row(row: Row, *, as_json: bool) -> None:
    """One thing, a line for each of its properties."""
    if as_json:
        print_json(row)
        return
    width = max(map(len, row))
    for name, value in row.items():
        if value is not None:
            typer.echo(f"{name:{width}}  {_text(value)}")


def when(moment: datetime | None) -> str | None:
    """An instant as text, in UTC and to the second."""
    return None if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def write_new(path: Path, content: bytes) -> None:
    """Write a file that only its owner reads. Raises `OSError`, also when it exists already."""
    with path.open("xb") as file:
        path.chmod(0o600)
        file.write(content)


def _text(value: Value | list[str]) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(value) if isinstance(value, list) else str(value)
