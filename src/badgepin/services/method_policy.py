"""Reading and changing the authentication methods policy. A change acts at once."""

from collections.abc import Callable
from dataclasses import fields

from badgepin.domain.access import Refused, may_read_policy, may_write_policy
from badgepin.domain.audit import AUTHENTICATION_METHODS, Activity, AuditEvent, Category, Change, Operation
from badgepin.domain.caller import Call, Standing
from badgepin.domain.errors import NotPermitted
from badgepin.domain.method_policy import MethodPolicy, check_policy
from badgepin.services.standing import require_standing
from badgepin.store import audit
from badgepin.store import method_policy as store
from badgepin.store.transaction import Transaction

TARGET = "QRCodePin"


def read_policy(tx: Transaction, call: Call) -> MethodPolicy:
    """The policy in force. Raises `NotPermitted`."""
    require_reader(tx, call)
    return store.get(tx, call.tenant_id)


def change_policy(tx: Transaction, call: Call, changed: Callable[[MethodPolicy], MethodPolicy]) -> MethodPolicy:
    """Change the policy; `changed` makes the new one of the old. Raises `NotPermitted` or `InvalidValue`."""
    return _change(tx, call, changed, Activity.POLICY_UPDATE, Operation.UPDATE)


def reset_policy(tx: Transaction, call: Call) -> MethodPolicy:
    """Back to the defaults; the registration campaign is not part of the method's configuration and stays."""
    return _change(
        tx,
        call,
        lambda old: MethodPolicy(registration_enforcement=old.registration_enforcement),
        Activity.POLICY_RESET,
        Operation.DELETE,
    )


def _change(
    tx: Transaction,
    call: Call,
    changed: Callable[[MethodPolicy], MethodPolicy],
    activity: Activity,
    operation: Operation,
) -> MethodPolicy:
    standing = require_writer(tx, call)
    store.lock(tx, call.tenant_id)
    old = store.get(tx, call.tenant_id)
    new = changed(old)
    check_policy(new)
    store.save(tx, call.tenant_id, new, call.now)
    changes = tuple(
        Change(field.name, str(getattr(old, field.name)), str(getattr(new, field.name)))
        for field in fields(MethodPolicy)
        if getattr(old, field.name) != getattr(new, field.name)
    )
    what = AuditEvent(
        activity=activity,
        category=Category.APPLICATION_MANAGEMENT,
        operation=operation,
        target_kind="Policy",
        target_id=TARGET,
        target_name="Authentication Methods Policy",
        service=AUTHENTICATION_METHODS,
        result_reason="QR code authentication method",
        changes=changes,
    )
    audit.append(tx, call, standing, what)
    return new


def require_reader(tx: Transaction, call: Call) -> None:
    """Raises `NotPermitted` when the caller may not read policies."""
    decision = may_read_policy(call.caller, require_standing(tx, call))
    if isinstance(decision, Refused):
        raise NotPermitted(decision.reason)


def require_writer(tx: Transaction, call: Call) -> Standing:
    """The caller's standing, once it may change policies. Raises `NotPermitted`."""
    standing = require_standing(tx, call)
    decision = may_write_policy(call.caller, standing)
    if isinstance(decision, Refused):
        raise NotPermitted(decision.reason)
    return standing
