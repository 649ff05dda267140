"""The vocabulary of the audit log (graph-contract 11): one event per change, complete enough to be chained later."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from badgepin.domain.filter import Field, Kind


class Activity(StrEnum):
    """`activityDisplayName` as Graph's audit log spells it."""

    ADMIN_REGISTERED = "Admin registered security info"
    USER_REGISTERED = "User registered security info"
    ADMIN_UPDATED = "Admin updated security info"
    USER_UPDATED = "User updated security info"
    ADMIN_DELETED = "Admin deleted security info"
    USER_DELETED = "User deleted security info"
    POLICY_UPDATE = "Authentication Methods Policy Update"
    POLICY_RESET = "Authentication Methods Policy Reset"
    STRENGTH_CREATE = "Authentication Strength Policy Create"
    STRENGTH_UPDATE = "Authentication Strength Policy Update"
    STRENGTH_DELETE = "Authentication Strength Policy Delete"
    ADD_USER = "Add user"
    UPDATE_USER = "Update user"
    DELETE_USER = "Delete user"
    DISABLE_USER = "Disable account"
    REVOKE_SESSIONS = "Revoke sign in sessions"
    ADD_GROUP = "Add group"
    UPDATE_GROUP = "Update group"
    DELETE_GROUP = "Delete group"
    ADD_GROUP_MEMBER = "Add member to group"
    REMOVE_GROUP_MEMBER = "Remove member from group"
    ADD_GROUP_OWNER = "Add owner to group"
    REMOVE_GROUP_OWNER = "Remove owner from group"
    ADD_UNIT = "Add administrative unit"
    UPDATE_UNIT = "Update administrative unit"
    DELETE_UNIT = "Delete administrative unit"
    ADD_UNIT_MEMBER = "Add member to administrative unit"
    REMOVE_UNIT_MEMBER = "Remove member from administrative unit"
    ADD_ROLE_MEMBER = "Add member to role"
    REMOVE_ROLE_MEMBER = "Remove member from role"
    ADD_SCOPED_ROLE_MEMBER = "Add scoped member to role"
    REMOVE_SCOPED_ROLE_MEMBER = "Remove scoped member from role"
    ADD_APPLICATION = "Add application"
    UPDATE_APPLICATION = "Update application"
    DELETE_APPLICATION = "Delete application"
    UPDATE_CREDENTIALS = "Update application – Certificates and secrets management"  # noqa: RUF001 - the dash is Microsoft's
    ADD_APPLICATION_PERMISSION = "Add app role assignment to service principal"
    REMOVE_APPLICATION_PERMISSION = "Remove app role assignment from service principal"
    ADD_DELEGATED_GRANT = "Add delegated permission grant"
    UPDATE_DELEGATED_GRANT = "Update delegated permission grant"
    REMOVE_DELEGATED_GRANT = "Remove delegated permission grant"
    ADD_TENANT = "Add tenant"
    START_IMPORT = "Start import of people"
    FINISH_IMPORT = "Finish import of people"
    UNDO_IMPORT = "Undo import of people"
    PIN_CHECK_FAILED = "User failed to change security info"
    PIN_DISABLED = "User blocked from security info"
    UNLOCK_PIN = "Admin unlocked security info"
    SIGN_IN = "Sign-in activity"
    SIGN_OUT = "User signed out"
    PROVE_AGAIN = "User proved identity again"
    INVITE = "Invite person to the desk"
    WITHDRAW_INVITATION = "Withdraw invitation to the desk"
    ISSUE_MANY = "Issue QR codes to many users"
    FETCH_MANY = "Download QR codes of many users"
    HAND_OUT_MANY = "Hand out QR codes of many users"
    BADGE_TOOK_OVER = "New badge took over"
    DUAL_CONTROL = "Dual control alert"
    UNLOCKED_OFTEN = "Repeated unlock alert"
    REVOKE_MANY = "Revoke QR codes of many users"
    PURGE_LOG = "Purge audit log"
    RESTORE = "Restore from backup"


ALERTS = (Activity.DUAL_CONTROL, Activity.UNLOCKED_OFTEN)
"""What a manager or administrator should look at, though nothing was refused."""


class Category(StrEnum):
    """`category` of an activity."""

    USER_MANAGEMENT = "UserManagement"
    GROUP_MANAGEMENT = "GroupManagement"
    ROLE_MANAGEMENT = "RoleManagement"
    APPLICATION_MANAGEMENT = "ApplicationManagement"
    ADMINISTRATIVE_UNIT = "AdministrativeUnit"
    DIRECTORY_MANAGEMENT = "DirectoryManagement"
    SIGN_IN = "SignIn"


class Operation(StrEnum):
    """`operationType` of an activity."""

    ADD = "Add"
    ASSIGN = "Assign"
    UPDATE = "Update"
    UNASSIGN = "Unassign"
    DELETE = "Delete"
    SIGN_IN = "Sign-in"


AUTHENTICATION_METHODS = "Authentication Methods"
CORE_DIRECTORY = "Core Directory"


@dataclass(frozen=True)
class Change:
    """One property that changed; values are public text, never a secret."""

    name: str
    old: str | None = None
    new: str | None = None


@dataclass(frozen=True)
class AuditEvent:
    """What happened to what. Who did it and when come from the call.

    `target_name` and `target_user_principal_name` are personal data and are kept apart from the rest.
    `handle`: the four characters that a refused worker reads and a manager looks up.
    """

    activity: Activity
    category: Category
    operation: Operation
    target_kind: str
    target_id: str
    target_name: str = ""
    target_user_principal_name: str = ""
    service: str = CORE_DIRECTORY
    result: str = "success"
    result_reason: str = ""
    changes: tuple[Change, ...] = ()
    details: tuple[tuple[str, str], ...] = ()
    handle: str | None = None


@dataclass(frozen=True)
class RecordedEvent:
    """An event as it is kept: `facts` without personal data, `personal` with names and addresses (None once erased)."""

    id: str
    occurred_at: datetime
    activity: str
    category: str
    service: str
    operation: str
    result: str
    result_reason: str
    correlation_id: str
    actor_kind: str
    actor_id: str
    target_kind: str
    target_id: str
    facts: Mapping[str, Sequence[Sequence[str | None]] | str]
    personal: Mapping[str, str] | None
    handle: str | None


OCCURRED_AT = Field("occurred_at", Kind.INSTANT)
"""When events happened, the newest first: the order everybody expects of a log."""
