"""The verbs on administrative units."""

from collections.abc import Callable
from dataclasses import fields

from badgepin.domain.administrative_unit import AdministrativeUnit
from badgepin.domain.audit import Activity, AuditEvent, Category, Change, Operation
from badgepin.domain.caller import Call
from badgepin.domain.directory_access import DirectoryAction
from badgepin.domain.directory_object import DirectoryObject
from badgepin.domain.errors import Conflict, NotFound, Reason
from badgepin.domain.group import MemberKind
from badgepin.domain.query import Page, Query
from badgepin.services.group import find_member
from badgepin.services.standing import require
from badgepin.store import administrative_unit as store
from badgepin.store import audit, membership
from badgepin.store.lock import Lock
from badgepin.store.membership import UNITS
from badgepin.store.transaction import Transaction


def get_unit(tx: Transaction, call: Call, unit_id: str) -> AdministrativeUnit:
    """A unit. Raises `NotFound`."""
    require(tx, call, DirectoryAction.READ_UNITS)
    return find_unit(tx, call, unit_id)


def find_unit(tx: Transaction, call: Call, unit_id: str, *, lock: Lock = Lock.NONE) -> AdministrativeUnit:
    """A unit, for a caller already let in. Raises `NotFound`."""
    unit = store.find(tx, call.tenant_id, unit_id.lower(), lock=lock)
    if unit is None:
        raise NotFound(Reason.OBJECT_NOT_FOUND, id=unit_id)
    return unit


def list_units(tx: Transaction, call: Call, query: Query) -> Page[AdministrativeUnit]:
    """A page of units."""
    require(tx, call, DirectoryAction.READ_UNITS)
    return store.list_page(tx, call.tenant_id, query)


def count_units(tx: Transaction, call: Call, query: Query) -> int:
    """How many units match."""
    require(tx, call, DirectoryAction.READ_UNITS)
    return store.count(tx, call.tenant_id, query)


def create_unit(tx: Transaction, call: Call, wanted: Callable[[], AdministrativeUnit]) -> AdministrativeUnit:
    """Add a unit. Raises `InvalidValue`."""
    standing = require(tx, call, DirectoryAction.WRITE_UNITS)
    unit = wanted()
    store.insert(tx, call.tenant_id, unit)
    audit.append(tx, call, standing, unit_event(Activity.ADD_UNIT, Operation.ADD, unit))
    return unit


def update_unit(
    tx: Transaction, call: Call, unit_id: str, changed: Callable[[AdministrativeUnit], AdministrativeUnit]
) -> AdministrativeUnit:
    """Change a unit. Raises `NotFound`, `InvalidValue`."""
    standing = require(tx, call, DirectoryAction.WRITE_UNITS)
    old = find_unit(tx, call, unit_id, lock=Lock.CHANGE)
    new = changed(old)
    store.update(tx, call.tenant_id, new)
    changes = tuple(
        Change(field.name, str(getattr(old, field.name)), str(getattr(new, field.name)))
        for field in fields(AdministrativeUnit)
        if getattr(old, field.name) != getattr(new, field.name)
    )
    audit.append(tx, call, standing, unit_event(Activity.UPDATE_UNIT, Operation.UPDATE, new, changes=changes))
    return new


def delete_unit(tx: Transaction, call: Call, unit_id: str) -> None:
    """Remove a unit with the roles held in it. Raises `NotFound`."""
    standing = require(tx, call, DirectoryAction.WRITE_UNITS)
    unit = find_unit(tx, call, unit_id, lock=Lock.CHANGE)
    if not store.delete(tx, call.tenant_id, unit.id):
        raise NotFound(Reason.OBJECT_NOT_FOUND, id=unit_id)
    audit.append(tx, call, standing, unit_event(Activity.DELETE_UNIT, Operation.DELETE, unit))


def list_members(
    tx: Transaction, call: Call, unit_id: str, query: Query, only: MemberKind | None = None
) -> Page[DirectoryObject]:
    """A page of the unit's people and groups."""
    unit = get_unit(tx, call, unit_id)
    return membership.list_members(tx, UNITS, call.tenant_id, unit.id, query, only)


def count_members(tx: Transaction, call: Call, unit_id: str, query: Query, only: MemberKind | None = None) -> int:
    """How many people and groups are in the unit."""
    unit = get_unit(tx, call, unit_id)
    return membership.count_members(tx, UNITS, call.tenant_id, unit.id, query, only)


def add_member(tx: Transaction, call: Call, unit_id: str, member_id: Callable[[], str]) -> None:
    """Add a person or group. Raises `NotFound` or `Conflict`."""
    standing = require(tx, call, DirectoryAction.WRITE_UNITS)
    unit = find_unit(tx, call, unit_id, lock=Lock.CHANGE)
    member = find_member(tx, call, member_id())
    if not membership.add(tx, UNITS, call.tenant_id, unit.id, member):
        raise Conflict(Reason.MEMBER_EXISTS, property="members")
    details = (("MemberId", member.id), ("MemberType", member.kind.value))
    audit.append(tx, call, standing, unit_event(Activity.ADD_UNIT_MEMBER, Operation.ASSIGN, unit, details=details))


def remove_member(tx: Transaction, call: Call, unit_id: str, member_id: str) -> None:
    """Remove a member. Raises `NotFound`."""
    standing = require(tx, call, DirectoryAction.WRITE_UNITS)
    unit = find_unit(tx, call, unit_id, lock=Lock.CHANGE)
    if not membership.remove(tx, UNITS, call.tenant_id, unit.id, member_id.lower()):
        raise NotFound(Reason.OBJECT_NOT_FOUND, id=member_id)
    details = (("MemberId", member_id.lower()),)
    audit.append(tx, call, standing, unit_event(Activity.REMOVE_UNIT_MEMBER, Operation.UNASSIGN, unit, details=details))


def unit_event(
    activity: Activity,
    operation: Operation,
    unit: AdministrativeUnit,
    *,
    changes: tuple[Change, ...] = (),
    details: tuple[tuple[str, str], ...] = (),
) -> AuditEvent:
    """What the log says of a change of a unit."""
    return AuditEvent(
        activity=activity,
        category=Category.ADMINISTRATIVE_UNIT,
        operation=operation,
        target_kind="AdministrativeUnit",
        target_id=unit.id,
        target_name=unit.display_name,
        changes=changes,
        details=details,
    )
