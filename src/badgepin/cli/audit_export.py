"""`badgepin audit export`: a log as a file, page by page."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from badgepin.cli.operator import Operator, run_as_operator
from badgepin.cli.options import DataOption, TenantOption
from badgepin.cli.progress import progress
from badgepin.cli.refusal import CommandRefused
from badgepin.domain.audit import OCCURRED_AT, RecordedEvent
from badgepin.domain.filter import Comparison, Field, Filter, Kind, Or, both, comparable
from badgepin.domain.filter import Operator as Compare
from badgepin.domain.query import Page, Query
from badgepin.graph.directory_audit import SCHEMA as AUDIT_SCHEMA
from badgepin.graph.errors import GraphError
from badgepin.graph.filter import read_filter
from badgepin.graph.log_export import AUDITS, SIGN_INS, Format, Log, exported_pages, written
from badgepin.graph.sign_in_log import SCHEMA as SIGN_IN_SCHEMA
from badgepin.services.audit_log import count_events, list_events

_STANDARD_OUTPUT = Path("-")


def export(
    sign_ins: Annotated[bool, typer.Option("--sign-ins", help="The sign-ins instead of all other events.")] = False,
    since: Annotated[str | None, typer.Option(metavar="TIME", help="From then on, such as 2026-11-01.")] = None,
    until: Annotated[str | None, typer.Option(metavar="TIME", help="Up to then.")] = None,
    user: Annotated[str | None, typer.Option(metavar="UPN|ID", help="Who did it, or whom it was done to.")] = None,
    activity: Annotated[str | None, typer.Option(help="Such as 'Delete user'.")] = None,
    result: Annotated[str | None, typer.Option(help="success, failure or timeout.")] = None,
    filter_: Annotated[str | None, typer.Option("--filter", help="A $filter, as the Graph API takes it.")] = None,
    form: Annotated[Format, typer.Option("--format", help="How it is written.")] = Format.JSONL,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="A new file.")] = _STANDARD_OUTPUT,
    data: DataOption = None,
    tenant: TenantOption = None,
) -> None:
    """Write a log to a file, the oldest event first, in little memory however long it is.

    \b
    badgepin audit export -o audit.jsonl
    badgepin audit export --since 2026-11-01 --user ada@example.com --format csv -o ada.csv
    badgepin audit export --sign-ins --result failure
    """
    log = SIGN_INS if sign_ins else AUDITS
    condition = _condition(log, since, until, user, activity, result, filter_)

    async def work(operator: Operator) -> int:
        try:
            with _opened(output) as stream:
                return await _write(operator, log, form, condition, stream)
        except FileExistsError as error:
            raise CommandRefused(f"{output} exists already: name a new file.") from error
        except BrokenPipeError:
            raise
        except OSError as error:
            raise CommandRefused(f"{output} cannot be written: {error.strerror}.") from error

    number = run_as_operator(data, tenant, work)
    if output != _STANDARD_OUTPUT:
        typer.echo(f"{number:,} events are in {output}.")


@contextmanager
def _opened(output: Path) -> Iterator[BinaryIO]:
    if output == _STANDARD_OUTPUT:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    with output.open("xb") as stream:
        output.chmod(0o600)
        yield stream


async def _write(operator: Operator, log: Log, form: Format, condition: Filter | None, stream: BinaryIO) -> int:
    async def read(query: Query) -> Page[RecordedEvent]:
        return await operator.read(lambda tx, call: list_events(tx, call, query, sign_ins=log.sign_ins))

    until = Comparison(OCCURRED_AT, Compare.LESS_OR_EQUAL, operator.installation.clock())
    query = Query(filter=both(condition, until))
    total = await operator.read(lambda tx, call: count_events(tx, call, query, sign_ins=log.sign_ins))
    done = 0
    with progress("Exporting", total) as bar:
        async for events in exported_pages(read, replace(query)):
            stream.write(written(log, form, events, heads=done == 0))
            done += len(events)
            bar.advance(len(events))
    return done


def _condition(
    log: Log,
    since: str | None,
    until: str | None,
    user: str | None,
    activity: str | None,
    result: str | None,
    text: str | None,
) -> Filter | None:
    wanted: Filter | None = None
    for moment, operator in ((since, Compare.GREATER_OR_EQUAL), (until, Compare.LESS_OR_EQUAL)):
        if moment is not None:
            wanted = both(wanted, Comparison(OCCURRED_AT, operator, _moment(moment)))
    for name, word in (("activity", activity), ("result", result)):
        if word is not None:
            wanted = both(wanted, _is(Field(name, Kind.TEXT), word))
    if user is not None:
        wanted = both(wanted, _about(user))
    if text is not None:
        try:
            wanted = both(wanted, read_filter(text, SIGN_IN_SCHEMA if log.sign_ins else AUDIT_SCHEMA).tree)
        except GraphError as error:
            raise CommandRefused(error.message) from error
    return wanted


def _about(user: str) -> Filter:
    ids = (Field("target_id", Kind.CODE), Field("actor_user_id", Kind.CODE))
    names = (Field("target_user_principal_name", Kind.TEXT), Field("actor_user_principal_name", Kind.TEXT))
    return Or(tuple(_is(field, user) for field in (names if "@" in user else ids)))


def _is(field: Field, word: str) -> Filter:
    return Comparison(field, Compare.EQUAL, comparable(field.kind, word))


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        raise CommandRefused(f"'{text[:40]}' is no time: write 2026-11-23 or 2026-11-23T09:00:00Z.") from None
