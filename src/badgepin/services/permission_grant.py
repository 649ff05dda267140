"""What applications may do, for themselves and for people: granted and taken back by administrators.

Being allowed to register applications is not being allowed to empower them: that has permissions of its own.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from badgepin.crypto.randomness import new_guid
from badgepin.domain.application import Application, DelegatedGrant, PermissionGrant
from badgepin.domain.audit import Activity, AuditEvent, Category, Operation
from badgepin.domain.caller import Call, Standing
from badgepin.domain.directory_access import DirectoryAction
from badgepin.domain.errors import Conflict, InvalidValue, NotFound, Reason
from badgepin.domain.permission import BY_VALUE, is_application_permission
from badgepin.domain.query import Page, Query
from badgepin.services.application import find_application
from badgepin.services.standing import require
from badgepin.store import application as applications
from badgepin.store import audit
from badgepin.store import permission_grant as store
from badgepin.store import user as users
from badgepin.store.transaction import Transaction


@dataclass(frozen=True)
class WantedDelegation:
    """Scopes for one person (`user_id`) or everybody (None)."""

    application: str
    user_id: str | None
    scopes: frozenset[str]


def list_permissions(tx: Transaction, call: Call, named: str) -> tuple[Application, list[PermissionGrant]]:
    """The permissions an application holds for itself. Raises `NotFound`."""
    require(tx, call, DirectoryAction.READ_APPLICATIONS)
    application = find_application(tx, call, named)
    return application, store.list_of(tx, call.tenant_id, application.id)


def grant_permission(
    tx: Transaction, call: Call, named: str, permission: Callable[[], str]
) -> tuple[Application, PermissionGrant]:
    """Grant a permission by its value. Raises `NotFound`, `InvalidValue`, `Conflict`."""
    standing = require(tx, call, DirectoryAction.GRANT_PERMISSIONS)
    application = find_application(tx, call, named)
    value = permission()
    if not is_application_permission(value):
        raise InvalidValue(Reason.VALUE_INVALID, message=f"'{value[:80]}' is not a permission an application can hold.")
    grant = PermissionGrant(new_guid(), value, call.now)
    if not store.insert(tx, call.tenant_id, application.id, grant):
        raise Conflict(Reason.VALUE_INVALID, message="Permission being assigned already exists on the object.")
    _record(tx, call, standing, application, Activity.ADD_APPLICATION_PERMISSION, Operation.ASSIGN, value)
    return application, grant


def revoke_permission(tx: Transaction, call: Call, named: str, grant_id: str) -> None:
    """Take a permission back; tokens issued before end. Raises `NotFound`."""
    standing = require(tx, call, DirectoryAction.GRANT_PERMISSIONS)
    application = find_application(tx, call, named)
    if not store.delete(tx, call.tenant_id, application.id, grant_id.lower()):
        raise NotFound(Reason.OBJECT_NOT_FOUND, id=grant_id)
    applications.end_tokens(tx, call.tenant_id, application.id)
    _record(tx, call, standing, application, Activity.REMOVE_APPLICATION_PERMISSION, Operation.UNASSIGN, grant_id)


def list_delegations(tx: Transaction, call: Call, query: Query) -> Page[tuple[DelegatedGrant, str]]:
    """A page of delegated grants, each with its application's service principal."""
    require(tx, call, DirectoryAction.READ_APPLICATIONS)
    return store.list_delegated(tx, call.tenant_id, query)


def get_delegation(tx: Transaction, call: Call, grant_id: str) -> tuple[DelegatedGrant, Application]:
    """One delegated grant. Raises `NotFound`."""
    require(tx, call, DirectoryAction.READ_APPLICATIONS)
    grant = _get(tx, call, grant_id)
    return grant, find_application(tx, call, grant.application_id)


def grant_delegation(
    tx: Transaction, call: Call, wanted: Callable[[], WantedDelegation]
) -> tuple[DelegatedGrant, Application]:
    """Let an application use scopes for people. Raises `NotFound`, `InvalidValue`, `Conflict`."""
    standing = require(tx, call, DirectoryAction.GRANT_PERMISSIONS)
    asked = wanted()
    application = find_application(tx, call, asked.application)
    _check_scopes(asked.scopes)
    if asked.user_id is not None and users.find(tx, call.tenant_id, asked.user_id) is None:
        raise NotFound(Reason.OBJECT_NOT_FOUND, id=asked.user_id)
    grant = DelegatedGrant(new_guid(), application.id, asked.user_id, asked.scopes, call.now)
    if not store.insert_delegated(tx, call.tenant_id, grant):
        raise Conflict(Reason.VALUE_INVALID, message="A grant for this application and person exists: change that one.")
    scopes = " ".join(sorted(grant.scopes))
    _record(tx, call, standing, application, Activity.ADD_DELEGATED_GRANT, Operation.ASSIGN, scopes)
    return grant, application


def change_delegation(tx: Transaction, call: Call, grant_id: str, scopes: Callable[[], frozenset[str]]) -> None:
    """Change the scopes of a grant; losing one ends the tokens issued before. Raises `NotFound`, `InvalidValue`."""
    standing = require(tx, call, DirectoryAction.GRANT_PERMISSIONS)
    old = _get(tx, call, grant_id)
    new = replace(old, scopes=scopes())
    _check_scopes(new.scopes)
    store.update_delegated(tx, call.tenant_id, new)
    application = find_application(tx, call, old.application_id)
    if not old.scopes <= new.scopes:
        applications.end_tokens(tx, call.tenant_id, application.id)
    _record(
        tx,
        call,
        standing,
        application,
        Activity.UPDATE_DELEGATED_GRANT,
        Operation.UPDATE,
        " ".join(sorted(new.scopes)),
    )


def revoke_delegation(tx: Transaction, call: Call, grant_id: str) -> None:
    """Take a delegated grant back; tokens issued before end. Raises `NotFound`."""
    standing = require(tx, call, DirectoryAction.GRANT_PERMISSIONS)
    grant = _get(tx, call, grant_id)
    application = find_application(tx, call, grant.application_id)
    store.delete_delegated(tx, call.tenant_id, grant.id)
    applications.end_tokens(tx, call.tenant_id, application.id)
    scopes = " ".join(sorted(grant.scopes))
    _record(tx, call, standing, application, Activity.REMOVE_DELEGATED_GRANT, Operation.UNASSIGN, scopes)


def _get(tx: Transaction, call: Call, grant_id: str) -> DelegatedGrant:
    grant = store.find_delegated(tx, call.tenant_id, grant_id.lower())
    if grant is None:
        raise NotFound(Reason.OBJECT_NOT_FOUND, id=grant_id)
    return grant


def _check_scopes(scopes: frozenset[str]) -> None:
    unknown = {scope for scope in scopes if scope not in BY_VALUE and scope not in _OPENID}
    if unknown:
        raise InvalidValue(Reason.VALUE_INVALID, message=f"'{min(unknown)[:80]}' is not a permission of this service.")


_OPENID = frozenset({"openid", "profile", "email", "offline_access"})


def _record(  # noqa: PLR0913 - what an event needs, each named
    tx: Transaction,
    call: Call,
    standing: Standing,
    application: Application,
    activity: Activity,
    operation: Operation,
    permission: str,
) -> None:
    event = AuditEvent(
        activity=activity,
        category=Category.APPLICATION_MANAGEMENT,
        operation=operation,
        target_kind="ServicePrincipal",
        target_id=application.service_principal_id,
        target_name=application.display_name,
        details=(("AppId", application.client_id), ("Permission", permission)),
    )
    audit.append(tx, call, standing, event)
