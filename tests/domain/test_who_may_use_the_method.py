"""Policy, account and groups in every combination: the first thing in the way is the answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from badgepin.domain.eligibility import Candidate, MayNotUse, MayUse, Obstacle, eligibility_under
from badgepin.domain.method_policy import ALL_USERS, MethodPolicy, PolicyState, PolicyTarget, TargetKind

ADA, BEN, COOKS, CONTRACTORS = "ada", "ben", "cooks", "contractors"
USER, GROUP = TargetKind.USER, TargetKind.GROUP
EVERYBODY = PolicyTarget(ALL_USERS, GROUP)


def _policy(
    *, include: tuple[PolicyTarget, ...] = (EVERYBODY,), exclude: tuple[PolicyTarget, ...] = ()
) -> MethodPolicy:
    return MethodPolicy(PolicyState.ENABLED, include_targets=include, exclude_targets=exclude)


@pytest.mark.parametrize(
    ("policy", "candidate", "expected"),
    [
        (MethodPolicy(), Candidate(ADA, is_enabled=True), MayNotUse(Obstacle.METHOD_OFF)),
        (MethodPolicy(), Candidate(ADA, is_enabled=False), MayNotUse(Obstacle.METHOD_OFF)),
        (_policy(), Candidate(ADA, is_enabled=False), MayNotUse(Obstacle.ACCOUNT_DISABLED)),
        (_policy(), Candidate(ADA, is_enabled=True), MayUse()),
        (
            _policy(exclude=(PolicyTarget(ADA, USER),)),
            Candidate(ADA, is_enabled=True),
            MayNotUse(Obstacle.EXCLUDED_BY_NAME),
        ),
        (_policy(exclude=(PolicyTarget(BEN, USER),)), Candidate(ADA, is_enabled=True), MayUse()),
        (
            _policy(exclude=(PolicyTarget(CONTRACTORS, GROUP), PolicyTarget(ADA, USER))),
            Candidate(ADA, is_enabled=True, group_ids=frozenset({CONTRACTORS})),
            MayNotUse(Obstacle.EXCLUDED_BY_NAME),
        ),
        (
            _policy(include=(PolicyTarget(ADA, USER),), exclude=(PolicyTarget(CONTRACTORS, GROUP),)),
            Candidate(ADA, is_enabled=True, group_ids=frozenset({COOKS, CONTRACTORS})),
            MayNotUse(Obstacle.EXCLUDED_THROUGH_GROUP, CONTRACTORS),
        ),
        (
            _policy(exclude=(EVERYBODY,)),
            Candidate(ADA, is_enabled=True),
            MayNotUse(Obstacle.EXCLUDED_THROUGH_GROUP, ALL_USERS),
        ),
        (_policy(include=()), Candidate(ADA, is_enabled=True), MayNotUse(Obstacle.NOT_INCLUDED)),
        (
            _policy(include=(PolicyTarget(BEN, USER), PolicyTarget(COOKS, GROUP))),
            Candidate(ADA, is_enabled=True, group_ids=frozenset({CONTRACTORS})),
            MayNotUse(Obstacle.NOT_INCLUDED),
        ),
        (
            _policy(include=(PolicyTarget(COOKS, GROUP),)),
            Candidate(ADA, is_enabled=True, group_ids=frozenset({COOKS})),
            MayUse(),
        ),
        (
            _policy(include=(EVERYBODY, PolicyTarget(COOKS, GROUP, is_registration_required=True))),
            Candidate(ADA, is_enabled=True, group_ids=frozenset({COOKS})),
            MayUse(is_registration_required=True),
        ),
        (
            _policy(include=(EVERYBODY, PolicyTarget(COOKS, GROUP, is_registration_required=True))),
            Candidate(ADA, is_enabled=True),
            MayUse(),
        ),
        # a person's id is not a group's
        (_policy(exclude=(PolicyTarget(ADA, GROUP),)), Candidate(ADA, is_enabled=True), MayUse()),
        (
            _policy(exclude=(PolicyTarget(COOKS, USER),)),
            Candidate(ADA, is_enabled=True, group_ids=frozenset({COOKS})),
            MayUse(),
        ),
    ],
)
def test_the_first_thing_in_the_way_is_the_answer(
    policy: MethodPolicy, candidate: Candidate, expected: MayUse | MayNotUse
) -> None:
    assert eligibility_under(policy, candidate) == expected


_targets = st.lists(
    st.builds(
        PolicyTarget,
        st.sampled_from([ADA, BEN, COOKS, CONTRACTORS, ALL_USERS]),
        st.sampled_from(TargetKind),
        st.booleans(),
    ),
    max_size=4,
).map(tuple)


@given(st.sampled_from(PolicyState), _targets, _targets, st.booleans(), st.frozensets(st.sampled_from([COOKS, BEN])))
def test_an_exclusion_outweighs_everything_and_registration_decides_nothing(
    state: PolicyState,
    include: tuple[PolicyTarget, ...],
    exclude: tuple[PolicyTarget, ...],
    enabled: bool,
    groups: frozenset[str],
) -> None:
    policy = MethodPolicy(state, include_targets=include, exclude_targets=exclude)
    names = {(USER, ADA), (GROUP, ALL_USERS), *((GROUP, group) for group in groups)}
    included = any((target.kind, target.id) in names for target in include)
    excluded = any((target.kind, target.id) in names for target in exclude)
    expected = state is PolicyState.ENABLED and enabled and included and not excluded
    judged = eligibility_under(policy, Candidate(ADA, enabled, groups))
    assert isinstance(judged, MayUse) == expected
