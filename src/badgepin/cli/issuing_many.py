"""`badgepin codes issue` for many: who gets what, progress, two documents, and only then badges that work."""

import asyncio
import csv
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import typer

from badgepin import issuing_many
from badgepin.cli.operator import Operator
from badgepin.cli.output import print_rows
from badgepin.cli.progress import progress
from badgepin.cli.refusal import CommandRefused
from badgepin.domain.caller import Call
from badgepin.domain.errors import InvalidValue
from badgepin.domain.filter import fold
from badgepin.domain.ids import is_guid
from badgepin.domain.query import Query
from badgepin.issuing_many import Made
from badgepin.printing.badge import Design
from badgepin.printing.press import PressJammed
from badgepin.services import administrative_unit, batch, group
from badgepin.services.batch import Fate, Planned, Selection
from badgepin.services.qr_code_pin import WantedLifetime
from badgepin.store.transaction import Transaction

_MANY = 100_000
_SHOWN = 20
_COLUMN = "userprincipalname"
# a thousand cards take seven seconds to draw
_PATIENCE = 3600.0
_WORDS = {
    Fate.BADGE_AND_PIN: "get a badge and a PIN",
    Fate.BADGE: "get a badge and keep their PIN",
    Fate.HAS_BADGE: "have a badge that works, and are left alone",
    Fate.IN_ANOTHER_BATCH: "wait for the paper of a batch that somebody began at the desk, and are left alone",
    Fate.NOT_PERMITTED: "are out of reach",
    Fate.ACCOUNT_DISABLED: "have a disabled account, and are left alone",
    Fate.NOT_FOUND: "are not in the directory",
}


@dataclass(frozen=True)
class Chosen:
    """What the command line says about whom it means."""

    users: tuple[str, ...]
    group: str | None
    unit: str | None
    csv: Path | None = None
    all_without_method: bool = False
    everybody: bool = False

    @property
    def is_anybody(self) -> bool:
        """Whether many are meant at all."""
        return bool(self.users or self.group or self.unit or self.csv or self.all_without_method or self.everybody)


@dataclass(frozen=True)
class Papers:
    """Where the documents go, and what they are printed on."""

    pdf: Path | None
    pin_slips: Path | None
    layout: str
    starting_label: int
    photos: Path | None = None

    def photo_file(self, name: str) -> str:
        """Where somebody's photo is, or nothing: `NAME.jpg`, `.jpeg` or `.png` in the folder."""
        if self.photos is None:
            return ""
        found = (self.photos / f"{name}{ending}" for ending in (".jpg", ".jpeg", ".png"))
        return next((str(path) for path in found if path.is_file()), "")


async def issue_to_many(operator: Operator, chosen: Chosen, papers: Papers, days: int | None, *, dry_run: bool) -> None:
    """Plan, issue, print, and let the badges work; or only say what would happen."""
    rules = operator.installation.lockout_rules
    planned = await operator.read(lambda tx, call: batch.plan(tx, call, choose(tx, call, chosen), rules))
    wanted = [each for each in planned if each.is_wanted]
    _tell(planned)
    if dry_run or not wanted:
        return
    if papers.pdf is None or (papers.pin_slips is None and any(one.fate is Fate.BADGE_AND_PIN for one in wanted)):
        raise CommandRefused("Say where the badges and, apart from them, the PINs go: --pdf FILE --pin-slips FILE.")
    if papers.photos is not None and not papers.photos.is_dir():
        raise CommandRefused(f"{papers.photos} is not a folder: --photos names one with NAME.jpg or NAME.png files.")
    for path in (papers.pdf, papers.pin_slips):
        if path is not None and path.exists():
            raise CommandRefused(f"{path} exists already: choose another name, or delete it if it was printed.")
    made = await _issue(operator, wanted, days)
    written: list[Path] = []
    try:
        await _write(operator, made, papers, written)
        with progress("Letting the badges work", None):
            count = await issuing_many.deliver(operator.installation, operator.call, made)
    except BaseException:
        for path in written:
            path.unlink(missing_ok=True)
        await issuing_many.take_back(operator.installation, operator.call, made)
        typer.echo("Nothing was issued: what had been begun was taken back.", err=True)
        raise
    typer.echo(f"{count} badges work now. Print {', '.join(map(str, written))}, then delete what you printed.")
    for one in made:
        if one.problem is not None:
            typer.echo(f"{one.planned.named}: {one.problem.value.replace('_', ' ')}", err=True)


def choose(tx: Transaction, call: Call, chosen: Chosen) -> Selection:
    """Whom the command line means. Raises `CommandRefused`."""
    ways = [bool(chosen.users), chosen.group, chosen.unit, chosen.csv, chosen.all_without_method, chosen.everybody]
    if sum(map(bool, ways)) != 1:
        raise CommandRefused("Choose in one way: --user, --group, --unit, --csv or --all-without-method.")
    if chosen.csv is not None:
        return Selection(users=_names_in(chosen.csv))
    if chosen.group is not None:
        groups = group.list_groups(tx, call, Query(_MANY)).items
        return Selection(group_id=_the_one("group", chosen.group, [(each.id, each.display_name) for each in groups]))
    if chosen.unit is not None:
        units = administrative_unit.list_units(tx, call, Query(_MANY)).items
        return Selection(unit_id=_the_one("store", chosen.unit, [(each.id, each.display_name) for each in units]))
    return Selection(users=chosen.users, all_without_method=chosen.all_without_method)


def _the_one(kind: str, named: str, known: Sequence[tuple[str, str]]) -> str:
    if is_guid(named):
        return named.lower()
    found = [identifier for identifier, name in known if fold(name) == fold(named)]
    if len(found) != 1:
        many = "no" if not found else f"more than one ({len(found)})"
        raise CommandRefused(f"There is {many} {kind} of the name '{named}': use its id if need be.")
    return found[0]


def _names_in(path: Path) -> tuple[str, ...]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = csv.DictReader(stream)
            column = next((name for name in rows.fieldnames or () if name.strip().casefold() == _COLUMN), None)
            if column is None:
                raise CommandRefused(f"{path} has no column userPrincipalName in its first line.")
            return tuple(name for row in rows if (name := (row[column] or "").strip()))
    except OSError as error:
        raise CommandRefused(f"Cannot read {path} ({error.strerror}).") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise CommandRefused(f"{path} cannot be read as CSV in UTF-8: {error}.") from error


def _tell(planned: Sequence[Planned]) -> None:
    if not planned:
        typer.echo("Nobody is chosen.")
    counts = Counter(one.fate for one in planned)
    for fate, count in counts.items():
        typer.echo(f"{count} {_WORDS[fate]}.")
    shown = [one for one in planned if not one.is_wanted][:_SHOWN]
    if shown:
        print_rows([{"user": one.named, "outcome": one.fate.value} for one in shown], as_json=False, empty="")


async def _issue(operator: Operator, wanted: Sequence[Planned], days: int | None) -> list[Made]:
    now = operator.installation.clock()
    expire_at = None if days is None else now.replace(microsecond=0) + timedelta(days=days)
    with progress("Issuing", len(wanted)) as shown:
        return await issuing_many.issue_many(
            operator.installation, operator.call, wanted, shown.advance, WantedLifetime(None, expire_at)
        )


async def _write(operator: Operator, made: Sequence[Made], papers: Papers, written: list[Path]) -> None:
    settings, press = operator.installation.settings, operator.installation.press
    badges, slips = issuing_many.on_paper(made, settings.payload, papers.photo_file)
    logo = Path(settings.brand_logo)
    design = Design(
        settings.brand_name or operator.tenant.display_name,
        settings.brand_colour,
        logo.read_bytes() if settings.brand_logo and logo.is_file() else b"",  # noqa: ASYNC240 - a command waits for its files
        starting_label=papers.starting_label,
        fonts=settings.print_fonts,
    )
    jobs = [
        (papers.pdf, {"layout": papers.layout, "design": design, "badges": badges}, badges),
        (papers.pin_slips, {"layout": papers.layout, "design": design, "slips": slips}, slips),
    ]
    wanted = [(path, job) for path, job, content in jobs if path is not None and content]
    try:
        with progress("Drawing", None):
            drawn = await asyncio.gather(*(press.run(job, patience=_PATIENCE) for _, job in wanted))
    except PressJammed as error:
        raise CommandRefused(f"The documents cannot be drawn: {error}") from error
    except InvalidValue as error:
        raise CommandRefused(str(error.details.get("message"))) from error
    for (path, _), document in zip(wanted, drawn, strict=True):
        _write_durably(path, document)
        written.append(path)


def _write_durably(path: Path, document: bytes) -> None:
    try:
        with path.open("xb") as file:
            path.chmod(0o600)
            file.write(document)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise CommandRefused(f"Cannot write {path} ({error.strerror}): choose another name.") from error
