"""Badges for many people: who gets what, codes that wait for their paper, and their coming alive with it.

chosen ──issued──▶ waiting ──delivered──▶ active
                      └──taken back, or found waiting by the next run──▶ revoked
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from badgepin.crypto.key_ring import KeyRing
from badgepin.domain.access import MethodAction, Reach
from badgepin.domain.audit import AUTHENTICATION_METHODS, Activity, AuditEvent, Category, Operation
from badgepin.domain.caller import Call
from badgepin.domain.desk_person import BadgeState, DeskPerson, HeldCode, PinState
from badgepin.domain.errors import Conflict, NotFound, Reason
from badgepin.domain.group import MemberKind
from badgepin.domain.lockout import LockoutRules
from badgepin.domain.qr_code import CodeKind
from badgepin.domain.query import Query, Sort
from badgepin.services.badge import IssuedQRCode, seal_row
from badgepin.services.group import get_group
from badgepin.services.qr_code_pin import (
    CodeRules,
    WantedLifetime,
    admit,
    delete_method,
    delete_qr_code,
    event,
    put_qr_code,
    record_issue,
    standard_lifetime,
)
from badgepin.services.standing import require_standing
from badgepin.store import audit, batch_row, desk_person, membership, qr_code_change, user
from badgepin.store import qr_code_pin as store
from badgepin.store.transaction import Transaction

_PAGE = 500
_NOT_IN_HANDS = frozenset({BadgeState.NONE, BadgeState.EXPIRED, BadgeState.NOT_ACTIVATED})
_BY_NAME = (Sort(desk_person.NAME),)


class Fate(StrEnum):
    """What a batch does for somebody."""

    BADGE_AND_PIN = "badgeAndPin"
    BADGE = "badge"
    REPLACEMENT = "replacement"
    HAS_REPLACEMENT = "hasReplacement"
    HAS_BADGE = "hasBadge"
    IN_ANOTHER_BATCH = "inAnotherBatch"
    ACCOUNT_DISABLED = "accountDisabled"
    NOT_PERMITTED = "notPermitted"
    NOT_FOUND = "notFound"


@dataclass(frozen=True)
class Selection:
    """Whom a batch is for: people by name, the members of a group or unit, or everybody who has no method."""

    users: tuple[str, ...] = ()
    group_id: str | None = None
    unit_id: str | None = None
    all_without_method: bool = False


@dataclass(frozen=True)
class Planned:
    """Somebody of a batch; `person` is None where nobody goes by that name."""

    named: str
    fate: Fate
    person: DeskPerson | None = None

    @property
    def is_wanted(self) -> bool:
        """Whether they get something."""
        return self.fate in {Fate.BADGE_AND_PIN, Fate.BADGE}


def plan(tx: Transaction, call: Call, selection: Selection, rules: LockoutRules) -> list[Planned]:
    """Who gets what, by name where a whole group is meant. Changes nothing. Raises `NotFound` for an unknown group."""
    chosen = list(_chosen(tx, call, selection, rules))
    waiting = waiting_codes(tx, call, [person for _, person in chosen if person])
    return [
        Planned(named, Fate.NOT_FOUND) if person is None else Planned(named, fate_of(person, call, waiting), person)
        for named, person in chosen
    ]


def waiting_codes(tx: Transaction, call: Call, people: Sequence[DeskPerson]) -> frozenset[str]:
    """Codes of these people that wait for the paper of a batch that is still alive."""
    held = (code for person in people for code in (person.standard_qr_code, person.replacement_qr_code))
    codes = [code.id for code in held if code and code.state(call.now) is BadgeState.NOT_ACTIVATED]
    portions = (codes[begin : begin + _PAGE] for begin in range(0, len(codes), _PAGE))
    return frozenset[str]().union(*(batch_row.find_waiting_codes(tx, call.tenant_id, portion) for portion in portions))


def fate_of(person: DeskPerson, call: Call, waiting: frozenset[str] = frozenset()) -> Fate:
    """What a batch does for this person now. A code that never came alive was never handed out.

    `waiting`: codes whose paper may still be collected.
    """
    if person.standard_qr_code is not None and person.standard_qr_code.id in waiting:
        return Fate.IN_ANOTHER_BATCH
    state, pin = person.badge_state(call.now), person.pin_state(call.now)
    if not person.account_enabled:
        return Fate.ACCOUNT_DISABLED
    if state not in _NOT_IN_HANDS or _is_in_hands(person.replacement_qr_code, call):
        return Fate.HAS_BADGE
    return Fate.BADGE if pin is not PinState.NONE and not _is_undelivered(person, call) else Fate.BADGE_AND_PIN


def renewal_of(person: DeskPerson, waiting: frozenset[str] = frozenset()) -> Fate:
    """What a batch that renews does for somebody whose badge works: another one beside it, and never a second."""
    new = person.replacement_qr_code
    if new is None:
        return Fate.REPLACEMENT
    return Fate.IN_ANOTHER_BATCH if new.id in waiting else Fate.HAS_REPLACEMENT


def is_waiting(person: DeskPerson, call: Call) -> bool:
    """Whether an interrupted batch left a code here that never came alive."""
    return person.badge_state(call.now) is BadgeState.NOT_ACTIVATED


def clear_undelivered(tx: Transaction, call: Call, person: DeskPerson) -> None:
    """Take back what an interrupted batch left waiting: nobody has that badge, or that PIN."""
    if _is_undelivered(person, call):
        delete_method(tx, call, person.id)
    else:
        delete_qr_code(tx, call, person.id, CodeKind.STANDARD)


def issue_waiting_code(
    tx: Transaction, call: Call, user_id: str, wanted: WantedLifetime, rules: CodeRules, ring: KeyRing
) -> IssuedQRCode:
    """A standard code that opens nothing until it is delivered, next to the PIN that is there.

    Raises `NotFound`, `NotPermitted`, `InvalidValue`, `Conflict`.
    """
    store.lock_person(tx, call.tenant_id, user_id)
    admitted = admit(tx, call, user_id, MethodAction.WRITE, gives=True)
    code = admitted.method.standard_qr_code
    if code is not None and code.is_active(call.now):
        raise Conflict(Reason.STANDARD_QR_CODE_EXISTS)
    lifetime = standard_lifetime(wanted, admitted.view, call, rules)
    issued = put_qr_code(tx, call, admitted, CodeKind.STANDARD, lifetime, ring, is_active=False)
    record_issue(tx, call, admitted, issued)
    return issued


def deliver(tx: Transaction, call: Call, user_id: str, code_id: str, ring: KeyRing) -> bool:
    """A waiting code comes alive: its paper is there. Returns False when code or person went meanwhile."""
    try:
        admitted = admit(tx, call, user_id, MethodAction.WRITE)
        code = next((each for each in admitted.method.qr_codes if each.id == code_id), None)
    except NotFound:
        # the person, or all of their method, went meanwhile: nobody else's badge waits for that
        return False
    kept = store.get_kept(tx, call.tenant_id, code_id)
    if kept is None or code is None or kept.activated_at is not None:
        return False
    alive = replace(kept, activated_at=call.now, revision=kept.revision + 1)
    mac = seal_row(ring, user_id, code_id, code.kind, alive, code.lifetime)
    change = qr_code_change.activation(call.tenant_id, code_id, call.now, revision=alive.revision, mac=mac)
    what = event(call, admitted.person, Operation.UPDATE, f"{code.kind.value} QR code", ("QRCodeId", code_id))
    return audit.change_and_append(tx, change, call, admitted.view.standing, what)


def take_back(tx: Transaction, call: Call, user_id: str, code_id: str, *, with_pin: bool) -> None:
    """Revoke what was issued and will not be handed out; `with_pin`: the PIN that came with it, too."""
    try:
        method = admit(tx, call, user_id, MethodAction.WRITE).method
    except NotFound:
        return
    if any(code.id == code_id for code in method.qr_codes):
        if with_pin:
            delete_method(tx, call, user_id)
        else:
            delete_qr_code(tx, call, user_id, CodeKind.STANDARD, only=code_id)


def record_revocation(tx: Transaction, call: Call, wanted: int, revoked: int) -> None:
    """One event for the whole of it, besides each code's own."""
    what = AuditEvent(
        activity=Activity.REVOKE_MANY,
        category=Category.USER_MANAGEMENT,
        operation=Operation.DELETE,
        target_kind="Tenant",
        target_id=call.tenant_id,
        service=AUTHENTICATION_METHODS,
        details=(("Wanted", str(wanted)), ("Revoked", str(revoked))),
    )
    audit.append(tx, call, require_standing(tx, call), what)


def _is_undelivered(person: DeskPerson, call: Call) -> bool:
    # whoever holds another code that works was given a PIN for it
    is_alone = not _is_in_hands(person.temporary_qr_code, call)
    return (
        is_alone and is_waiting(person, call) and person.pin_state(call.now) in {PinState.TEMPORARY, PinState.EXPIRED}
    )


def _is_in_hands(code: HeldCode | None, call: Call) -> bool:
    return code is not None and code.state(call.now) not in _NOT_IN_HANDS


def _chosen(
    tx: Transaction, call: Call, selection: Selection, rules: LockoutRules
) -> Iterable[tuple[str, DeskPerson | None]]:
    if selection.users:
        found = ((named, user.find(tx, call.tenant_id, named)) for named in dict.fromkeys(selection.users))
        return [(named, _look_up(tx, call, one.id if one else "", rules)) for named, one in found]
    if selection.group_id is not None:
        ids = _members(tx, call, selection.group_id)
        people = [(each, _look_up(tx, call, each, rules)) for each in ids]
        return sorted(people, key=lambda pair: pair[1].display_name if pair[1] else "")
    units = frozenset({selection.unit_id}) if selection.unit_id else None
    everybody = _all(tx, call, Reach(units), rules)
    if selection.all_without_method:
        everybody = [person for person in everybody if fate_of(person, call) is Fate.BADGE_AND_PIN]
    return [(person.user_principal_name, person) for person in everybody]


def _look_up(tx: Transaction, call: Call, user_id: str, rules: LockoutRules) -> DeskPerson | None:
    return desk_person.find(tx, call.tenant_id, user_id, rules=rules, now=call.now) if user_id else None


def _members(tx: Transaction, call: Call, group_id: str) -> list[str]:
    get_group(tx, call, group_id)
    ids: list[str] = []
    query = Query(_PAGE)
    while True:
        page = membership.list_transitive_members(tx, call.tenant_id, group_id, query, MemberKind.USER)
        ids += [item.id for item in page.items]
        if page.after is None:
            return ids
        query = replace(query, after=page.after)


def _all(tx: Transaction, call: Call, reach: Reach, rules: LockoutRules) -> Sequence[DeskPerson]:
    people: list[DeskPerson] = []
    query = Query(_PAGE, sort=_BY_NAME)
    while True:
        page = desk_person.list_page(tx, call.tenant_id, query, desk_person.EVERYBODY, reach, rules=rules, now=call.now)
        people += page.items
        if page.after is None:
            return people
        query = replace(query, after=page.after)
