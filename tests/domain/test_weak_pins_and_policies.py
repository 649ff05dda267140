"""Which weaknesses a new PIN has, by name; and which values a policy may hold."""

from dataclasses import replace

import pytest

from badgepin.domain.errors import InvalidValue
from badgepin.domain.method_policy import ALL_USERS, MethodPolicy, PolicyTarget, TargetKind, check_policy, names_groups
from badgepin.domain.pin import Weakness, weaknesses

GROUP = PolicyTarget("6f1c1a52-6a0e-4c2c-9d53-0d7c6a2f7b11", TargetKind.GROUP)
PERSON = PolicyTarget("0b7a3c1e-5d2f-4a8e-8f60-1c9d2e3f4a5b", TargetKind.USER)


@pytest.mark.parametrize(
    ("pin", "minimum", "found"),
    [
        ("90417263", 8, set()),
        ("90417263", 9, {Weakness.LENGTH}),
        ("9041726", 8, {Weakness.LENGTH}),
        ("90417263904172639041", 8, set()),
        ("904172639041726390417", 8, {Weakness.LENGTH}),
        ("19800229", 8, {Weakness.DATE}),
        ("29021980", 8, {Weakness.DATE}),
        ("02291980", 8, {Weakness.DATE}),
        ("19810229", 8, set()),
        ("23456789", 8, {Weakness.RUN}),
        ("98765432", 8, {Weakness.RUN}),
        ("25802580", 8, {Weakness.PATTERN}),
    ],
)
def test_every_weakness_is_named(pin: str, minimum: int, found: set[Weakness]) -> None:
    assert set(weaknesses(pin, minimum=minimum, known=())) == found


@pytest.mark.parametrize(
    ("known", "is_found"),
    [
        ("+49 9041-7263", True),
        ("no. 0417", True),
        ("041", False),
        ("1 90417263 1", True),
        ("90417264", False),
        ("", False),
    ],
)
def test_what_others_know_of_a_person_is_no_pin_of_theirs(known: str, is_found: bool) -> None:
    assert (Weakness.PERSONAL in weaknesses("90417263", minimum=8, known=("x", known))) is is_found


def test_two_digits_alone_are_a_repetition_and_letters_are_no_digits() -> None:
    assert Weakness.REPEATED in weaknesses("77777777", minimum=8, known=())
    assert Weakness.REPEATED in weaknesses("71717177", minimum=8, known=())
    assert Weakness.DIGITS in weaknesses("9041726x", minimum=8, known=())
    assert Weakness.DIGITS in weaknesses("٩٠٤١٧٢٦٣", minimum=8, known=())


GOOD = MethodPolicy()


@pytest.mark.parametrize(
    "policy",
    [
        GOOD,
        replace(GOOD, pin_length=8, standard_lifetime_days=1),
        replace(GOOD, pin_length=20, standard_lifetime_days=395),
        replace(GOOD, include_targets=(GROUP,) * 100, exclude_targets=(PERSON,) * 100),
    ],
)
def test_a_policy_within_its_bounds_is_kept(policy: MethodPolicy) -> None:
    check_policy(policy)


@pytest.mark.parametrize(
    ("policy", "named"),
    [
        (replace(GOOD, pin_length=7), "'pinLength' must be 8 to 20."),
        (replace(GOOD, pin_length=21), "'pinLength' must be 8 to 20."),
        (replace(GOOD, standard_lifetime_days=0), "'standardQRCodeLifetimeInDays' must be 1 to 395."),
        (replace(GOOD, standard_lifetime_days=396), "'standardQRCodeLifetimeInDays' must be 1 to 395."),
        (replace(GOOD, include_targets=(GROUP,) * 101), "At most 100 targets can be named."),
        (replace(GOOD, exclude_targets=(GROUP,) * 101), "At most 100 targets can be named."),
        (
            replace(GOOD, exclude_targets=(PolicyTarget("everybody", TargetKind.GROUP),)),
            "The 'id' of a target must be a GUID or 'all_users'.",
        ),
        (replace(GOOD, include_targets=(PolicyTarget(ALL_USERS, TargetKind.USER),)), "'all_users' is a group."),
    ],
)
def test_a_policy_out_of_bounds_is_refused_by_name(policy: MethodPolicy, named: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        check_policy(policy)
    assert refused.value.details == {"message": named}


def test_a_policy_is_asked_about_groups_only_when_it_names_one() -> None:
    assert not names_groups(GOOD)
    assert not names_groups(replace(GOOD, exclude_targets=(PERSON,)))
    assert names_groups(replace(GOOD, include_targets=(GROUP,)))
    assert names_groups(replace(GOOD, exclude_targets=(PERSON, GROUP)))
