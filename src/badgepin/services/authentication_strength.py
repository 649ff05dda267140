"""The verbs on authentication strengths: everybody's built-in ones are read, an organization's own are managed."""

from collections.abc import Callable
from dataclasses import fields, replace

from badgepin.domain.audit import AUTHENTICATION_METHODS, Activity, AuditEvent, Category, Change, Operation
from badgepin.domain.authentication_strength import BUILT_IN, MOST_CUSTOM, AuthenticationStrength
from badgepin.domain.caller import Call, Standing
from badgepin.domain.errors import Conflict, NotFound, Reason
from badgepin.services.method_policy import require_reader, require_writer
from badgepin.store import audit
from badgepin.store import authentication_strength as store
from badgepin.store.method_policy import lock
from badgepin.store.transaction import Transaction

_BUILT_IN = {strength.id: strength for strength in BUILT_IN}


def check_may_read(tx: Transaction, call: Call) -> None:
    """Raises `NotPermitted` when the caller may not read policies."""
    require_reader(tx, call)


def list_strengths(tx: Transaction, call: Call) -> list[AuthenticationStrength]:
    """All of them, the built-in ones first."""
    require_reader(tx, call)
    return [*BUILT_IN, *store.list_all(tx, call.tenant_id)]


def get_strength(tx: Transaction, call: Call, strength_id: str) -> AuthenticationStrength:
    """One of them. Raises `NotFound`."""
    require_reader(tx, call)
    return _find(tx, call, strength_id)


def create_strength(
    tx: Transaction, call: Call, wanted: Callable[[], AuthenticationStrength]
) -> AuthenticationStrength:
    """Add one. Raises `InvalidValue`, and `Conflict` when there are as many as there may be."""
    standing = require_writer(tx, call)
    strength = wanted()
    lock(tx, call.tenant_id)
    if store.count(tx, call.tenant_id) >= MOST_CUSTOM:
        message = f"There are {MOST_CUSTOM} custom authentication strengths already: delete one first."
        raise Conflict(Reason.VALUE_INVALID, message=message)
    store.insert(tx, call.tenant_id, strength)
    _record(tx, call, standing, Activity.STRENGTH_CREATE, strength)
    return strength


def change_strength(
    tx: Transaction,
    call: Call,
    strength_id: str,
    changed: Callable[[AuthenticationStrength], AuthenticationStrength],
) -> tuple[AuthenticationStrength, AuthenticationStrength]:
    """The one before and the one after. Raises `NotFound`, `InvalidValue`, and `Conflict` for a built-in one."""
    standing = require_writer(tx, call)
    lock(tx, call.tenant_id)
    old = _custom(tx, call, strength_id)
    new = replace(changed(old), modified_at=call.now)
    store.update(tx, call.tenant_id, new)
    changes = tuple(
        Change(field.name, str(getattr(old, field.name)), str(getattr(new, field.name)))
        for field in fields(AuthenticationStrength)
        if field.name != "modified_at" and getattr(old, field.name) != getattr(new, field.name)
    )
    _record(tx, call, standing, Activity.STRENGTH_UPDATE, new, changes)
    return old, new


def delete_strength(tx: Transaction, call: Call, strength_id: str) -> None:
    """Remove one. Raises `NotFound`, and `Conflict` for a built-in one."""
    standing = require_writer(tx, call)
    strength = _custom(tx, call, strength_id)
    if not store.delete(tx, call.tenant_id, strength.id):
        raise NotFound(Reason.OBJECT_NOT_FOUND, id=strength_id)
    _record(tx, call, standing, Activity.STRENGTH_DELETE, strength)


def _find(tx: Transaction, call: Call, strength_id: str) -> AuthenticationStrength:
    wanted = strength_id.lower()
    found = _BUILT_IN.get(wanted) or store.find(tx, call.tenant_id, wanted)
    if found is None:
        raise NotFound(Reason.OBJECT_NOT_FOUND, id=strength_id)
    return found


def _custom(tx: Transaction, call: Call, strength_id: str) -> AuthenticationStrength:
    found = _find(tx, call, strength_id)
    if found.is_built_in:
        message = "A built-in authentication strength cannot be changed or deleted: create one of your own."
        raise Conflict(Reason.VALUE_INVALID, message=message)
    return found


_OPERATIONS = {
    Activity.STRENGTH_CREATE: Operation.ADD,
    Activity.STRENGTH_UPDATE: Operation.UPDATE,
    Activity.STRENGTH_DELETE: Operation.DELETE,
}


def _record(
    tx: Transaction,
    call: Call,
    standing: Standing,
    activity: Activity,
    strength: AuthenticationStrength,
    changes: tuple[Change, ...] = (),
) -> None:
    what = AuditEvent(
        activity=activity,
        category=Category.APPLICATION_MANAGEMENT,
        operation=_OPERATIONS[activity],
        target_kind="Policy",
        target_id=strength.id,
        target_name=strength.display_name,
        service=AUTHENTICATION_METHODS,
        result_reason="Authentication strength",
        changes=changes,
        details=(("AllowedCombinations", "; ".join(strength.allowed_combinations)),),
    )
    audit.append(tx, call, standing, what)
