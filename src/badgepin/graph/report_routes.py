"""The part of the table of contents about reports: Graph's own, and our forecast of codes that end."""

from badgepin.graph import forecast, registration
from badgepin.graph import permissions as may
from badgepin.graph.request import Route

_METHODS = "/reports/authenticationMethods"
_DETAILS = f"{_METHODS}/userRegistrationDetails"
_INCLUDED = "(includedUserTypes='{includedUserTypes}',includedUserRoles='{includedUserRoles}')"
_EXPIRING = "/badgepin/reports/expiringCodes"
_AHEAD = {"days": "How far to look ahead, 1 to 395 days."}

REPORT_ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        _DETAILS,
        may.REPORT_READ,
        registration.list_details,
        None,
        "userRegistrationDetails[]",
        schema=registration.SCHEMA,
    ),
    Route("GET", f"{_DETAILS}/{{user}}", may.REPORT_READ, registration.get_details, None, "userRegistrationDetails"),
    *(
        Route(
            "GET",
            f"{_METHODS}/usersRegisteredByMethod{parameters}",
            may.REPORT_READ,
            registration.count_by_method,
            None,
            "userRegistrationMethodSummary",
        )
        for parameters in ("", _INCLUDED)
    ),
    *(
        Route(
            "GET",
            f"{_METHODS}/usersRegisteredByFeature{parameters}",
            may.REPORT_READ,
            registration.count_by_feature,
            None,
            "userRegistrationFeatureSummary",
        )
        for parameters in ("", _INCLUDED)
    ),
    # beyond Graph
    Route(
        "GET",
        _EXPIRING,
        may.FORECAST_READ,
        forecast.list_forecasts,
        None,
        "expiringCodeForecast[]",
        schema=forecast.SCHEMA,
        options=_AHEAD,
    ),
    Route(
        "GET",
        f"{_EXPIRING}/users",
        may.FORECAST_READ,
        forecast.list_people,
        None,
        "expiringCode[]",
        schema=forecast.PEOPLE_SCHEMA,
        options=_AHEAD
        | {
            "unitId": "Only people of this administrative unit; `none`: those in no unit.",
            "ended": "`true`: codes that have ended, instead of those that end.",
        },
    ),
)
