"""The tenant's policy for the method: its state, PIN length, code lifetime and targets (graph-contract 7)."""

from dataclasses import dataclass, field
from enum import StrEnum

from badgepin.domain.errors import InvalidValue, Reason
from badgepin.domain.ids import canonical_guid
from badgepin.domain.pin import LONGEST, SHORTEST

ALL_USERS = "all_users"
MOST_DAYS = 395
_MOST_TARGETS = 100


class PolicyState(StrEnum):
    """Whether anybody may use the method."""

    ENABLED = "enabled"
    DISABLED = "disabled"


class TargetKind(StrEnum):
    """What a target names."""

    USER = "user"
    GROUP = "group"


@dataclass(frozen=True)
class PolicyTarget:
    """A user or group that the policy includes or excludes; `all_users` is a group of everybody."""

    id: str
    kind: TargetKind
    is_registration_required: bool = False


@dataclass(frozen=True)
class MethodPolicy:
    """The policy in force; a new tenant has these defaults."""

    state: PolicyState = PolicyState.DISABLED
    pin_length: int = 8
    standard_lifetime_days: int = 365
    include_targets: tuple[PolicyTarget, ...] = field(default=(PolicyTarget(ALL_USERS, TargetKind.GROUP),))
    exclude_targets: tuple[PolicyTarget, ...] = ()
    registration_enforcement: str | None = None


def names_groups(policy: MethodPolicy) -> bool:
    """Whether it takes a look at somebody's groups to know what the policy says about them."""
    targets = (*policy.include_targets, *policy.exclude_targets)
    return any(target.kind is TargetKind.GROUP and target.id != ALL_USERS for target in targets)


def check_policy(policy: MethodPolicy) -> None:
    """Raises `InvalidValue` when a value is out of range or a target cannot be one."""
    if not SHORTEST <= policy.pin_length <= LONGEST:
        raise _invalid(f"'pinLength' must be {SHORTEST} to {LONGEST}.")
    if not 1 <= policy.standard_lifetime_days <= MOST_DAYS:
        raise _invalid(f"'standardQRCodeLifetimeInDays' must be 1 to {MOST_DAYS}.")
    for targets in (policy.include_targets, policy.exclude_targets):
        if len(targets) > _MOST_TARGETS:
            raise _invalid(f"At most {_MOST_TARGETS} targets can be named.")
        for target in targets:
            if target.id != ALL_USERS and canonical_guid(target.id) is None:
                raise _invalid("The 'id' of a target must be a GUID or 'all_users'.")
            if target.id == ALL_USERS and target.kind is not TargetKind.GROUP:
                raise _invalid("'all_users' is a group.")


def _invalid(message: str) -> InvalidValue:
    return InvalidValue(Reason.VALUE_INVALID, message=message)
