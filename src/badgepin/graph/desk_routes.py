"""The operations of the desk; whatever changes something there is one of the method's own operations."""

from badgepin.graph import administrators, desk, desk_person, document, replacement, system_health
from badgepin.graph import permissions as may
from badgepin.graph.request import Route

_PEOPLE = "/badgepin/people"
_REPLACEMENT = f"{_PEOPLE}/{{user}}/replacement"
_UNIT = {"unitId": "Only people of this administrative unit."}
_ALERTS = {"onlyAlerts": "`true`: only what somebody should look at, such as badge and PIN from one hand."}
_STATE = {"state": "Only people who have `noBadge`, a `temporary` one, one that `expiresSoon`, or who are `locked`."}

DESK_ROUTES: tuple[Route, ...] = (
    Route("GET", "/badgepin/desk", may.METHOD_READ, desk.get_desk, None, "desk"),
    Route(
        "GET",
        _PEOPLE,
        may.METHOD_READ,
        desk_person.list_people,
        None,
        "badgeHolder[]",
        schema=desk_person.SCHEMA,
        options=_UNIT | _STATE,
    ),
    Route("GET", f"{_PEOPLE}/{{user}}", may.METHOD_READ, desk_person.get_person, None, "badgeHolder"),
    Route(
        "GET",
        f"{_PEOPLE}/{{user}}/activity",
        may.METHOD_READ,
        desk_person.list_activity_of_person,
        None,
        "badgeActivity[]",
        schema=desk_person.ACTIVITY_SCHEMA,
    ),
    Route("GET", _REPLACEMENT, may.METHOD_READ, replacement.get_replacement, None, "badgeReplacement"),
    Route(
        "POST",
        _REPLACEMENT,
        may.METHOD_WRITE,
        replacement.issue_replacement,
        "newReplacement",
        "badgeReplacement",
        (201,),
        fresh=True,
    ),
    Route("DELETE", _REPLACEMENT, may.METHOD_WRITE, replacement.revoke_replacement, None, None, (204,)),
    Route(
        "POST",
        f"{_REPLACEMENT}/complete",
        may.METHOD_WRITE,
        replacement.complete_replacement,
        None,
        None,
        (204,),
    ),
    Route("POST", "/badgepin/print", may.METHOD_WRITE, document.make_document, "badgeDocument"),
    Route(
        "GET",
        "/badgepin/administrators",
        may.METHOD_LIST,
        administrators.list_administrators,
        None,
        "deskHolder[]",
        schema=administrators.SCHEMA,
    ),
    Route("GET", "/badgepin/health", may.HEALTH_READ, system_health.list_findings, None, "healthFinding[]"),
    Route(
        "GET",
        "/badgepin/activity",
        may.METHOD_READ,
        desk_person.list_activity,
        None,
        "badgeActivity[]",
        schema=desk_person.ACTIVITY_SCHEMA,
        options=_UNIT | _ALERTS,
    ),
)
