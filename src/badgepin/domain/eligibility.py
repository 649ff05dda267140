"""May somebody use the method now, and if not: what is in the way?

method switched off ──▶ account disabled ──▶ excluded by name ──▶ excluded through a group ──▶ not included ──▶ may use

The first that applies is the answer, so that whoever clears it away gets further. An exclusion outweighs every
inclusion. Issuing a badge asks nothing of this: an administrator may always register (graph-contract 6.1).
"""

from dataclasses import dataclass
from enum import StrEnum

from badgepin.domain.method_policy import ALL_USERS, MethodPolicy, PolicyState, PolicyTarget, TargetKind


class Obstacle(StrEnum):
    """What keeps somebody from using the method."""

    METHOD_OFF = "methodDisabled"
    ACCOUNT_DISABLED = "accountDisabled"
    EXCLUDED_BY_NAME = "userExcluded"
    EXCLUDED_THROUGH_GROUP = "groupExcluded"
    NOT_INCLUDED = "notIncluded"
    # never the policy's answer: known only where a badge is judged
    NO_PIN = "noPin"


@dataclass(frozen=True)
class MayUse:
    """Nothing is in the way. `is_registration_required`: a target that lets them in asks people to register."""

    is_registration_required: bool = False


@dataclass(frozen=True)
class MayNotUse:
    """What is in the way; `group_id` is the group of the exclusion, or `all_users`."""

    obstacle: Obstacle
    group_id: str | None = None


Eligibility = MayUse | MayNotUse


@dataclass(frozen=True)
class Candidate:
    """Whom the question is about; `group_ids` are all their groups, direct and nested."""

    user_id: str
    is_enabled: bool
    group_ids: frozenset[str] = frozenset()


def eligibility_under(policy: MethodPolicy, candidate: Candidate) -> Eligibility:
    """Whether somebody may use the method under this policy, and if not, the first thing in the way."""
    if policy.state is not PolicyState.ENABLED:
        return MayNotUse(Obstacle.METHOD_OFF)
    if not candidate.is_enabled:
        return MayNotUse(Obstacle.ACCOUNT_DISABLED)
    excluding = [target for target in policy.exclude_targets if _means(target, candidate)]
    if any(target.kind is TargetKind.USER for target in excluding):
        return MayNotUse(Obstacle.EXCLUDED_BY_NAME)
    if excluding:
        return MayNotUse(Obstacle.EXCLUDED_THROUGH_GROUP, excluding[0].id)
    including = [target for target in policy.include_targets if _means(target, candidate)]
    if not including:
        return MayNotUse(Obstacle.NOT_INCLUDED)
    return MayUse(any(target.is_registration_required for target in including))


def _means(target: PolicyTarget, candidate: Candidate) -> bool:
    if target.kind is TargetKind.USER:
        return target.id == candidate.user_id
    return target.id == ALL_USERS or target.id in candidate.group_ids
