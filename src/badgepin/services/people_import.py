"""People in from a file: what it would change, the change itself in batches, each whole or not at all.

A batch is one transaction with one event for each change, so an import that is cut off is true as far as it came; run
again, the rows already there are unchanged. What was before is kept beside it, for `services/import_undo.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain

import msgspec

from badgepin.crypto.randomness import new_guid
from badgepin.domain.administrative_unit import AdministrativeUnit
from badgepin.domain.audit import Activity, AuditEvent, Category, Operation
from badgepin.domain.caller import Call
from badgepin.domain.directory_access import DirectoryAction
from badgepin.domain.errors import InvalidValue, Reason
from badgepin.domain.filter import fold
from badgepin.domain.group import Group, MemberKind
from badgepin.domain.people_import import BadRow, Import, Outcome, PersonRow, Place, Result, Row, applied
from badgepin.domain.user import User, changed_fields, user_principal_name_key
from badgepin.services.administrative_unit import unit_event
from badgepin.services.group import group_event
from badgepin.services.standing import check_may, require
from badgepin.services.user import update_event, user_event
from badgepin.store import administrative_unit as units
from badgepin.store import audit
from badgepin.store import group as groups
from badgepin.store import people_import as store
from badgepin.store import user as users
from badgepin.store.people_import import MEMBERSHIPS, ImportChange
from badgepin.store.transaction import Transaction

AT_ONCE = 1000
"""Rows a batch."""
_REMEMBERED = 100
# later, what was before it may be forgotten already
_RESUMED_WITHIN = timedelta(days=7)
_KINDS = (MemberKind.GROUP, MemberKind.UNIT)
_MEMBER_OF = {MemberKind.GROUP: "group_member", MemberKind.UNIT: "unit_member"}


@dataclass(frozen=True)
class Step:
    """What one row comes to: the outcome, the person before and after, and where they are put."""

    outcome: Outcome
    old: User | None = None
    new: User | None = None
    joins: tuple[Place, ...] = ()


def plan_rows(tx: Transaction, call: Call, rows: Sequence[Row]) -> list[Step]:
    """What a batch of rows would do; nothing is written. Raises `NotPermitted`."""
    require(tx, call, DirectoryAction.WRITE_USERS)
    return _steps(tx, call, rows)


def start_import(tx: Transaction, call: Call, file_name: str, digest: bytes) -> Import:
    """Begin an import, or go on with the last one when it was cut off in the same files."""
    standing = require(tx, call, DirectoryAction.WRITE_USERS)
    check_may(call, standing, DirectoryAction.WRITE_GROUPS)
    check_may(call, standing, DirectoryAction.WRITE_UNITS)
    store.hold(tx, call.tenant_id)
    last = next(iter(store.list_imports(tx, call.tenant_id, limit=1)), None)
    resumes = last is not None and last.digest == digest and last.finished_at is None and last.undone_at is None
    resumes = resumes and last is not None and call.now - last.started_at < _RESUMED_WITHIN
    made = last if last is not None and resumes else Import(new_guid(), file_name, digest, call.now)
    if not resumes:
        store.insert(tx, call.tenant_id, made)
    audit.append(tx, call, standing, run_event(Activity.START_IMPORT, made, Resumed="yes" if resumes else "no"))
    return made


def apply_rows(tx: Transaction, call: Call, made: Import, rows: Sequence[Row]) -> list[Outcome]:
    """Do what a batch of rows says.

    Raises `Conflict` when somebody took a name meanwhile: run the batch again; `InvalidValue` as `take_turn`.
    """
    standing = require(tx, call, DirectoryAction.WRITE_USERS)
    take_turn(tx, call, made)
    steps = _steps(tx, call, rows)
    places, events, changes = _make_places(tx, call, steps)
    created = [step.new for step in steps if step.new and not step.old]
    updated = [(step.old, step.new) for step in steps if step.new and step.old and step.new != step.old]
    users.insert_all(tx, call.tenant_id, created)
    users.update_all(tx, call.tenant_id, [new for _, new in updated])
    disabled = [new.id for old, new in updated if old.account_enabled and not new.account_enabled]
    users.end_tokens_of_disabled(tx, call.tenant_id, disabled)
    events += [user_event(Activity.ADD_USER, Operation.ADD, user) for user in created]
    events += [update_event(old, new) for old, new in updated]
    changes += [ImportChange(0, "user", user.id, after=state_json(user)) for user in created]
    changes += [ImportChange(0, "user", new.id, "", *_difference(old, new)) for old, new in updated]
    _join(tx, call, steps, places, events, changes)
    audit.append_rows(tx, [audit.row_of(call, standing, event) for event in events])
    store.append_changes(tx, call.tenant_id, made.id, changes)
    results = [step.outcome.result for step in steps]
    store.add_counts(
        tx,
        call.tenant_id,
        made.id,
        created=results.count(Result.CREATED),
        updated=results.count(Result.UPDATED),
        refused=results.count(Result.REFUSED),
    )
    return [step.outcome for step in steps]


def take_turn(tx: Transaction, call: Call, made: Import) -> None:
    """Let one batch at a time change a tenant's people. Raises `InvalidValue` once the import is not the last any more.

    Two at once would make the same group twice, and an undo beside a running import would leave half of it.
    """
    store.hold(tx, call.tenant_id)
    (last,) = store.list_imports(tx, call.tenant_id, limit=1)
    if last.id != made.id or last.undone_at is not None:
        message = "Another import was started meanwhile, or this one undone: look at the people, then run it again."
        raise InvalidValue(Reason.VALUE_INVALID, message=message)


def finish_import(tx: Transaction, call: Call, made: Import) -> Import:
    """Close an import; returns it as it is remembered."""
    standing = require(tx, call, DirectoryAction.WRITE_USERS)
    store.finish(tx, call.tenant_id, made.id, call.now)
    kept = next(each for each in store.list_imports(tx, call.tenant_id, limit=_REMEMBERED) if each.id == made.id)
    counts = {"Created": str(kept.created), "Updated": str(kept.updated), "Refused": str(kept.refused)}
    audit.append(tx, call, standing, run_event(Activity.FINISH_IMPORT, kept, **counts))
    return kept


def list_imports(tx: Transaction, call: Call) -> list[Import]:
    """The last imports, the latest first."""
    require(tx, call, DirectoryAction.WRITE_USERS)
    return store.list_imports(tx, call.tenant_id, limit=_REMEMBERED)


def state_json(user: User) -> str:
    """Every field of a person, to see later whether somebody changed one."""
    return msgspec.json.encode(user).decode()


def _steps(tx: Transaction, call: Call, rows: Sequence[Row]) -> list[Step]:
    people = [row for row in rows if isinstance(row, PersonRow)]
    keys = {row.line: user_principal_name_key(row.user_principal_name) for row in people}
    existing = users.find_by_keys(tx, call.tenant_id, list(keys.values()))
    ids = [user.id for user in existing.values()]
    administrators = store.administrators_among(tx, call.tenant_id, ids)
    member_of = {kind: store.memberships_of(tx, call.tenant_id, kind, ids) for kind in _KINDS}
    places = {kind: _find_places(tx, call, people, kind) for kind in _KINDS}

    def step(row: Row) -> Step:
        if isinstance(row, BadRow):
            return _refused(row, row.reason)
        old = existing.get(keys[row.line])
        if old is not None and old.id in administrators:
            return _refused(row, "They hold a directory role: change administrators one by one.")
        wanted: list[Place] = []
        for kind, name in chain(
            ((MemberKind.GROUP, name) for name in row.groups), ((MemberKind.UNIT, name) for name in row.stores)
        ):
            found = places[kind].get(fold(name), [Place(kind, name)])
            if len(found) > 1:
                return _refused(row, f"There are {len(found)} of the name '{name}': rename one of them.")
            if found[0].hands_out_roles:
                return _refused(row, f"The group '{name}' can hand out roles: add its members one by one.")
            if old is None or (found[0].id, old.id) not in member_of[kind]:
                wanted.append(found[0])
        return _decided(row, old, applied(row, old, new_guid(), call.now), tuple(wanted))

    return [step(row) for row in rows]


def _find_places(tx: Transaction, call: Call, people: Sequence[PersonRow], kind: MemberKind) -> dict[str, list[Place]]:
    named = {fold(name) for row in people for name in (row.groups if kind is MemberKind.GROUP else row.stores)}
    return store.find_places(tx, call.tenant_id, kind, named) if named else {}


def _refused(row: Row, reason: str) -> Step:
    return Step(Outcome(row.line, row.user_principal_name, Result.REFUSED, reason))


def _decided(row: PersonRow, old: User | None, new: User, joins: tuple[Place, ...]) -> Step:
    places = [f"in {place.name}" for place in joins]
    if old is None:
        return Step(Outcome(row.line, row.user_principal_name, Result.CREATED, ", ".join(places)), None, new, joins)
    changed = changed_fields(old, new)
    if not changed and not joins:
        return Step(Outcome(row.line, row.user_principal_name, Result.UNCHANGED))
    what = ", ".join([*changed, *places])
    return Step(Outcome(row.line, row.user_principal_name, Result.UPDATED, what), old, new, joins)


def _make_places(
    tx: Transaction, call: Call, steps: Sequence[Step]
) -> tuple[dict[tuple[MemberKind, str], Place], list[AuditEvent], list[ImportChange]]:
    """The places that rows name: those that are missing are made, the first spelling of a name counts."""
    places: dict[tuple[MemberKind, str], Place] = {}
    events: list[AuditEvent] = []
    changes: list[ImportChange] = []
    for place in (place for step in steps for place in step.joins):
        key = (place.kind, fold(place.name))
        if key in places:
            continue
        made_id = place.id or new_guid()
        places[key] = Place(place.kind, place.name, made_id)
        if place.id is not None:
            continue
        changes.append(ImportChange(0, "group" if place.kind is MemberKind.GROUP else "unit", made_id))
        if place.kind is MemberKind.GROUP:
            group = Group(made_id, place.name, call.now)
            groups.insert(tx, call.tenant_id, group)
            events.append(group_event(Activity.ADD_GROUP, Operation.ADD, group))
        else:
            unit = AdministrativeUnit(made_id, place.name, call.now)
            units.insert(tx, call.tenant_id, unit)
            events.append(unit_event(Activity.ADD_UNIT, Operation.ADD, unit))
    return places, events, changes


def _join(
    tx: Transaction,
    call: Call,
    steps: Sequence[Step],
    places: dict[tuple[MemberKind, str], Place],
    events: list[AuditEvent],
    changes: list[ImportChange],
) -> None:
    for kind in _KINDS:
        joined = [
            (places[kind, fold(place.name)], step.new)
            for step in steps
            for place in step.joins
            if place.kind is kind and step.new is not None
        ]
        pairs = [(str(place.id), user.id) for place, user in joined]
        store.add_people(tx, MEMBERSHIPS[kind], call.tenant_id, pairs)
        events += [joined_event(place, user.id, call) for place, user in joined]
        changes += [ImportChange(0, _MEMBER_OF[kind], member, container) for container, member in pairs]


def joined_event(place: Place, user_id: str, call: Call, *, leaves: bool = False) -> AuditEvent:
    """What the log says of a person put into a group or unit, or taken out."""
    details = (("MemberId", user_id), ("MemberType", MemberKind.USER.value))
    operation = Operation.UNASSIGN if leaves else Operation.ASSIGN
    if place.kind is MemberKind.GROUP:
        activity = Activity.REMOVE_GROUP_MEMBER if leaves else Activity.ADD_GROUP_MEMBER
        return group_event(activity, operation, Group(str(place.id), place.name, call.now), details=details)
    activity = Activity.REMOVE_UNIT_MEMBER if leaves else Activity.ADD_UNIT_MEMBER
    return unit_event(activity, operation, AdministrativeUnit(str(place.id), place.name, call.now), details=details)


def _difference(old: User, new: User) -> tuple[str, str]:
    names = changed_fields(old, new)

    def part(user: User) -> str:
        return msgspec.json.encode({name: getattr(user, name) for name in names}).decode()

    return part(old), part(new)


def run_event(activity: Activity, made: Import, **details: str) -> AuditEvent:
    """What the log says of an import as a whole."""
    return AuditEvent(
        activity=activity,
        category=Category.DIRECTORY_MANAGEMENT,
        operation=Operation.ADD,
        target_kind="Import",
        target_id=made.id,
        target_name=made.file_name,
        details=tuple(details.items()),
    )
