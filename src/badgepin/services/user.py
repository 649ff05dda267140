"""The verbs on people."""

from collections.abc import Callable
from dataclasses import fields

from badgepin.domain.audit import Activity, AuditEvent, Category, Change, Operation
from badgepin.domain.caller import Call, Standing
from badgepin.domain.directory_access import DirectoryAction
from badgepin.domain.errors import NotFound, NotPermitted, Reason
from badgepin.domain.user import User, check_user_principal_name
from badgepin.services.standing import check_may, find_standing, require, require_standing
from badgepin.store import audit
from badgepin.store import user as store
from badgepin.store.lock import Lock
from badgepin.store.transaction import Transaction


def find_profile(tx: Transaction, call: Call) -> User | None:
    """The person whom a delegated token is for, or None when the token no longer counts."""
    if call.caller.user_id is None or find_standing(tx, call) is None:
        return None
    return store.find(tx, call.tenant_id, call.caller.user_id)


def get_user(tx: Transaction, call: Call, named: str) -> User:
    """A person by id or user principal name; oneself always, others by right. Raises `NotFound`, `NotPermitted`."""
    standing = require_standing(tx, call)
    user = store.find(tx, call.tenant_id, named)
    if user is not None and user.id == call.caller.user_id:
        return user
    _check_reach(call)
    check_may(call, standing, DirectoryAction.READ_USERS)
    if user is None:
        raise NotFound(Reason.USER_NOT_FOUND, user=named)
    return user


def list_users(  # noqa: PLR0913 - every filter named
    tx: Transaction,
    call: Call,
    *,
    after: str,
    limit: int,
    user_id: str | None = None,
    user_principal_name: str | None = None,
    name_prefix: str | None = None,
) -> list[User]:
    """A page of people, in the order of their ids."""
    require(tx, call, DirectoryAction.READ_USERS)
    return store.list_page(
        tx,
        call.tenant_id,
        after=after,
        limit=limit,
        user_id=user_id,
        user_principal_name=user_principal_name,
        name_prefix=name_prefix,
    )


def count_users(tx: Transaction, call: Call) -> int:
    """How many people there are."""
    require(tx, call, DirectoryAction.READ_USERS)
    return store.count(tx, call.tenant_id)


def create_user(tx: Transaction, call: Call, wanted: Callable[[], User]) -> User:
    """Add a person. Raises `InvalidValue` or `Conflict`."""
    standing = require(tx, call, DirectoryAction.WRITE_USERS)
    user = wanted()
    check_user_principal_name(user.user_principal_name)
    store.insert(tx, call.tenant_id, user)
    audit.append(tx, call, standing, _event(Activity.ADD_USER, Operation.ADD, user))
    return user


def update_user(tx: Transaction, call: Call, named: str, changed: Callable[[User], User]) -> User:
    """Change a person; disabling one ends their tokens at once. Raises `NotFound`, `InvalidValue`, `Conflict`."""
    standing, old = _writable(tx, call, named)
    new = changed(old)
    check_user_principal_name(new.user_principal_name)
    disabled = old.account_enabled and not new.account_enabled
    store.update(tx, call.tenant_id, new, ends_tokens=disabled)
    # values may be personal: the log says which properties changed, and to what only where that decides something
    changes = tuple(
        Change(field.name, str(getattr(old, field.name)), str(getattr(new, field.name)))
        if field.name in {"account_enabled", "user_type"}
        else Change(field.name)
        for field in fields(User)
        if getattr(old, field.name) != getattr(new, field.name)
    )
    activity = Activity.DISABLE_USER if disabled else Activity.UPDATE_USER
    audit.append(tx, call, standing, _event(activity, Operation.UPDATE, new, changes))
    return new


def delete_user(tx: Transaction, call: Call, named: str) -> None:
    """Remove a person with their roles, memberships and method. Raises `NotFound`."""
    standing, user = _writable(tx, call, named)
    if not store.delete(tx, call.tenant_id, user.id):
        raise NotFound(Reason.USER_NOT_FOUND, user=named)
    audit.append(tx, call, standing, _event(Activity.DELETE_USER, Operation.DELETE, user))


def revoke_sign_in_sessions(tx: Transaction, call: Call, named: str) -> None:
    """Make every token of a person worthless; oneself needs no role. Raises `NotFound`."""
    standing = require_standing(tx, call)
    user = store.find(tx, call.tenant_id, named)
    if user is None or user.id != call.caller.user_id:
        standing, user = _writable(tx, call, named)
    store.end_tokens(tx, call.tenant_id, user.id)
    audit.append(tx, call, standing, _event(Activity.REVOKE_SESSIONS, Operation.UPDATE, user))


def _writable(tx: Transaction, call: Call, named: str) -> tuple[Standing, User]:
    standing = require_standing(tx, call)
    _check_reach(call)
    check_may(call, standing, DirectoryAction.WRITE_USERS)
    user = store.find(tx, call.tenant_id, named, lock=Lock.CHANGE)
    if user is None:
        raise NotFound(Reason.USER_NOT_FOUND, user=named)
    if store.grants(tx, call.tenant_id, user.id):
        check_may(call, standing, DirectoryAction.WRITE_ADMINISTRATORS)
    return standing, user


def _check_reach(call: Call) -> None:
    if not call.reaches_others:
        raise NotPermitted(Reason.OTHER_PERSON)


def _event(activity: Activity, operation: Operation, user: User, changes: tuple[Change, ...] = ()) -> AuditEvent:
    return AuditEvent(
        activity=activity,
        category=Category.USER_MANAGEMENT,
        operation=operation,
        target_kind="User",
        target_id=user.id,
        target_name=user.display_name,
        target_user_principal_name=user.user_principal_name,
        changes=changes,
    )
