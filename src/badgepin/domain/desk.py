"""Who may come to the desk, how long they stay there, and who may invite whom or take passkeys away.

invited ──registers a passkey──▶ known ──proves it──▶ at the desk ──idle, over, signed out, role or passkey gone──▶ away
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from badgepin.domain import directory_role as roles
from badgepin.domain.access import ALLOWED, Decision, Refused, Target
from badgepin.domain.caller import Caller, RoleGrant, Standing
from badgepin.domain.errors import Reason
from badgepin.domain.tenant import COMMAND_LINE_CLIENT

INVITATION_LIFE = timedelta(hours=24)
"""How long an invitation can be taken up."""
CHALLENGE_LIFE = timedelta(seconds=120)
"""How long a passkey may take to answer."""
FRESH = timedelta(minutes=15)
"""How long ago somebody may have proven who they are for what matters most (security design 12.3)."""
SEEN_STEP = timedelta(seconds=60)
"""Use is noted once a minute: writing it for every request would make reading a write."""
LONGEST_LABEL = 64

DESK_ROLES = frozenset(
    {
        roles.GLOBAL_ADMINISTRATOR,
        roles.GLOBAL_READER,
        roles.AUTHENTICATION_ADMINISTRATOR,
        roles.PRIVILEGED_AUTHENTICATION_ADMINISTRATOR,
        roles.AUTHENTICATION_POLICY_ADMINISTRATOR,
        roles.PRIVILEGED_ROLE_ADMINISTRATOR,
        roles.USER_ADMINISTRATOR,
        roles.REPORTS_READER,
        roles.SECURITY_READER,
        roles.SECURITY_ADMINISTRATOR,
        roles.APPLICATION_ADMINISTRATOR,
        roles.CLOUD_APPLICATION_ADMINISTRATOR,
        roles.BADGE_MANAGER,
    }
)
"""Whoever holds one of these, anywhere, may sign in to the desk."""

DESK_SCOPES = frozenset(
    {
        "UserAuthenticationMethod.ReadWrite.All",
        "UserAuthMethod-QR.ReadWrite.All",
        "Policy.ReadWrite.AuthenticationMethod",
        "User.Read.All",
        "User.ReadWrite.All",
        "Group.Read.All",
        "Group.ReadWrite.All",
        "AdministrativeUnit.Read.All",
        "AdministrativeUnit.ReadWrite.All",
        "RoleManagement.ReadWrite.Directory",
        "Application.ReadWrite.All",
        "AppRoleAssignment.ReadWrite.All",
        "DelegatedPermissionGrant.ReadWrite.All",
        "AuditLog.Read.All",
    }
)
"""What the desk as an application may ask for; what its person may do is decided by their roles."""

INVITERS_OF_ALL = frozenset({roles.GLOBAL_ADMINISTRATOR, roles.PRIVILEGED_AUTHENTICATION_ADMINISTRATOR})
"""Whoever holds one of these for the tenant invites everybody but themselves."""


class DeskDenial(StrEnum):
    """Why somebody who proved their passkey is not let in."""

    ACCOUNT_DISABLED = "accountDisabled"
    NO_DESK_ROLE = "noDeskRole"
    PASSKEY_COPIED = "passkeyCopied"


@dataclass(frozen=True)
class DeskRules:
    """How long a session lives without use, and at the longest."""

    idle: timedelta = timedelta(minutes=30)
    overall: timedelta = timedelta(hours=12)


@dataclass(frozen=True)
class Passkey:
    """A key that a person's device keeps; only its public half is here (COSE)."""

    id: str
    user_id: str
    credential_id: bytes
    public_key: bytes = field(repr=False)
    sign_count: int
    transports: tuple[str, ...]
    aaguid: str
    backed_up: bool
    label: str
    created_at: datetime
    last_used_at: datetime | None = None


@dataclass(frozen=True)
class Invitation:
    """A link that lets one person register one passkey, once."""

    id: str
    user_id: str
    created_at: datetime
    created_by: str
    expires_at: datetime


@dataclass(frozen=True)
class DeskPersonNow:
    """A person as far as the desk asks: who they are, and what decides whether they may come."""

    id: str
    user_principal_name: str
    display_name: str
    is_enabled: bool
    token_generation: int
    grants: frozenset[RoleGrant]

    @property
    def denial(self) -> DeskDenial | None:
        """What keeps them from the desk."""
        if not self.is_enabled:
            return DeskDenial.ACCOUNT_DISABLED
        return None if may_use_desk(self.grants) else DeskDenial.NO_DESK_ROLE


@dataclass(frozen=True)
class DeskSession:
    """A person at the desk; `proven_at` is when their passkey last proved that it is them."""

    id: str
    person: DeskPersonNow
    passkey_id: str
    client_generation: int
    signed_in_at: datetime
    proven_at: datetime
    last_seen_at: datetime
    expires_at: datetime

    def lives(self, rules: DeskRules, now: datetime) -> bool:
        """Whether it counts: in use, and its person may still be at the desk."""
        return now < self.last_seen_at + rules.idle and self.person.denial is None


def may_use_desk(grants: frozenset[RoleGrant]) -> bool:
    """Whether somebody with these roles may sign in to the desk."""
    return any(grant.role_id in DESK_ROLES for grant in grants)


def is_fresh(caller: Caller, now: datetime) -> bool:
    """Whether a caller at the desk proved who they are a short time ago; everybody else needs no passkey."""
    return not caller.is_at_desk or (caller.proven_at is not None and now < caller.proven_at + FRESH)


def is_count_behind(kept: int, reported: int) -> bool:
    """Whether a passkey says it was used less often than we know: then there are two of it (WebAuthn 6.1.1)."""
    return (kept > 0 or reported > 0) and reported <= kept


def may_invite(caller: Caller, standing: Standing, target: Target) -> Decision:
    """May this caller give this person a way to the desk? Whoever may could sign in as them."""
    if caller.is_application:
        # an application's token could otherwise make itself an administrator
        return ALLOWED if caller.client_id == COMMAND_LINE_CLIENT else Refused(Reason.PERSON_NEEDED)
    if caller.user_id == target.user_id:
        return Refused(Reason.OWN_METHOD)
    if standing.tenant_roles & INVITERS_OF_ALL:
        return ALLOWED
    if roles.AUTHENTICATION_ADMINISTRATOR not in standing.tenant_roles:
        return Refused(Reason.ROLE_MISSING)
    only_manages = target.roles == {roles.BADGE_MANAGER}
    if only_manages and not (target.in_role_assignable_group or target.role_in_restricted_unit):
        return ALLOWED
    return Refused(Reason.TARGET_IS_ADMINISTRATOR)


def may_remove_passkey(caller: Caller, standing: Standing, target: Target, *, reaches_others: bool) -> Decision:
    """May this caller take a person's passkey away? One's own always, even the last one."""
    if caller.is_application or caller.user_id == target.user_id:
        return ALLOWED
    return may_invite(caller, standing, target) if reaches_others else Refused(Reason.OTHER_PERSON)
