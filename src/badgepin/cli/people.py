"""`badgepin people`: bringing people in from files, and taking the last import back."""

import csv
import hashlib
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import Annotated, BinaryIO, TextIO

import typer

from badgepin.cli.operator import Operator, run_as_operator
from badgepin.cli.options import DataOption, JsonOption, TenantOption
from badgepin.cli.output import Row as Line
from badgepin.cli.output import print_json, print_rows, when
from badgepin.cli.progress import progress
from badgepin.cli.refusal import CommandRefused
from badgepin.domain.errors import Conflict
from badgepin.domain.group import MemberKind
from badgepin.domain.people_import import Import, Outcome, Result, Row, without_duplicates
from badgepin.services import import_undo, people_csv, people_graph_export
from badgepin.services import people_import as services
from badgepin.services.people_csv import COLUMNS, FileRefused
from badgepin.services.people_import import AT_ONCE, Step

app = typer.Typer(add_completion=False, rich_markup_mode=None, help="Bring people in from a file.")

_SHOWN = 10
_TRIES = 3
_RESULT_COLUMNS = ["line", "userPrincipalName", "result", "detail"]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do it without asking.")]


class Format(StrEnum):
    """What the files hold."""

    CSV = "csv"
    GRAPH = "graph"


@dataclass
class _Preview:
    """What would change, counted row by row."""

    counts: dict[Result, int] = field(default_factory=lambda: dict.fromkeys(Result, 0))
    refusals: list[Outcome] = field(default_factory=list)
    new_places: dict[tuple[MemberKind, str], str] = field(default_factory=dict)

    @property
    def would_change(self) -> bool:
        """Whether any row does something; an import of nothing would only stand in the way of an undo."""
        return self.counts[Result.CREATED] + self.counts[Result.UPDATED] > 0

    def add(self, step: Step) -> None:
        self.counts[step.outcome.result] += 1
        if step.outcome.result is Result.REFUSED and len(self.refusals) < _SHOWN:
            self.refusals.append(step.outcome)
        for place in step.joins:
            if place.id is None:
                self.new_places.setdefault((place.kind, place.name.casefold()), place.name)


@dataclass(frozen=True)
class _Source:
    """The files of an import, which are read twice: to preview, and to do it."""

    paths: tuple[Path, ...]
    format: Format

    @property
    def name(self) -> str:
        return ", ".join(path.name for path in self.paths)

    def digest(self) -> bytes:
        digest = hashlib.sha256()
        for path in self.paths:
            with path.open("rb") as stream:
                while part := stream.read(1 << 20):
                    digest.update(part)
        return digest.digest()

    def rows(self) -> Iterator[Row]:
        with ExitStack() as stack:
            streams: list[tuple[str, BinaryIO]] = [
                (path.name, stack.enter_context(path.open("rb"))) for path in self.paths
            ]
            if self.format is Format.GRAPH:
                yield from without_duplicates(people_graph_export.read_rows(streams))
                return
            stream = streams[0][1]
            yield from without_duplicates(people_csv.read_rows(stream, people_csv.read_header(stream)))

    def batches(self) -> Iterator[list[Row]]:
        rows = self.rows()
        while batch := list(islice(rows, AT_ONCE)):
            yield batch

    def unused_columns(self) -> tuple[str, ...]:
        if self.format is Format.GRAPH:
            return ()
        with self.paths[0].open("rb") as stream:
            return people_csv.read_header(stream).unused


@app.command(name="import")
def import_(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="A CSV file, or JSON files from Graph.")],
    format_: Annotated[Format | None, typer.Option("--format", help="What they hold [default: by the name].")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, and change nothing.")] = False,
    results: Annotated[
        Path | None,
        typer.Option("--results", metavar="FILE", help="Where each row's result goes [default: beside it]."),
    ] = None,
    yes: YesOption = False,
    data: DataOption = None,
    tenant: TenantOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add and update people, put them into groups and stores, and make those that are missing.

    Shows what would change and asks first. A row that is wrong stops no other; each row's result is written to a file.
    An absent column leaves a property alone, an empty cell empties it. People are put into groups, never taken out.
    An import that was cut off goes on when it is run again.

    \b
    badgepin people template > people.csv
    badgepin people import people.csv --dry-run
    badgepin people import people.csv --yes
    badgepin people import users.json groups.json
    """
    source = _source(files, format_)
    target = results or source.paths[0].with_name(f"{source.paths[0].name}.results.csv")

    async def work(operator: Operator) -> tuple[_Preview, Import | None]:
        preview, total = await _plan(operator, source, target if dry_run else None)
        if not as_json:
            _show(preview, source.unused_columns())
        if dry_run or not preview.would_change:
            return preview, None
        _ask("Import them?", yes=yes)
        return preview, await _apply(operator, source, target, total)

    try:
        preview, made = run_as_operator(data, tenant, work)
    except FileRefused as error:
        raise CommandRefused(str(error)) from error
    except OSError as error:
        raise CommandRefused(f"{error.filename} cannot be opened: {error.strerror}.") from error
    if as_json:
        print_json(_summary(preview, made) | {"results": str(target)})
        return
    if made is None:
        typer.echo(f"Nothing was changed. Each row: {target}" if dry_run else "There is nothing to change.")
        return
    typer.echo(f"Done: {made.created} created, {made.updated} updated, {made.refused} refused. Each row: {target}")
    typer.echo("`badgepin people undo` takes it back.")


@app.command()
def undo(yes: YesOption = False, data: DataOption = None, tenant: TenantOption = None) -> None:
    """Take the last import back: what it made goes, what it changed comes back, what somebody touched since stays.

    \b
    badgepin people undo
    """

    async def work(operator: Operator) -> list[str]:
        made = await operator.read(import_undo.find_undoable)
        if made is None:
            raise CommandRefused("There is no import to undo: `badgepin people imports` lists them.")
        started = when(made.started_at)
        typer.echo(
            f"Undo the import of {made.file_name} from {started}: {made.created} created, {made.updated} updated."
        )
        _ask("Undo it?", yes=yes)
        left: list[str] = []
        with progress("Undoing", None) as bar:
            while True:
                undone = await operator.write(lambda tx, call: import_undo.undo_portion(tx, call, made))
                left += undone.left_alone
                bar.advance(undone.changes)
                if undone.is_last:
                    return left

    left = run_as_operator(data, tenant, work)
    for sentence in left:
        typer.echo(sentence)
    typer.echo(
        "The import is undone." if not left else f"The import is undone; {len(left)} things were left as they are."
    )


@app.command()
def imports(data: DataOption = None, tenant: TenantOption = None, as_json: JsonOption = False) -> None:
    """List the imports, the latest first.

    \b
    badgepin people imports
    """

    async def work(operator: Operator) -> list[Import]:
        return await operator.read(services.list_imports)

    rows = [_line(made) for made in run_as_operator(data, tenant, work)]
    print_rows(rows, as_json=as_json, empty="Nobody was imported yet: `badgepin people import --help` shows how.")


@app.command()
def template() -> None:
    """Print a CSV file to begin with: every column, and two people to replace.

    \b
    badgepin people template > people.csv
    """
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(COLUMNS)
    for name, display, surname, job, department, number, groups in (
        ("ada@example.com", "Ada Okafor", "Okafor", "Baker", "Bakery", "1001", "Early shift|Bakers"),
        ("lin@example.com", "林 Lin", "林", "Cashier", "Tills", "1002", ""),
    ):
        row = [name, display, "", surname, "", job, department, "", "", number, "true", "Member", groups, "Store North"]
        writer.writerow(row)


def _source(files: list[Path], wanted: Format | None) -> _Source:
    for path in files:
        if not path.is_file():
            raise CommandRefused(f"There is no file {path}.")
    by_name = Format.GRAPH if files[0].suffix.casefold() in {".json", ".jsonl", ".ndjson"} else Format.CSV
    source = _Source(tuple(files), wanted or by_name)
    if source.format is Format.CSV and len(files) > 1:
        raise CommandRefused("CSV files are imported one by one: each is an import of its own.")
    return source


async def _plan(operator: Operator, source: _Source, results: Path | None) -> tuple[_Preview, int]:
    preview, total = _Preview(), 0
    with ExitStack() as stack:
        written = stack.enter_context(_results(results)) if results else None
        bar = stack.enter_context(progress("Looking", None))
        for batch in source.batches():
            steps = await operator.read(lambda tx, call, batch=batch: services.plan_rows(tx, call, batch))  # type: ignore[misc]
            for step in steps:
                preview.add(step)
            if written:
                _write(written, [step.outcome for step in steps])
            total += len(batch)
            bar.advance(len(batch))
    return preview, total


async def _apply(operator: Operator, source: _Source, results: Path, total: int) -> Import:
    digest = source.digest()
    made = await operator.write(lambda tx, call: services.start_import(tx, call, source.name, digest))
    with _results(results) as written, progress("Importing", total) as bar:
        for batch in source.batches():
            _write(written, await _apply_batch(operator, made, batch))
            bar.advance(len(batch))
    return await operator.write(lambda tx, call: services.finish_import(tx, call, made))


async def _apply_batch(operator: Operator, made: Import, batch: list[Row]) -> list[Outcome]:
    for _ in range(_TRIES - 1):
        try:
            return await operator.write(lambda tx, call: services.apply_rows(tx, call, made, batch))
        except Conflict:
            # somebody took a name between our look and our write: look again
            continue
    return await operator.write(lambda tx, call: services.apply_rows(tx, call, made, batch))


def _results(path: Path) -> TextIO:
    if path.exists():
        with path.open("rb") as known:
            if known.readline().strip() != ",".join(_RESULT_COLUMNS).encode():
                raise CommandRefused(f"{path} exists and holds something else: name another file with --results.")
    stream = path.open("w", encoding="utf-8", newline="")
    path.chmod(0o600)
    csv.writer(stream).writerow(_RESULT_COLUMNS)
    return stream


def _write(stream: TextIO, outcomes: list[Outcome]) -> None:
    writer = csv.writer(stream)
    writer.writerows([one.line, one.user_principal_name, one.result.value, one.detail] for one in outcomes)
    stream.flush()


def _show(preview: _Preview, unused: tuple[str, ...]) -> None:
    for result, words in (
        (Result.CREATED, "people would be added"),
        (Result.UPDATED, "people would be changed"),
        (Result.UNCHANGED, "people stay as they are"),
        (Result.REFUSED, "rows are refused"),
    ):
        typer.echo(f"{preview.counts[result]:>9,} {words}")
    for kind, word in ((MemberKind.GROUP, "groups"), (MemberKind.UNIT, "stores")):
        names = [name for (of_kind, _), name in preview.new_places.items() if of_kind is kind]
        if names:
            shown = ", ".join(names[:_SHOWN]) + (" …" if len(names) > _SHOWN else "")
            typer.echo(f"{len(names):>9,} {word} would be made: {shown}")
    for one in preview.refusals:
        typer.echo(f"  line {one.line}: {one.user_principal_name or '-'}: {one.detail}")
    if preview.counts[Result.REFUSED] > len(preview.refusals):
        typer.echo("  … the results file has them all.")
    if unused:
        typer.echo(f"Columns that are not used: {', '.join(unused)}")


def _ask(question: str, *, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise CommandRefused("Nobody is there to ask: add --yes to go on without a question.")
    if not typer.confirm(question):
        raise typer.Abort


def _summary(preview: _Preview, made: Import | None) -> Line:
    counts: Line = {result.value: preview.counts[result] for result in Result}
    counts["newGroups"] = sorted(name for (kind, _), name in preview.new_places.items() if kind is MemberKind.GROUP)
    counts["newStores"] = sorted(name for (kind, _), name in preview.new_places.items() if kind is MemberKind.UNIT)
    return counts | {"import": None if made is None else made.id}


def _line(made: Import) -> Line:
    state = "undone" if made.undone_at else "done" if made.finished_at else "interrupted or running"
    return {
        "id": made.id,
        "file": made.file_name,
        "started": when(made.started_at),
        "state": state,
        "created": made.created,
        "updated": made.updated,
        "refused": made.refused,
    }
