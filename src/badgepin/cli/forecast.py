"""`badgepin codes forecast`: which badges to print next."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

import typer

from badgepin.cli.operator import Operator, run_as_operator
from badgepin.cli.options import DataOption, JsonOption, TenantOption
from badgepin.cli.output import Row, print_json, print_rows, when
from badgepin.cli.refusal import CommandRefused
from badgepin.domain.administrative_unit import AdministrativeUnit
from badgepin.domain.expiring_codes import IN_NO_UNIT, SPANS, ExpiringCode, UnitForecast, WantedCodes
from badgepin.domain.filter import Comparison, Field, Kind, fold
from badgepin.domain.filter import Operator as Compare
from badgepin.domain.query import Query
from badgepin.services import administrative_unit as units
from badgepin.services import forecast as services

_NO_UNIT = "(in no unit)"
_ALL = Query(1_000_000)
_NAME = Field("display_name", Kind.NAME)


@dataclass(frozen=True)
class _People:
    """The people of one unit whose codes have ended or end, and when that was looked up."""

    unit: str
    codes: list[ExpiringCode]
    now: datetime


def forecast(
    days: Annotated[int, typer.Option(min=1, max=395, help="How far to look ahead.")] = 30,
    unit: Annotated[
        str | None, typer.Option(metavar="NAME", help="Name the people of this unit; 'none': those in no unit.")
    ] = None,
    data: DataOption = None,
    tenant: TenantOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say for each store how many badges end soon, or name the people of one store. A person in two counts in both.

    \b
    badgepin codes forecast
    badgepin codes forecast --days 14
    badgepin codes forecast --unit "Store North" --days 90
    """
    if unit is None:
        _print_units(run_as_operator(data, tenant, lambda operator: _of_units(operator, days)), days, as_json=as_json)
    else:
        people = run_as_operator(data, tenant, lambda operator: _of_people(operator, unit, days))
        _print_people(people, days, as_json=as_json)


async def _of_units(operator: Operator, days: int) -> list[UnitForecast]:
    page = await operator.read(lambda tx, call: services.forecast(tx, call, _ALL, days=days))
    return list(page.items)


async def _of_people(operator: Operator, named: str, days: int) -> _People:
    name, unit_id = _NO_UNIT, IN_NO_UNIT
    if named.casefold() != IN_NO_UNIT:
        same_name = Query(2, Comparison(_NAME, Compare.EQUAL, fold(named)))
        found = await operator.read(lambda tx, call: units.list_units(tx, call, same_name))
        name, unit_id = _only(found.items, named)
    ended = await _codes(operator, WantedCodes(days, has_ended=True, unit_id=unit_id))
    ending = await _codes(operator, WantedCodes(days, unit_id=unit_id))
    return _People(name, [*ended, *ending], operator.installation.clock())


async def _codes(operator: Operator, wanted: WantedCodes) -> Sequence[ExpiringCode]:
    page = await operator.read(lambda tx, call: services.list_expiring(tx, call, _ALL, wanted))
    return page.items


def _only(found: Sequence[AdministrativeUnit], named: str) -> tuple[str, str]:
    if not found:
        raise CommandRefused(f"There is no unit '{named}': `badgepin codes forecast` shows them all.")
    if len(found) > 1:
        raise CommandRefused(f"Several units are called '{named}': rename one of them.")
    return found[0].display_name, found[0].id


def _print_units(forecasts: list[UnitForecast], days: int, *, as_json: bool) -> None:
    if as_json:
        print_json([_unit_json(one, days) for one in forecasts])
        return
    shown = sorted(forecasts, key=lambda one: (*(-count for count in (*one.within, one.ended)), one.unit_name))
    rows = [_unit_row(one, days) for one in shown if one.unit_id is not None or any((one.ended, *one.within))]
    print_rows(rows, as_json=False, empty="There is no unit and no badge that ends soon.")
    if rows:
        typer.echo("\nStandard codes, by the days they still live. A person in two units counts in both.")
        typer.echo("Who they are: badgepin codes forecast --unit NAME")


def _unit_row(one: UnitForecast, days: int) -> Row:
    row: Row = {"unit": one.unit_name or _NO_UNIT, "ended": one.ended}
    spans = dict(zip(SPANS, one.within, strict=True)) | {days: one.within_days}
    return row | {f"in {span} {'day' if span == 1 else 'days'}": count for span, count in sorted(spans.items())}


def _unit_json(one: UnitForecast, days: int) -> Row:
    spans: Row = {f"within{span}DaysCount": count for span, count in zip(SPANS, one.within, strict=True)}
    row: Row = {"unitId": one.unit_id, "unitDisplayName": one.unit_name or None, "endedCount": one.ended}
    return row | spans | {"days": days, "withinDaysCount": one.within_days}


def _print_people(people: _People, days: int, *, as_json: bool) -> None:
    rows: list[Row] = [
        {
            "user": code.user_principal_name,
            "name": code.display_name,
            "units": list(code.unit_names),
            "accountEnabled": code.account_enabled,
            "expireDateTime": when(code.expire_at),
        }
        if as_json
        else {
            "person": code.display_name,
            "user": code.user_principal_name,
            "ends": _in_words(code.expire_at - people.now),
            "date": code.expire_at.date().isoformat(),
            "note": "" if code.account_enabled else "account disabled",
        }
        for code in people.codes
    ]
    empty = f"{people.unit}: no badge has ended or ends within {days} days."
    print_rows(rows, as_json=as_json, empty=empty)


def _in_words(left: timedelta) -> str:
    days = abs(left) // timedelta(days=1)
    span = "today" if days == 0 else "1 day" if days == 1 else f"{days} days"
    if left <= timedelta(0):
        return "ended today" if days == 0 else f"ended {span} ago"
    return "within a day" if days == 0 else f"in {span}"
