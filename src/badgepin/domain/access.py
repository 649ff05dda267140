"""Who may act on whom: authentication methods (graph-contract 5.3 to 5.5), their forecast, and tenant policy.

application token            -> allowed (its permission was checked at the door)
delegated, own method        -> allowed; its holder changes nothing of it at the desk, nor as a Badge Manager
delegated, somebody else     -> needs a permission that reaches others, and a role:
    Privileged Authentication Administrator, Global Administrator   everyone
    Authentication Administrator                                    targets whose every role is harmless
    Global Reader                                                   read only
    Badge Manager                                   people without any role, all but choosing their PIN
    the first two in this list and the last, held in an administrative unit    the unit's people without any role
    at the desk, and for a Badge Manager, whoever is out of reach does not exist
"""

from dataclasses import dataclass
from enum import Enum

from badgepin.domain import directory_role as roles
from badgepin.domain.caller import Caller, Standing
from badgepin.domain.errors import Reason


class MethodAction(Enum):
    """What is done to a person's authentication methods."""

    READ = "read"
    WRITE = "write"
    CHANGE_PIN = "change_pin"


@dataclass(frozen=True)
class Target:
    """The person acted on: every role held at any scope, their units, and what makes them an administrator."""

    user_id: str
    roles: frozenset[str] = frozenset()
    units: frozenset[str] = frozenset()
    in_role_assignable_group: bool = False
    role_in_restricted_unit: bool = False

    @property
    def is_harmless(self) -> bool:
        """Every role is one that an Authentication Administrator may act on."""
        return self.roles <= HARMLESS_ROLES and not self.in_role_assignable_group and not self.role_in_restricted_unit

    @property
    def holds_no_role(self) -> bool:
        """Nobody's administrator, at any scope."""
        return not self.roles and not self.in_role_assignable_group and not self.role_in_restricted_unit


@dataclass(frozen=True)
class Allowed:
    """The action may go ahead."""


@dataclass(frozen=True)
class Refused:
    """The action may not go ahead, and why."""

    reason: Reason


Decision = Allowed | Refused
ALLOWED = Allowed()

HARMLESS_ROLES = frozenset(
    {
        roles.AUTHENTICATION_ADMINISTRATOR,
        roles.BADGE_MANAGER,
        roles.DIRECTORY_READERS,
        roles.GUEST_INVITER,
        roles.MESSAGE_CENTER_READER,
        roles.PASSWORD_ADMINISTRATOR,
        roles.REPORTS_READER,
        roles.USER_EXPERIENCE_SUCCESS_MANAGER,
        roles.USAGE_SUMMARY_REPORTS_READER,
    }
)
_EVERYONE = frozenset({roles.PRIVILEGED_AUTHENTICATION_ADMINISTRATOR, roles.GLOBAL_ADMINISTRATOR})
_IN_UNITS = (
    roles.AUTHENTICATION_ADMINISTRATOR,
    roles.PRIVILEGED_AUTHENTICATION_ADMINISTRATOR,
    roles.BADGE_MANAGER,
)
# Global Administrator may read and write like its privileged sibling, but a changed PIN needs one of these two (6.8)
_PIN_CHANGERS = frozenset({roles.AUTHENTICATION_ADMINISTRATOR, roles.PRIVILEGED_AUTHENTICATION_ADMINISTRATOR})
_POLICY_READERS = frozenset(
    {roles.GLOBAL_ADMINISTRATOR, roles.GLOBAL_READER, roles.AUTHENTICATION_POLICY_ADMINISTRATOR}
)
_POLICY_WRITERS = frozenset({roles.GLOBAL_ADMINISTRATOR, roles.AUTHENTICATION_POLICY_ADMINISTRATOR})


def may_act_on_methods(
    caller: Caller,
    standing: Standing,
    action: MethodAction,
    target: Target,
    *,
    reaches_others: bool,
    strict: bool = False,
) -> Decision:
    """May this caller do this to this person's authentication methods?

    `reaches_others`: the token's permission is one for all people (`.All`), not only for the signed-in one (5.1).
    """
    if caller.is_application:
        return Refused(Reason.PERSON_NEEDED) if action is MethodAction.CHANGE_PIN else ALLOWED
    if caller.user_id == target.user_id:
        return _own(caller, standing, action)
    if not reaches_others or (action is MethodAction.CHANGE_PIN and strict):
        return Refused(Reason.OTHER_PERSON)
    acting = _only(standing, _PIN_CHANGERS) if action is MethodAction.CHANGE_PIN else standing
    decision = _by_role(acting, action, target)
    if isinstance(decision, Refused) and _is_hidden(caller, standing, target):
        return Refused(Reason.USER_NOT_FOUND)
    return decision


def _own(caller: Caller, standing: Standing, action: MethodAction) -> Decision:
    looks_after_others = caller.is_at_desk or standing.holds(roles.BADGE_MANAGER)
    if action is not MethodAction.READ and looks_after_others:
        return Refused(Reason.OWN_METHOD)
    return ALLOWED


def _is_hidden(caller: Caller, standing: Standing, target: Target) -> bool:
    # who sees only a store must not learn from refusals who works in another one
    if not (caller.is_at_desk or standing.holds(roles.BADGE_MANAGER)):
        return False
    seen = _by_role(standing, MethodAction.READ, target)
    return isinstance(seen, Refused) and seen.reason is not Reason.TARGET_IS_ADMINISTRATOR


def _by_role(standing: Standing, action: MethodAction, target: Target) -> Decision:
    held = standing.tenant_roles
    if held & _EVERYONE:
        return ALLOWED
    if action is MethodAction.READ and held & {roles.GLOBAL_READER, roles.AUTHENTICATION_ADMINISTRATOR}:
        return ALLOWED
    if roles.AUTHENTICATION_ADMINISTRATOR in held and target.is_harmless:
        return ALLOWED
    shared = bool(_units_shared(standing, target)) or roles.BADGE_MANAGER in held
    if shared and target.holds_no_role:
        return ALLOWED
    if shared or roles.AUTHENTICATION_ADMINISTRATOR in held:
        return Refused(Reason.TARGET_IS_ADMINISTRATOR)
    if any(standing.units_of(role) for role in _IN_UNITS):
        return Refused(Reason.OUTSIDE_UNIT)
    return Refused(Reason.ROLE_MISSING)


def _units_shared(standing: Standing, target: Target) -> frozenset[str]:
    return _units_held(standing) & target.units


def _units_held(standing: Standing) -> frozenset[str]:
    if standing.is_guest and roles.DIRECTORY_READERS not in standing.tenant_roles:
        return frozenset()
    return frozenset[str]().union(*(standing.units_of(role) for role in _IN_UNITS))


def _only(standing: Standing, kept: frozenset[str]) -> Standing:
    grants = frozenset(grant for grant in standing.grants if grant.role_id in kept)
    return Standing(standing.id, standing.display_name, standing.user_principal_name, standing.is_guest, grants)


_FORECAST_READERS = frozenset(
    {
        roles.GLOBAL_ADMINISTRATOR,
        roles.GLOBAL_READER,
        roles.REPORTS_READER,
        roles.SECURITY_READER,
        roles.SECURITY_ADMINISTRATOR,
        *_IN_UNITS,
    }
)


@dataclass(frozen=True)
class Reach:
    """Whose codes a caller sees: everybody's (None) or these units'; `has_roles`: also of people near a role."""

    units: frozenset[str] | None = None
    has_roles: bool = True


def reach_of_forecast(caller: Caller, standing: Standing) -> Reach | Refused:
    """Whose codes may this caller see? Whoever looks after a unit sees whom they may act on there."""
    if caller.is_application or standing.tenant_roles & _FORECAST_READERS:
        return Reach()
    units = _units_held(standing)
    return Reach(units, has_roles=False) if units else Refused(Reason.ROLE_MISSING)


_EVERYBODY_S_READERS = _EVERYONE | {roles.GLOBAL_READER, roles.AUTHENTICATION_ADMINISTRATOR}


def reach_over_people(caller: Caller, standing: Standing) -> Reach | Refused:
    """Whose badges may this caller see? The same people that `may_act_on_methods` lets them read, as a list."""
    if caller.is_application or standing.tenant_roles & _EVERYBODY_S_READERS:
        return Reach()
    if roles.BADGE_MANAGER in standing.tenant_roles:
        return Reach(has_roles=False)
    units = _units_held(standing)
    return Reach(units, has_roles=False) if units else Refused(Reason.ROLE_MISSING)


def acts_on_everybody(caller: Caller, standing: Standing) -> bool:
    """Whether there is nobody whose badges this caller could not end one by one, administrators included."""
    return caller.is_application or bool(standing.tenant_roles & _EVERYONE)


def may_read_policy(caller: Caller, standing: Standing) -> Decision:
    """May this caller read the authentication methods policy? A role held in a unit gives nothing here (5.5)."""
    return _with_any(caller, standing, _POLICY_READERS)


def may_write_policy(caller: Caller, standing: Standing) -> Decision:
    """May this caller change the authentication methods policy?"""
    return _with_any(caller, standing, _POLICY_WRITERS)


def _with_any(caller: Caller, standing: Standing, wanted: frozenset[str]) -> Decision:
    if caller.is_application or standing.tenant_roles & wanted:
        return ALLOWED
    return Refused(Reason.ROLE_MISSING)
