"""Telling of, or refusing, one hand that gives both badge and PIN (domain/dual_control.py)."""

from badgepin.domain.audit import AUTHENTICATION_METHODS, Activity, AuditEvent, Category, Operation
from badgepin.domain.caller import Call
from badgepin.domain.dual_control import UNLOCK_SPAN, UNLOCKS_THAT_ALERT, Verdict, judge_hands
from badgepin.domain.errors import NotPermitted, Reason
from badgepin.domain.hands import Hand
from badgepin.domain.qr_code_pin import MethodView, Person
from badgepin.store import audit, audit_log
from badgepin.store.transaction import Transaction


def check_hands(call: Call, view: MethodView, person: Person, *giving: Hand) -> bool:
    """Whether giving this is to be told of. Raises `NotPermitted` where somebody else has to give it."""
    verdict = judge_hands(call.caller, person.id, view.in_hand, frozenset(giving), call.dual_control)
    if verdict is Verdict.REFUSED:
        hours = int(call.dual_control.span.total_seconds() // 3600)
        raise NotPermitted(Reason.SECOND_PERSON_NEEDED, hours=hours)
    return verdict is Verdict.ALERT


def record_given(
    tx: Transaction, call: Call, view: MethodView, person: Person, what: AuditEvent, *giving: Hand
) -> None:
    """Record what was given, and the alert that follows from it if one does. Raises as `check_hands`."""
    events = [what]
    if check_hands(call, view, person, *giving):
        events.append(_alert(person, Activity.DUAL_CONTROL, "One actor gave both badge and PIN"))
    audit.append_rows(tx, [audit.row_of(call, view.standing, each) for each in events])


def record_unlock(tx: Transaction, call: Call, view: MethodView, person: Person, what: AuditEvent) -> None:
    """Record an unlock, and the alert when one person was unlocked often."""
    since = call.now - UNLOCK_SPAN
    unlocks = 1 + audit_log.count_about(tx, call.tenant_id, person.id, Activity.UNLOCK_PIN, since=since)
    events = [what]
    if unlocks >= UNLOCKS_THAT_ALERT:
        reason = f"PIN unlocked {unlocks} times within 24 hours"
        events.append(_alert(person, Activity.UNLOCKED_OFTEN, reason))
    audit.append_rows(tx, [audit.row_of(call, view.standing, each) for each in events])


def _alert(person: Person, activity: Activity, reason: str) -> AuditEvent:
    return AuditEvent(
        activity=activity,
        category=Category.USER_MANAGEMENT,
        operation=Operation.UPDATE,
        target_kind="User",
        target_id=person.id,
        target_name=person.display_name,
        target_user_principal_name=person.user_principal_name,
        service=AUTHENTICATION_METHODS,
        result_reason=reason,
    )
