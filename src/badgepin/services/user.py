"""The verbs on people."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace

from badgepin.domain.audit import Activity, AuditEvent, Category, Change, Operation
from badgepin.domain.caller import Call, Standing
from badgepin.domain.directory_access import DirectoryAction
from badgepin.domain.directory_role import GLOBAL_ADMINISTRATOR
from badgepin.domain.errors import InvalidValue, NotFound, NotPermitted, Reason
from badgepin.domain.query import Page, Query
from badgepin.domain.user import User, changed_fields, check_user_principal_name
from badgepin.services.last_administrator import one_stays
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


def list_users(tx: Transaction, call: Call, query: Query) -> Page[User]:
    """A page of people."""
    require(tx, call, DirectoryAction.READ_USERS)
    return store.list_page(tx, call.tenant_id, query)


def count_users(tx: Transaction, call: Call, query: Query) -> int:
    """How many people match."""
    require(tx, call, DirectoryAction.READ_USERS)
    return store.count(tx, call.tenant_id, query)


def create_user(tx: Transaction, call: Call, wanted: Callable[[], User]) -> User:
    """Add a person. Raises `InvalidValue` or `Conflict`."""
    standing = require(tx, call, DirectoryAction.WRITE_USERS)
    user = wanted()
    check_user_principal_name(user.user_principal_name)
    store.insert(tx, call.tenant_id, user)
    audit.append(tx, call, standing, user_event(Activity.ADD_USER, Operation.ADD, user))
    return user


def update_user(tx: Transaction, call: Call, named: str, changed: Callable[[User], User]) -> User:
    """Change a person; disabling one ends their tokens at once. Raises `NotFound`, `InvalidValue`, `Conflict`.

    The last Global Administrator cannot be disabled.
    """
    standing, old = _writable(tx, call, named)
    new = changed(old)
    check_user_principal_name(new.user_principal_name)
    disabled = old.account_enabled and not new.account_enabled
    with _administrator_stays(tx, call, old) if disabled else nullcontext():
        store.update(tx, call.tenant_id, new, ends_tokens=disabled)
    audit.append(tx, call, standing, update_event(old, new))
    return new


def get_manager(tx: Transaction, call: Call, named: str) -> User:
    """Who manages a person. Raises `NotFound`, `NotPermitted`."""
    person = get_user(tx, call, named)
    if person.manager_id is not None and person.manager_id != call.caller.user_id:
        _check_reach(call)
        require(tx, call, DirectoryAction.READ_USERS)
    manager = None if person.manager_id is None else store.find(tx, call.tenant_id, person.manager_id)
    if manager is None:
        raise NotFound(Reason.OBJECT_NOT_FOUND, id="manager")
    return manager


def set_manager(tx: Transaction, call: Call, named: str, manager_id: Callable[[], str | None]) -> None:
    """Say who manages a person; None: nobody. Raises `NotFound`, `InvalidValue`."""
    standing, old = _writable(tx, call, named)
    wanted = manager_id()
    if wanted is not None and store.find(tx, call.tenant_id, wanted, lock=Lock.KEEP) is None:
        raise NotFound(Reason.OBJECT_NOT_FOUND, id=wanted)
    if wanted == old.id:
        raise InvalidValue(Reason.VALUE_INVALID, message="Nobody is their own manager.")
    new = replace(old, manager_id=wanted)
    if new != old:
        store.update(tx, call.tenant_id, new, ends_tokens=False)
        audit.append(tx, call, standing, update_event(old, new))


def list_direct_reports(tx: Transaction, call: Call, named: str, query: Query) -> Page[User]:
    """A page of the people whom somebody manages. Raises `NotFound`, `NotPermitted`."""
    person = get_user(tx, call, named)
    _check_reach(call)
    require(tx, call, DirectoryAction.READ_USERS)
    return store.list_direct_reports(tx, call.tenant_id, person.id, query)


def delete_user(tx: Transaction, call: Call, named: str) -> None:
    """Remove a person with their roles, memberships and method. Raises `NotFound`; `Conflict` as `update_user`."""
    standing, user = _writable(tx, call, named)
    with _administrator_stays(tx, call, user):
        if not store.delete(tx, call.tenant_id, user.id):
            raise NotFound(Reason.USER_NOT_FOUND, user=named)
    audit.append(tx, call, standing, user_event(Activity.DELETE_USER, Operation.DELETE, user))


def revoke_sign_in_sessions(tx: Transaction, call: Call, named: str) -> None:
    """Make every token of a person worthless; oneself needs no role. Raises `NotFound`."""
    standing = require_standing(tx, call)
    user = store.find(tx, call.tenant_id, named)
    if user is None or user.id != call.caller.user_id:
        standing, user = _writable(tx, call, named)
    store.end_tokens(tx, call.tenant_id, user.id)
    audit.append(tx, call, standing, user_event(Activity.REVOKE_SESSIONS, Operation.UPDATE, user))


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


def _administrator_stays(tx: Transaction, call: Call, user: User) -> AbstractContextManager[None]:
    held = store.grants(tx, call.tenant_id, user.id)
    return one_stays(tx, call) if any(grant.role_id == GLOBAL_ADMINISTRATOR for grant in held) else nullcontext()


def _check_reach(call: Call) -> None:
    if not call.reaches_others:
        raise NotPermitted(Reason.OTHER_PERSON)


def update_event(old: User, new: User) -> AuditEvent:
    """What the log says of a person who was changed.

    Values may be personal: the log says which properties changed, and to what only where that decides something.
    """
    changes = tuple(
        Change(name, str(getattr(old, name)), str(getattr(new, name)))
        if name in {"account_enabled", "user_type"}
        else Change(name)
        for name in changed_fields(old, new)
    )
    disabled = old.account_enabled and not new.account_enabled
    return user_event(Activity.DISABLE_USER if disabled else Activity.UPDATE_USER, Operation.UPDATE, new, changes)


def user_event(activity: Activity, operation: Operation, user: User, changes: tuple[Change, ...] = ()) -> AuditEvent:
    """What the log says of a change of a person."""
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
