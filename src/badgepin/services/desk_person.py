"""Looking at people from the desk: everybody in the caller's reach, one of them, and what happened to them."""

from dataclasses import dataclass

from badgepin.domain.access import MethodAction, Reach, Refused, may_act_on_methods, reach_over_people
from badgepin.domain.audit import RecordedEvent
from badgepin.domain.caller import Call, Standing
from badgepin.domain.desk_person import DeskPerson, WantedPeople
from badgepin.domain.errors import NotFound, NotPermitted, Reason
from badgepin.domain.lockout import LockoutRules
from badgepin.domain.query import Page, Query
from badgepin.services.eligibility import PersonalEligibility, read_eligibility
from badgepin.services.qr_code_pin import admit
from badgepin.services.standing import require_standing
from badgepin.store import audit_log, desk_person
from badgepin.store.transaction import Transaction


@dataclass(frozen=True)
class SeenPerson:
    """A person in reach, those of their units that the caller may know, and whether what they hold may be changed."""

    person: DeskPerson
    unit_names: tuple[str, ...]
    is_manageable: bool


def list_people(
    tx: Transaction, call: Call, query: Query, wanted: WantedPeople, rules: LockoutRules
) -> Page[SeenPerson]:
    """A page of people in reach, by name. Raises `NotFound` for a unit that is not in reach, `NotPermitted`."""
    standing = require_standing(tx, call)
    reach = _reach(call, standing)
    if wanted.unit_id is not None and reach.units is not None and wanted.unit_id not in reach.units:
        raise NotFound(Reason.OBJECT_NOT_FOUND, id=wanted.unit_id)
    page = desk_person.list_page(tx, call.tenant_id, query, wanted, reach, rules=rules, now=call.now)
    return Page([_seen(call, standing, person, reach) for person in page.items], page.after, page.count)


def read_person(tx: Transaction, call: Call, named: str, rules: LockoutRules) -> tuple[SeenPerson, PersonalEligibility]:
    """One person, and whether they may use the method. Raises `NotFound`, also for somebody out of reach."""
    eligibility = read_eligibility(tx, call, named)
    found = desk_person.find(tx, call.tenant_id, eligibility.person.id, rules=rules, now=call.now)
    if found is None:
        raise NotFound(Reason.USER_NOT_FOUND, user=named)
    standing = require_standing(tx, call)
    return _seen(call, standing, found, _reach(call, standing)), eligibility


def list_activity(
    tx: Transaction, call: Call, query: Query, unit_id: str | None, *, only_alerts: bool = False
) -> Page[RecordedEvent]:
    """What happened to the people in reach, or the alerts about them, the newest first. Raises as `list_people`."""
    reach = _reach(call, require_standing(tx, call))
    if unit_id is not None:
        if reach.units is not None and unit_id not in reach.units:
            raise NotFound(Reason.OBJECT_NOT_FOUND, id=unit_id)
        reach = Reach(frozenset({unit_id}), has_roles=reach.has_roles)
    return audit_log.list_about_people(tx, call.tenant_id, query, reach, only_alerts=only_alerts)


def list_activity_of(tx: Transaction, call: Call, named: str, query: Query) -> Page[RecordedEvent]:
    """What happened to one person, the newest first. Raises `NotFound`."""
    person = admit(tx, call, named, MethodAction.READ).person
    return audit_log.list_about(tx, call.tenant_id, query, person.id)


def _reach(call: Call, standing: Standing) -> Reach:
    reach = reach_over_people(call.caller, standing)
    if isinstance(reach, Refused):
        raise NotPermitted(reach.reason)
    return reach


def _seen(call: Call, standing: Standing, person: DeskPerson, reach: Reach) -> SeenPerson:
    decision = may_act_on_methods(
        call.caller, standing, MethodAction.WRITE, person.target, reaches_others=call.reaches_others, strict=call.strict
    )
    names = tuple(unit.name for unit in person.units if reach.units is None or unit.id in reach.units)
    return SeenPerson(person, names, not isinstance(decision, Refused))
