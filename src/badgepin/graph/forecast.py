"""Beyond Graph: which badges a store has to print next. A person in two units counts in both."""

from datetime import datetime

from badgepin.domain.expiring_codes import EXPIRE_AT, IN_NO_UNIT, SPANS, ExpiringCode, UnitForecast, WantedCodes
from badgepin.domain.filter import Field, Kind
from badgepin.graph.body import Json, invalid
from badgepin.graph.filter import Schema
from badgepin.graph.json import instant_text
from badgepin.graph.listing import Listed, answer_list
from badgepin.graph.request import GraphRequest, GraphResponse
from badgepin.services import forecast as services

_REPORT = "badgepin/reports/expiringCodes"
_USUAL_DAYS = 30
_LONGEST_NUMBER = 3


SCHEMA = Schema("badgepin.expiringCodeForecast", {}, advanced=False)
PEOPLE_SCHEMA = Schema(
    "badgepin.expiringCode",
    {
        "expiredatetime": EXPIRE_AT,
        "userid": Field("user_id", Kind.CODE),
        "userprincipalname": Field("user_principal_name", Kind.NAME),
        "userdisplayname": Field("display_name", Kind.NAME),
        "accountenabled": Field("account_enabled", Kind.BOOLEAN),
    },
    sortable=frozenset({"expiredatetime", "userprincipalname", "userdisplayname"}),
    advanced=False,
)


async def list_forecasts(request: GraphRequest) -> GraphResponse:
    """GET a page of units with how many of their people's standard codes end within `days` (1 to 395), or have."""
    days = _days(request)
    return await answer_list(
        request,
        Listed(_REPORT, lambda forecast: forecast_json(forecast, days)),
        lambda tx, query: services.forecast(tx, request.call, query, days=days),
    )


async def list_people(request: GraphRequest) -> GraphResponse:
    """GET a page of the people behind a number: of a `unitId` (`none`: in no unit), within `days`, or `ended=true`."""
    unit = request.query.get("$unitid")
    wanted = WantedCodes(_days(request), _has_ended(request), None if unit is None else unit.lower())
    return await answer_list(
        request,
        Listed(f"{_REPORT}/users", lambda code: person_json(code, request.call.now)),
        lambda tx, query: services.list_expiring(tx, request.call, query, wanted),
    )


def _days(request: GraphRequest) -> int:
    given = request.query.get("$days")
    if given is None:
        return _USUAL_DAYS
    if not (given.isascii() and given.isdecimal() and len(given) <= _LONGEST_NUMBER):
        raise invalid("'days' must be 1 to 395.")
    return int(given)


def _has_ended(request: GraphRequest) -> bool:
    given = request.query.get("$ended", "false").lower()
    if given not in {"true", "false"}:
        raise invalid("'ended' must be true or false.")
    return given == "true"


def forecast_json(forecast: UnitForecast, days: int) -> Json:
    """Counts of a unit, or of the people in none (`unitId` null); `id` is what the list of people takes as `unitId`."""
    return {
        "id": forecast.unit_id or IN_NO_UNIT,
        "unitId": forecast.unit_id,
        "unitDisplayName": forecast.unit_name or None,
        "peopleCount": forecast.people,
        "badgeHolderCount": forecast.holders,
        "endedCount": forecast.ended,
        **{f"within{span}DaysCount": count for span, count in zip(SPANS, forecast.within, strict=True)},
        "days": days,
        "withinDaysCount": forecast.within_days,
    }


def person_json(code: ExpiringCode, now: datetime) -> Json:
    """A person and the code of theirs that ends; `id` is the code's."""
    return {
        "id": code.qr_code_id,
        "userId": code.user_id,
        "userPrincipalName": code.user_principal_name,
        "userDisplayName": code.display_name,
        "accountEnabled": code.account_enabled,
        "unitDisplayNames": list(code.unit_names),
        "expireDateTime": instant_text(code.expire_at),
        "hasEnded": code.expire_at <= now,
    }
