"""The verbs on directory roles. A role taken away is gone for the very next request."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass

from badgepin.crypto.randomness import new_guid
from badgepin.domain.audit import Activity, AuditEvent, Category, Operation
from badgepin.domain.caller import TENANT_WIDE, Call
from badgepin.domain.directory_access import DirectoryAction
from badgepin.domain.directory_role import BY_ID, GLOBAL_ADMINISTRATOR
from badgepin.domain.errors import Conflict, InvalidValue, NotFound, Reason
from badgepin.domain.query import Page, Query
from badgepin.domain.role_assignment import Principal, RoleAssignment, check_assignable
from badgepin.services.administrative_unit import find_unit
from badgepin.services.last_administrator import one_stays
from badgepin.services.standing import require
from badgepin.store import audit
from badgepin.store import group as groups
from badgepin.store import role_assignment as store
from badgepin.store import user as users
from badgepin.store.lock import Lock
from badgepin.store.transaction import Transaction


@dataclass(frozen=True)
class WantedAssignment:
    """What a client asks for; `unit_id` is `TENANT_WIDE` for the whole tenant."""

    principal_id: str
    role_id: str
    unit_id: str


def check_may_read(tx: Transaction, call: Call) -> None:
    """Raises `NotPermitted` when the caller may not read roles."""
    require(tx, call, DirectoryAction.READ_ROLES)


def list_assignments(tx: Transaction, call: Call, query: Query) -> Page[tuple[RoleAssignment, Principal]]:
    """A page of assignments and who holds them."""
    require(tx, call, DirectoryAction.READ_ROLES)
    return store.list_page(tx, call.tenant_id, query)


def count_assignments(tx: Transaction, call: Call, query: Query) -> int:
    """How many assignments match."""
    require(tx, call, DirectoryAction.READ_ROLES)
    return store.count(tx, call.tenant_id, query)


def list_in_unit(tx: Transaction, call: Call, unit_id: str, query: Query) -> Page[tuple[RoleAssignment, Principal]]:
    """A page of the roles held in a unit, and who holds them."""
    require(tx, call, DirectoryAction.READ_ROLES)
    unit = find_unit(tx, call, unit_id)
    return store.list_page(tx, call.tenant_id, query, unit_id=unit.id)


def list_holders(tx: Transaction, call: Call, role_id: str, query: Query) -> Page[tuple[RoleAssignment, Principal]]:
    """A page of those who hold a role for the whole tenant."""
    require(tx, call, DirectoryAction.READ_ROLES)
    return store.list_page(tx, call.tenant_id, query, role_id=role_id, unit_id=TENANT_WIDE)


def get_assignment(tx: Transaction, call: Call, assignment_id: str, *, unit_id: str | None = None) -> RoleAssignment:
    """An assignment, of a unit where one is named. Raises `NotFound`."""
    require(tx, call, DirectoryAction.READ_ROLES)
    return _get(tx, call, assignment_id, unit_id)


def assign_role(tx: Transaction, call: Call, wanted: Callable[[], WantedAssignment]) -> RoleAssignment:
    """Give a role to a person, role-assignable group or application. Raises `NotFound`, `InvalidValue`, `Conflict`."""
    standing = require(tx, call, DirectoryAction.WRITE_ROLES)
    asked = wanted()
    check_assignable(asked.role_id, asked.unit_id)
    if asked.unit_id != TENANT_WIDE:
        find_unit(tx, call, asked.unit_id, lock=Lock.KEEP)
    principal = principal_of(tx, call, asked.principal_id, lock=Lock.KEEP)
    assignment = RoleAssignment(new_guid(), principal.id, asked.role_id, asked.unit_id, call.now)
    if not store.insert(tx, call.tenant_id, assignment):
        raise Conflict(
            Reason.VALUE_INVALID, message="A role assignment with the same principal, role and scope exists."
        )
    audit.append(tx, call, standing, _event(assignment, principal, Operation.ASSIGN))
    return assignment


def remove_assignment(tx: Transaction, call: Call, assignment_id: str, *, unit_id: str | None = None) -> None:
    """Take a role away. Raises `NotFound`, and `Conflict` where the last Global Administrator would go."""
    standing = require(tx, call, DirectoryAction.WRITE_ROLES)
    assignment = _get(tx, call, assignment_id, unit_id)
    with one_stays(tx, call) if assignment.role_id == GLOBAL_ADMINISTRATOR else nullcontext():
        if not store.delete(tx, call.tenant_id, assignment.id):
            raise NotFound(Reason.OBJECT_NOT_FOUND, id=assignment_id)
    user = users.find(tx, call.tenant_id, assignment.principal_id)
    principal = Principal(
        assignment.principal_id, user.display_name if user else "", user.user_principal_name if user else None
    )
    audit.append(tx, call, standing, _event(assignment, principal, Operation.UNASSIGN))


def principal_of(tx: Transaction, call: Call, principal_id: str, *, lock: Lock = Lock.NONE) -> Principal:
    """Who an id names. Raises `NotFound`, and `InvalidValue` for a group that roles cannot be assigned to."""
    if user := users.find(tx, call.tenant_id, principal_id, lock=lock):
        return Principal(user.id, user.display_name, user.user_principal_name)
    if group := groups.find(tx, call.tenant_id, principal_id.lower(), lock=lock):
        if not group.is_assignable_to_role:
            message = "Roles can be assigned only to groups created with 'isAssignableToRole'."
            raise InvalidValue(Reason.VALUE_INVALID, message=message)
        return Principal(group.id, group.display_name)
    if store.is_service_principal(tx, call.tenant_id, principal_id.lower()):
        return Principal(principal_id.lower(), "")
    raise NotFound(Reason.OBJECT_NOT_FOUND, id=principal_id)


def _get(tx: Transaction, call: Call, assignment_id: str, unit_id: str | None) -> RoleAssignment:
    assignment = store.find(tx, call.tenant_id, assignment_id.lower())
    if assignment is None or (unit_id is not None and assignment.unit_id != unit_id.lower()):
        raise NotFound(Reason.OBJECT_NOT_FOUND, id=assignment_id)
    return assignment


def _event(assignment: RoleAssignment, principal: Principal, operation: Operation) -> AuditEvent:
    scoped, adds = assignment.unit_id != TENANT_WIDE, operation is Operation.ASSIGN
    activity = {
        (True, True): Activity.ADD_SCOPED_ROLE_MEMBER,
        (True, False): Activity.REMOVE_SCOPED_ROLE_MEMBER,
        (False, True): Activity.ADD_ROLE_MEMBER,
        (False, False): Activity.REMOVE_ROLE_MEMBER,
    }[scoped, adds]
    details = [("RoleId", assignment.role_id), ("RoleName", BY_ID[assignment.role_id].display_name)]
    if scoped:
        details.append(("AdministrativeUnitId", assignment.unit_id))
    return AuditEvent(
        activity=activity,
        category=Category.ROLE_MANAGEMENT,
        operation=operation,
        target_kind="User" if principal.user_principal_name else "Other",
        target_id=principal.id,
        target_name=principal.display_name,
        target_user_principal_name=principal.user_principal_name or "",
        details=tuple(details),
    )
