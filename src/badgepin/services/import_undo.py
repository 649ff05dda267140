"""Undoing the last import: what it made goes, what it changed comes back, what somebody touched since stays."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import msgspec

from badgepin.domain.administrative_unit import AdministrativeUnit
from badgepin.domain.audit import Activity, AuditEvent, Operation
from badgepin.domain.caller import Call
from badgepin.domain.directory_access import DirectoryAction
from badgepin.domain.group import Group, MemberKind
from badgepin.domain.people_import import Import, Place
from badgepin.domain.user import User, changed_fields
from badgepin.services.administrative_unit import unit_event
from badgepin.services.group import group_event
from badgepin.services.people_import import AT_ONCE, joined_event, run_event, state_json, take_turn
from badgepin.services.standing import check_may, require
from badgepin.services.user import update_event, user_event
from badgepin.store import administrative_unit as units
from badgepin.store import audit
from badgepin.store import group as groups
from badgepin.store import people_import as store
from badgepin.store import user as users
from badgepin.store.people_import import MEMBERSHIPS, ImportChange
from badgepin.store.transaction import Transaction


@dataclass(frozen=True)
class Undone:
    """A portion of an import undone: how many changes, and in words what was left alone; `is_last`: nothing is left."""

    changes: int
    left_alone: tuple[str, ...]
    is_last: bool


def find_undoable(tx: Transaction, call: Call) -> Import | None:
    """The last import, unless it was undone already."""
    standing = require(tx, call, DirectoryAction.WRITE_USERS)
    check_may(call, standing, DirectoryAction.WRITE_GROUPS)
    check_may(call, standing, DirectoryAction.WRITE_UNITS)
    last = next(iter(store.list_imports(tx, call.tenant_id, limit=1)), None)
    return None if last is None or last.undone_at is not None else last


def undo_portion(tx: Transaction, call: Call, made: Import) -> Undone:
    """Undo what an import did last; cut off and run again, it goes on where it was."""
    standing = require(tx, call, DirectoryAction.WRITE_USERS)
    take_turn(tx, call, made)
    changes = store.last_changes(tx, call.tenant_id, made.id, limit=AT_ONCE)
    events: list[AuditEvent] = []
    left_alone: list[str] = []
    for kind in MEMBERSHIPS:
        events += _leave(tx, call, kind, changes)
    _restore_people(tx, call, [change for change in changes if change.kind == "user"], events, left_alone)
    _remove_groups(tx, call, _ids(changes, "group"), events, left_alone)
    _remove_units(tx, call, _ids(changes, "unit"), events, left_alone)
    is_last = len(changes) < AT_ONCE
    if changes:
        store.delete_changes(tx, call.tenant_id, made.id, lowest=changes[-1].number)
    if is_last:
        store.set_undone(tx, call.tenant_id, made.id, call.now)
        events.append(run_event(Activity.UNDO_IMPORT, made))
    audit.append_rows(tx, [audit.row_of(call, standing, event) for event in events])
    return Undone(len(changes), tuple(left_alone), is_last)


def _ids(changes: Sequence[ImportChange], kind: str) -> list[str]:
    return [change.object_id for change in changes if change.kind == kind]


def _leave(tx: Transaction, call: Call, kind: MemberKind, changes: Sequence[ImportChange]) -> list[AuditEvent]:
    word = "group_member" if kind is MemberKind.GROUP else "unit_member"
    made = [change for change in changes if change.kind == word]
    there = store.memberships_of(tx, call.tenant_id, kind, [change.object_id for change in made]) if made else set()
    pairs = [pair for change in made if (pair := (change.container_id, change.object_id)) in there]
    store.remove_people(tx, MEMBERSHIPS[kind], call.tenant_id, pairs)
    return [joined_event(Place(kind, "", container), member, call, leaves=True) for container, member in pairs]


def _restore_people(
    tx: Transaction,
    call: Call,
    changes: Sequence[ImportChange],
    events: list[AuditEvent],
    left_alone: list[str],
) -> None:
    ids = [change.object_id for change in changes]
    if not ids:
        return
    now = users.find_by_ids(tx, call.tenant_id, ids)
    kept = store.administrators_among(tx, call.tenant_id, ids)
    badged = store.badge_holders_among(tx, call.tenant_id, ids)
    gone: list[User] = []
    before = dict(now)
    for change in changes:
        user = now.get(change.object_id)
        if user is None:
            continue
        if user.id in kept:
            left_alone.append(f"{user.user_principal_name} holds a directory role now and stays as they are.")
        elif change.before is None:
            if state_json(user) != change.after:
                left_alone.append(f"{user.user_principal_name} was changed since the import and stays.")
            elif user.id in badged:
                left_alone.append(f"{user.user_principal_name} has a badge by now and stays.")
            else:
                gone.append(user)
        else:
            # step by step: an import that was resumed may have changed somebody twice
            now[user.id] = _restored(user, change, left_alone)
    users.delete_all(tx, call.tenant_id, [user.id for user in gone])
    away = {user.id for user in gone}
    changed = [(old, now[old.id]) for old in before.values() if old != now[old.id] and old.id not in away]
    users.update_all(tx, call.tenant_id, [new for _, new in changed])
    disabled = [new.id for old, new in changed if old.account_enabled and not new.account_enabled]
    users.end_tokens_of_disabled(tx, call.tenant_id, disabled)
    events += [user_event(Activity.DELETE_USER, Operation.DELETE, user) for user in gone]
    events += [update_event(old, new) for old, new in changed]


def _restored(user: User, change: ImportChange, left_alone: list[str]) -> User:
    before, after = (_fields_of(text or "{}", user) for text in (change.before, change.after))
    untouched = set(changed_fields(before, after)) - set(changed_fields(user, after))
    touched = sorted(set(changed_fields(before, after)) - untouched)
    if touched:
        names = ", ".join(touched)
        left_alone.append(f"{user.user_principal_name}: {names} was changed since the import and stays.")
    return replace(user, **{name: getattr(before, name) for name in untouched})


def _fields_of(text: str, user: User) -> User:
    """The person with the fields of a JSON text in place of their own."""
    whole = {**msgspec.to_builtins(user), **msgspec.json.decode(text)}
    return msgspec.convert(whole, User, strict=False)


def _remove_groups(
    tx: Transaction, call: Call, ids: Sequence[str], events: list[AuditEvent], left_alone: list[str]
) -> None:
    used = store.places_in_use(tx, call.tenant_id, MemberKind.GROUP, ids) if ids else set()
    for group_id in ids:
        group = groups.find(tx, call.tenant_id, group_id)
        if group is None:
            continue
        if group_id in used or group != Group(group.id, group.display_name, group.created_at):
            left_alone.append(f"The group {group.display_name} is in use by now and stays.")
        elif groups.delete(tx, call.tenant_id, group_id):
            events.append(group_event(Activity.DELETE_GROUP, Operation.DELETE, group))


def _remove_units(
    tx: Transaction, call: Call, ids: Sequence[str], events: list[AuditEvent], left_alone: list[str]
) -> None:
    used = store.places_in_use(tx, call.tenant_id, MemberKind.UNIT, ids) if ids else set()
    for unit_id in ids:
        unit = units.find(tx, call.tenant_id, unit_id)
        if unit is None:
            continue
        if unit_id in used or unit != AdministrativeUnit(unit.id, unit.display_name, unit.created_at):
            left_alone.append(f"The store {unit.display_name} is in use by now and stays.")
        elif units.delete(tx, call.tenant_id, unit_id):
            events.append(unit_event(Activity.DELETE_UNIT, Operation.DELETE, unit))
