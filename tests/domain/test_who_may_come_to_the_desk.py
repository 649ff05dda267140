"""Who may come to the desk, for how long, and who may let others in: the rules at their boundaries."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from badgepin.domain import directory_role as roles
from badgepin.domain.access import ALLOWED, Refused, Target
from badgepin.domain.caller import Caller, RoleGrant, Standing
from badgepin.domain.desk import (
    DESK_ROLES,
    FRESH,
    DeskDenial,
    DeskPersonNow,
    DeskRules,
    DeskSession,
    is_count_behind,
    is_fresh,
    may_invite,
    may_remove_passkey,
    may_use_desk,
)
from badgepin.domain.errors import Reason
from badgepin.domain.tenant import COMMAND_LINE_CLIENT

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)
CALLER = Caller("tenant", "client", "ada", frozenset(), 1, 1)
PERSON = DeskPersonNow("ada", "ada@example.com", "Ada", True, 1, frozenset({RoleGrant(roles.GLOBAL_READER)}))  # noqa: FBT003 - enabled
SESSION = DeskSession("session", PERSON, "passkey", 1, NOW, NOW, NOW, NOW + timedelta(hours=12))


@pytest.mark.parametrize("role", roles.BUILT_IN, ids=lambda role: role.display_name)
@pytest.mark.parametrize("unit", ["", "store"])
def test_a_role_for_the_desk_counts_wherever_it_is_held(role: roles.DirectoryRole, unit: str) -> None:
    assert may_use_desk(frozenset({RoleGrant(role.id, unit)})) == (role.id in DESK_ROLES)


def test_nobody_comes_without_a_role_or_with_a_disabled_account() -> None:
    assert PERSON.denial is None
    assert replace(PERSON, grants=frozenset()).denial is DeskDenial.NO_DESK_ROLE
    assert replace(PERSON, is_enabled=False).denial is DeskDenial.ACCOUNT_DISABLED


def test_a_session_lives_until_the_moment_its_idle_time_is_over() -> None:
    rules = DeskRules()
    assert SESSION.lives(rules, NOW + rules.idle - MOMENT)
    assert not SESSION.lives(rules, NOW + rules.idle)
    assert not replace(SESSION, person=replace(PERSON, grants=frozenset())).lives(rules, NOW)


def test_a_proof_is_fresh_for_fifteen_minutes_and_tokens_need_none() -> None:
    at_desk = replace(CALLER, desk_session_id="session", proven_at=NOW)
    assert is_fresh(at_desk, NOW + FRESH - MOMENT)
    assert not is_fresh(at_desk, NOW + FRESH)
    assert not is_fresh(replace(at_desk, proven_at=None), NOW)
    assert is_fresh(CALLER, NOW)


@pytest.mark.parametrize(
    ("kept", "reported", "behind"),
    [(0, 0, False), (0, 1, False), (1, 2, False), (1, 1, True), (2, 1, True), (1, 0, True)],
)
def test_a_count_must_go_forward_unless_there_is_none(kept: int, reported: int, behind: bool) -> None:
    assert is_count_behind(kept, reported) is behind


def _holding(*held: str, unit: str = "") -> Standing:
    return Standing("ada", "Ada", grants=frozenset(RoleGrant(role, unit) for role in held))


MANAGER = Target("noor", frozenset({roles.BADGE_MANAGER}))


@pytest.mark.parametrize(
    ("standing", "target", "refusal"),
    [
        (_holding(roles.GLOBAL_ADMINISTRATOR), Target("noor", frozenset({roles.GLOBAL_ADMINISTRATOR})), None),
        (_holding(roles.GLOBAL_ADMINISTRATOR), Target("ada"), Reason.OWN_METHOD),
        (_holding(roles.PRIVILEGED_AUTHENTICATION_ADMINISTRATOR), MANAGER, None),
        (_holding(roles.PRIVILEGED_AUTHENTICATION_ADMINISTRATOR, unit="store"), MANAGER, Reason.ROLE_MISSING),
        (_holding(roles.AUTHENTICATION_ADMINISTRATOR), MANAGER, None),
        (_holding(roles.AUTHENTICATION_ADMINISTRATOR, unit="store"), MANAGER, Reason.ROLE_MISSING),
        (_holding(roles.AUTHENTICATION_ADMINISTRATOR), Target("noor"), Reason.TARGET_IS_ADMINISTRATOR),
        (
            _holding(roles.AUTHENTICATION_ADMINISTRATOR),
            replace(MANAGER, roles=frozenset({roles.BADGE_MANAGER, roles.REPORTS_READER})),
            Reason.TARGET_IS_ADMINISTRATOR,
        ),
        (
            _holding(roles.AUTHENTICATION_ADMINISTRATOR),
            replace(MANAGER, in_role_assignable_group=True),
            Reason.TARGET_IS_ADMINISTRATOR,
        ),
        (
            _holding(roles.AUTHENTICATION_ADMINISTRATOR),
            replace(MANAGER, role_in_restricted_unit=True),
            Reason.TARGET_IS_ADMINISTRATOR,
        ),
        (_holding(roles.BADGE_MANAGER, roles.USER_ADMINISTRATOR), MANAGER, Reason.ROLE_MISSING),
    ],
)
def test_whoever_invites_could_sign_in_as_the_invited(
    standing: Standing, target: Target, refusal: Reason | None
) -> None:
    decision = may_invite(CALLER, standing, target)
    assert decision == (ALLOWED if refusal is None else Refused(refusal))


def test_of_applications_the_command_line_alone_invites() -> None:
    application = replace(CALLER, user_id=None)
    assert may_invite(application, _holding(), MANAGER) == Refused(Reason.PERSON_NEEDED)
    assert may_invite(replace(application, client_id=COMMAND_LINE_CLIENT), _holding(), MANAGER) == ALLOWED


def test_ones_own_passkey_is_ones_own_to_remove() -> None:
    assert may_remove_passkey(CALLER, _holding(), Target("ada"), reaches_others=False) == ALLOWED
    refused = may_remove_passkey(CALLER, _holding(roles.GLOBAL_ADMINISTRATOR), MANAGER, reaches_others=False)
    assert refused == Refused(Reason.OTHER_PERSON)
    application = replace(CALLER, user_id=None)
    assert may_remove_passkey(application, _holding(), MANAGER, reaches_others=True) == ALLOWED
