"""Beyond Graph: people as the desk sees them, each with what they hold and what is wrong with it."""

from datetime import datetime

from badgepin.domain.audit import ALERTS, OCCURRED_AT, RecordedEvent
from badgepin.domain.desk_person import DeskPerson, HeldCode, WantedPeople, read_filter
from badgepin.domain.errors import InvalidValue, Reason
from badgepin.domain.filter import Field, Kind
from badgepin.graph.body import Json
from badgepin.graph.filter import Schema
from badgepin.graph.json import instant_text
from badgepin.graph.listing import Listed, answer_list
from badgepin.graph.request import GraphRequest, GraphResponse
from badgepin.services import desk_person as services
from badgepin.services.desk_person import SeenPerson

_PEOPLE = "badgepin/people"
_ALERTS = frozenset(alert.value for alert in ALERTS)
SCHEMA = Schema(
    "badgepin.badgeHolder",
    {
        "id": Field("id", Kind.CODE),
        "userprincipalname": Field("user_principal_name", Kind.NAME),
        "displayname": Field("display_name", Kind.NAME),
        "employeeid": Field("employee_id", Kind.TEXT),
        "accountenabled": Field("account_enabled", Kind.BOOLEAN),
    },
    sortable=frozenset({"displayname", "userprincipalname"}),
    searchable=("displayName", "userPrincipalName", "employeeId"),
    advanced=False,
)
ACTIVITY_SCHEMA = Schema("badgepin.badgeActivity", {"activitydatetime": OCCURRED_AT}, advanced=False)


async def list_people(request: GraphRequest) -> GraphResponse:
    """GET a page of the people whose badges the caller may see; of a `unitId`, or in a `state`."""
    unit, state = request.query.get("$unitid"), request.query.get("$state")
    wanted = WantedPeople(unit.lower() if unit else None, read_filter(state) if state else None)
    rules = request.installation.lockout_rules
    return await answer_list(
        request,
        Listed(_PEOPLE, lambda seen: holder_json(seen, request.call.now)),
        lambda tx, query: services.list_people(tx, request.call, query, wanted, rules),
    )


async def get_person(request: GraphRequest) -> GraphResponse:
    """GET one of them, with what keeps them from signing in, in words."""
    rules = request.installation.lockout_rules
    seen, eligibility = await request.installation.database.read(
        lambda tx: services.read_person(tx, request.call, request.user, rules)
    )
    answer: Json = {"@odata.context": request.context(f"{_PEOPLE}/$entity")}
    why = {"cause": eligibility.cause or None, "fix": eligibility.fix or None}
    return request.answer(answer | holder_json(seen, request.call.now) | why)


async def list_activity(request: GraphRequest) -> GraphResponse:
    """GET a page of what happened to those people, the newest first; to those of a `unitId`."""
    unit = request.query.get("$unitid")
    only_alerts = _is_true(request.query.get("$onlyalerts", "false"))
    return await answer_list(
        request,
        Listed("badgepin/activity", activity_json),
        lambda tx, query: services.list_activity(
            tx, request.call, query, unit.lower() if unit else None, only_alerts=only_alerts
        ),
    )


def _is_true(text: str) -> bool:
    if text.lower() not in {"true", "false"}:
        raise InvalidValue(Reason.VALUE_INVALID, message="'onlyAlerts' must be true or false.")
    return text.lower() == "true"


async def list_activity_of_person(request: GraphRequest) -> GraphResponse:
    """GET a page of what happened to one of them, the newest first."""
    return await answer_list(
        request,
        Listed(f"{_PEOPLE}('{request.user}')/activity", activity_json),
        lambda tx, query: services.list_activity_of(tx, request.call, request.user, query),
    )


def holder_json(seen: SeenPerson, now: datetime) -> Json:
    """`badgeHolder`."""
    person = seen.person
    return {
        "id": person.id,
        "userPrincipalName": person.user_principal_name,
        "displayName": person.display_name,
        "jobTitle": person.job_title,
        "employeeId": person.employee_id,
        "accountEnabled": person.account_enabled,
        "unitDisplayNames": list(seen.unit_names),
        "isManageable": seen.is_manageable,
        "badgeState": person.badge_state(now).value,
        "standardQRCode": _code_json(person.standard_qr_code, now),
        "temporaryQRCode": _code_json(person.temporary_qr_code, now),
        "replacementQRCode": _code_json(person.replacement_qr_code, now),
        "pinState": person.pin_state(now).value,
        "pinLockedUntilDateTime": _locked_until(person, now),
        "pinExpireDateTime": instant_text(person.pin.expires_at) if person.pin and person.pin.expires_at else None,
    }


def _locked_until(person: DeskPerson, now: datetime) -> str | None:
    until = person.pin.locked_until if person.pin else None
    return instant_text(until) if until is not None and until > now else None


def _code_json(code: HeldCode | None, now: datetime) -> Json | None:
    if code is None:
        return None
    return {
        "id": code.id,
        "state": code.state(now).value,
        "startDateTime": instant_text(code.start_at),
        "expireDateTime": instant_text(code.expire_at),
        "lastUsedDateTime": instant_text(code.last_used_at) if code.last_used_at else None,
    }


def activity_json(event: RecordedEvent) -> Json:
    """`badgeActivity`: who did what to whom, and what a refused worker read."""
    personal = event.personal or {}
    details = {key: value for key, value in event.facts.get("details", []) if key}
    return {
        "id": event.id,
        "activityDateTime": instant_text(event.occurred_at),
        "activity": event.activity,
        "reason": event.result_reason or None,
        "result": event.result,
        "denial": details.get("Denial") or None,
        "kind": details.get("Kind") or None,
        "isAlert": event.activity in _ALERTS,
        "actorId": event.actor_id,
        "actorDisplayName": personal.get("actorName") or None,
        "userId": event.target_id,
        "userDisplayName": personal.get("targetName") or None,
        "userPrincipalName": personal.get("targetUserPrincipalName") or None,
    }
