"""Planning a batch: who is in it and what would happen to each, portion by portion, within the caller's reach.

Whoever is out of the caller's reach does not exist: named people are not found, and lists leave them out.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from badgepin.domain.access import MethodAction, Reach, Refused, may_act_on_methods, reach_over_people
from badgepin.domain.badge_batch import MOST_PEOPLE, BatchKind, BatchRow, RowResult
from badgepin.domain.caller import Call, Standing
from badgepin.domain.desk_person import BadgeState, DeskFilter, DeskPerson, HeldCode, WantedPeople
from badgepin.domain.errors import InvalidValue, NotFound, NotPermitted, Reason
from badgepin.domain.lockout import LockoutRules
from badgepin.domain.qr_code import CodeKind
from badgepin.domain.query import Query, Sort
from badgepin.services import batch
from badgepin.services.administrative_unit import find_unit
from badgepin.services.batch import Fate, Selection
from badgepin.services.group import get_group
from badgepin.services.standing import require_standing
from badgepin.store import batch_row, desk_person, user
from badgepin.store.transaction import Transaction

_PORTION = 500
_REVOKE = "revoke"
_NO_CODE = "noCode"
_WORKING = {BadgeState.EXPIRES_SOON, BadgeState.ACTIVE}
_WANTED = {Fate.BADGE_AND_PIN.value, Fate.BADGE.value, Fate.REPLACEMENT.value, _REVOKE}


@dataclass(frozen=True)
class WantedBatch:
    """What is asked for. Of a revocation: only codes of these kinds, created before a moment.

    `ends_within_days`: of an issue, only people whose badge has ended or ends within so many days. `may_overlap`:
    whose badge still works gets one that takes over from it; otherwise they are left alone.
    """

    kind: BatchKind
    selection: Selection
    code_expire_at: datetime | None = None
    ends_within_days: int | None = None
    may_overlap: bool = True
    issued_before: datetime | None = None
    code_kinds: tuple[CodeKind, ...] = tuple(CodeKind)


@dataclass(frozen=True)
class Position:
    """Where the next portion begins: among named people, or in a list; `number` of rows there are already."""

    number: int = 0
    named: int = 0
    after: tuple[str | int, ...] | None = None


@dataclass(frozen=True)
class Portion:
    """Rows in their order, and where the next ones begin (None: that was all)."""

    rows: Sequence[BatchRow]
    following: Position | None


def check_wanted(tx: Transaction, call: Call, wanted: WantedBatch) -> Standing:
    """Who asks, once they may look after anybody and see the unit or group.

    Raises `NotPermitted`; `NotFound` for a unit or group that is not there or not theirs.
    """
    standing = require_standing(tx, call)
    reach = _reach(call, standing)
    selection = wanted.selection
    if selection.unit_id is not None:
        if reach.units is not None and selection.unit_id not in reach.units:
            raise NotFound(Reason.OBJECT_NOT_FOUND, id=selection.unit_id)
        find_unit(tx, call, selection.unit_id)
    if selection.group_id is not None:
        if reach.units is not None:
            raise NotFound(Reason.OBJECT_NOT_FOUND, id=selection.group_id)
        get_group(tx, call, selection.group_id)
    return standing


def plan_portion(tx: Transaction, call: Call, wanted: WantedBatch, at: Position, rules: LockoutRules) -> Portion:
    """The next people, and what would happen to each. Changes nothing.

    Raises `NotPermitted`, and `InvalidValue` when there are too many.
    """
    standing = require_standing(tx, call)
    reach = _reach(call, standing)
    names = wanted.selection.users
    if names:
        found = [(named, _named(tx, call, named, rules)) for named in names[at.named : at.named + _PORTION]]
        end = at.named + len(found)
        following = Position(0, end) if end < len(names) else None
    else:
        query = Query(_PORTION, sort=(Sort(desk_person.NAME),), after=at.after)
        page = desk_person.list_page(tx, call.tenant_id, query, _people(wanted), reach, rules=rules, now=call.now)
        found = [(person.user_principal_name, person) for person in page.items]
        following = Position(0, 0, page.after) if page.after is not None else None
    waiting = batch.waiting_codes(tx, call, [person for _, person in found if person])
    rows: list[BatchRow] = []
    for named, person in found:
        for row in _rows(call, standing, wanted, named, person, waiting):
            rows.append(replace(row, number=at.number + len(rows)))
    if at.number + len(rows) > MOST_PEOPLE:
        message = f"A batch holds at most {MOST_PEOPLE} people: choose a store or a group."
        raise InvalidValue(Reason.VALUE_INVALID, message=message)
    return Portion(rows, None if following is None else replace(following, number=at.number + len(rows)))


def fate_now(tx: Transaction, call: Call, row: BatchRow, rules: LockoutRules) -> tuple[Fate, DeskPerson | None]:
    """What a batch that issues does for somebody at this moment."""
    person = desk_person.find(tx, call.tenant_id, row.user_id or "", rules=rules, now=call.now)
    if person is None:
        return Fate.NOT_FOUND, None
    refused = _refused(call, require_standing(tx, call), person)
    if refused is not None:
        return refused, person
    waiting = batch.waiting_codes(tx, call, [person])
    fate, code = batch.fate_of(person, call, waiting), person.standard_qr_code
    # only the badge that was seen to end is replaced: who got another one since needs none
    if fate is Fate.HAS_BADGE and row.fate == Fate.REPLACEMENT and code is not None and code.id == row.code_id:
        fate = batch.renewal_of(person, waiting)
    return fate, person


def add_rows(tx: Transaction, call: Call, batch_id: str, rows: Sequence[BatchRow]) -> None:
    """Keep what was planned."""
    batch_row.insert_all(tx, call.tenant_id, batch_id, rows)


def _reach(call: Call, standing: Standing) -> Reach:
    reach = reach_over_people(call.caller, standing)
    if isinstance(reach, Refused):
        raise NotPermitted(reach.reason)
    if not call.reaches_others:
        raise NotPermitted(Reason.OTHER_PERSON)
    return reach


def _people(wanted: WantedBatch) -> WantedPeople:
    selection = wanted.selection
    state = DeskFilter.NO_BADGE if selection.all_without_method else None
    return WantedPeople(selection.unit_id, state, selection.group_id)


def _named(tx: Transaction, call: Call, named: str, rules: LockoutRules) -> DeskPerson | None:
    found = user.find(tx, call.tenant_id, named)
    return desk_person.find(tx, call.tenant_id, found.id, rules=rules, now=call.now) if found else None


def _refused(call: Call, standing: Standing, person: DeskPerson) -> Fate | None:
    if call.caller.user_id == person.id:
        return Fate.NOT_PERMITTED
    decision = may_act_on_methods(
        call.caller, standing, MethodAction.WRITE, person.target, reaches_others=call.reaches_others, strict=call.strict
    )
    if not isinstance(decision, Refused):
        return None
    hidden = {Reason.USER_NOT_FOUND, Reason.OUTSIDE_UNIT, Reason.ROLE_MISSING}
    return Fate.NOT_FOUND if decision.reason in hidden else Fate.NOT_PERMITTED


def _rows(
    call: Call,
    standing: Standing,
    wanted: WantedBatch,
    named: str,
    person: DeskPerson | None,
    waiting: frozenset[str],
) -> list[BatchRow]:
    if person is None:
        return [_row(named, Fate.NOT_FOUND.value)]
    refused = _refused(call, standing, person)
    if refused is not None:
        # nothing of somebody who must not be known
        return [_row(named, refused.value, None if refused is Fate.NOT_FOUND else person)]
    if wanted.kind is BatchKind.REVOKE:
        codes = _codes(person, wanted)
        if not codes:
            return [_row(named, _NO_CODE, person)] if wanted.selection.users else []
        return [replace(_row(named, _REVOKE, person), code_id=code.id, code_kind=kind.value) for kind, code in codes]
    fate = batch.fate_of(person, call, waiting)
    if wanted.selection.all_without_method and fate is not Fate.BADGE_AND_PIN:
        return []
    if wanted.ends_within_days is None:
        return [_row(named, fate.value, person)]
    code = person.standard_qr_code
    if code is None or not _ends(code, call, wanted.ends_within_days):
        return []
    if fate is Fate.HAS_BADGE and wanted.may_overlap and code.state(call.now) in _WORKING:
        fate = batch.renewal_of(person, waiting)
    return [replace(_row(named, fate.value, person), code_id=code.id if fate is Fate.REPLACEMENT else None)]


def _row(named: str, fate: str, person: DeskPerson | None = None) -> BatchRow:
    is_wanted = fate in _WANTED
    result = RowResult.PLANNED if is_wanted else RowResult.SKIPPED
    if person is None:
        return BatchRow(0, named, fate, is_wanted, result=result)
    return BatchRow(
        0, named, fate, is_wanted, person.id, person.display_name, person.user_principal_name, result=result
    )


def _codes(person: DeskPerson, wanted: WantedBatch) -> list[tuple[CodeKind, HeldCode]]:
    held = (
        (CodeKind.STANDARD, person.standard_qr_code),
        (CodeKind.STANDARD, person.replacement_qr_code),
        (CodeKind.TEMPORARY, person.temporary_qr_code),
    )
    before = wanted.issued_before
    return [
        (kind, code)
        for kind, code in held
        if kind in wanted.code_kinds and code is not None and (before is None or code.created_at < before)
    ]


def _ends(code: HeldCode, call: Call, days: int) -> bool:
    return code.expire_at <= call.now + timedelta(days=days)
