"""Every cell of caller role x scope x target x action (graph-contract 5.3 to 5.5), against the table written out here.

The table is the contract's prose as data, not the code's rules again: one row a caller, one column a kind of target.
"""

from itertools import product

import pytest

from badgepin.domain import directory_role as roles
from badgepin.domain.access import (
    ALLOWED,
    HARMLESS_ROLES,
    MethodAction,
    Refused,
    Target,
    may_act_on_methods,
    may_read_policy,
    may_write_policy,
)
from badgepin.domain.caller import Caller, RoleGrant, Standing
from badgepin.domain.directory_access import DirectoryAction, may_in_directory
from badgepin.domain.errors import Reason

STORE, OTHER = "store", "other store"
ME, SOMEBODY = "me", "somebody"
READ, WRITE, PIN = MethodAction.READ, MethodAction.WRITE, MethodAction.CHANGE_PIN
NOBODY_S, HARMLESS, POWERFUL = "no role", "harmless role", "powerful role"

TARGETS = {
    NOBODY_S: Target(SOMEBODY, frozenset(), frozenset({STORE})),
    HARMLESS: Target(SOMEBODY, frozenset({roles.PASSWORD_ADMINISTRATOR}), frozenset({STORE})),
    POWERFUL: Target(SOMEBODY, frozenset({roles.HELPDESK_ADMINISTRATOR}), frozenset({STORE})),
    "two roles": Target(
        SOMEBODY, frozenset({roles.PASSWORD_ADMINISTRATOR, roles.USER_ADMINISTRATOR}), frozenset({STORE})
    ),
    "role group": Target(SOMEBODY, frozenset(), frozenset({STORE}), in_role_assignable_group=True),
    "restricted": Target(
        SOMEBODY, frozenset({roles.PASSWORD_ADMINISTRATOR}), frozenset({STORE}), role_in_restricted_unit=True
    ),
    "another store": Target(SOMEBODY, frozenset(), frozenset({OTHER})),
    "no store": Target(SOMEBODY),
    "myself": Target(ME, frozenset({roles.GLOBAL_ADMINISTRATOR})),
}
ALL = frozenset(TARGETS)
ORDINARY = frozenset({NOBODY_S, "another store", "no store"})
# who may (read, write, change the PIN of) which targets, with a permission that reaches others
TENANT_WIDE: dict[str, tuple[frozenset[str], frozenset[str], frozenset[str]]] = {
    roles.PRIVILEGED_AUTHENTICATION_ADMINISTRATOR: (ALL, ALL, ALL),
    roles.GLOBAL_ADMINISTRATOR: (ALL, ALL, frozenset({"myself"})),
    roles.AUTHENTICATION_ADMINISTRATOR: (
        ALL,
        ORDINARY | {HARMLESS, "myself"},
        ORDINARY | {HARMLESS, "myself"},
    ),
    roles.GLOBAL_READER: (ALL, frozenset({"myself"}), frozenset({"myself"})),
    roles.BADGE_MANAGER: (ORDINARY | {"myself"}, ORDINARY, frozenset()),
}
NOTHING = (frozenset({"myself"}),) * 3
IN_STORE = (frozenset({NOBODY_S, "myself"}),) * 3
BADGES_IN_STORE = (frozenset({NOBODY_S, "myself"}), frozenset({NOBODY_S}), frozenset[str]())
UNIT_ROLES = {roles.AUTHENTICATION_ADMINISTRATOR, roles.PRIVILEGED_AUTHENTICATION_ADMINISTRATOR}
ACTIONS = {READ: 0, WRITE: 1, PIN: 2}


def _caller(user: str | None = ME) -> Caller:
    return Caller("tenant", "client", user, frozenset(), 1)


def _standing(*grants: RoleGrant, guest: bool = False) -> Standing:
    return Standing(ME, "Me", is_guest=guest, grants=frozenset(grants))


def _may(
    standing: Standing, action: MethodAction, target: Target, *, reaches: bool = True, strict: bool = False
) -> bool:
    decision = may_act_on_methods(_caller(), standing, action, target, reaches_others=reaches, strict=strict)
    return decision == ALLOWED


@pytest.mark.parametrize("role", roles.BUILT_IN, ids=lambda role: role.display_name)
@pytest.mark.parametrize("scope", ["tenant", "store"])
def test_every_role_reaches_exactly_the_targets_of_the_table(role: roles.DirectoryRole, scope: str) -> None:
    grant = RoleGrant(role.id, "" if scope == "tenant" else STORE)
    row = TENANT_WIDE.get(role.id, NOTHING)
    if scope == "store":
        row = IN_STORE if role.id in UNIT_ROLES else NOTHING
        row = BADGES_IN_STORE if role.id == roles.BADGE_MANAGER else row
    for action, (name, target) in product(ACTIONS, TARGETS.items()):
        assert _may(_standing(grant), action, target) == (name in row[ACTIONS[action]]), (action, name)


@pytest.mark.parametrize("action", ACTIONS)
def test_a_permission_for_oneself_reaches_nobody_else_whatever_the_role(action: MethodAction) -> None:
    for role, (name, target) in product(roles.BUILT_IN, TARGETS.items()):
        reached = _may(_standing(RoleGrant(role.id)), action, target, reaches=False)
        own = name == "myself" and (action is READ or role.id != roles.BADGE_MANAGER)
        assert reached == own


def test_an_application_reaches_everybody_but_changes_no_pin() -> None:
    for action, target in product(ACTIONS, TARGETS.values()):
        decision = may_act_on_methods(_caller(None), _standing(), action, target, reaches_others=True)
        assert (decision == ALLOWED) == (action is not PIN)


def test_in_strict_mode_nobody_changes_somebody_else_s_pin() -> None:
    for role, (name, target) in product(roles.BUILT_IN, TARGETS.items()):
        own = name == "myself" and role.id != roles.BADGE_MANAGER
        assert _may(_standing(RoleGrant(role.id)), PIN, target, strict=True) == own


def test_a_guest_needs_directory_readers_besides_a_role_in_a_unit() -> None:
    scoped = RoleGrant(roles.AUTHENTICATION_ADMINISTRATOR, STORE)
    assert not _may(_standing(scoped, guest=True), WRITE, TARGETS[NOBODY_S])
    assert _may(_standing(scoped, RoleGrant(roles.DIRECTORY_READERS), guest=True), WRITE, TARGETS[NOBODY_S])


def test_harmless_are_exactly_the_roles_the_contract_lists() -> None:
    assert {roles.BY_ID[role].display_name for role in HARMLESS_ROLES} == {
        "Authentication Administrator",
        "Badge Manager",
        "Directory Readers",
        "Guest Inviter",
        "Message Center Reader",
        "Password Administrator",
        "Reports Reader",
        "User Experience Success Manager",
        "Usage Summary Reports Reader",
    }
    for role in roles.BUILT_IN:
        target = Target(SOMEBODY, frozenset({role.id}))
        administrator = _standing(RoleGrant(roles.AUTHENTICATION_ADMINISTRATOR))
        assert _may(administrator, WRITE, target) == (role.id in HARMLESS_ROLES)


AT_DESK = Caller("tenant", "client", ME, frozenset(), 1, desk_session_id="session")


@pytest.mark.parametrize("role", roles.BUILT_IN, ids=lambda role: role.display_name)
@pytest.mark.parametrize("unit", ["", STORE])
def test_at_the_desk_nobody_changes_what_is_their_own(role: roles.DirectoryRole, unit: str) -> None:
    for action in ACTIONS:
        standing = _standing(RoleGrant(role.id, unit))
        decision = may_act_on_methods(AT_DESK, standing, action, TARGETS["myself"], reaches_others=True)
        assert decision == (ALLOWED if action is READ else Refused(Reason.OWN_METHOD))


@pytest.mark.parametrize("caller", [AT_DESK, _caller()], ids=["at the desk", "with a token"])
def test_for_a_badge_manager_people_of_another_store_do_not_exist(caller: Caller) -> None:
    standing = _standing(RoleGrant(roles.BADGE_MANAGER, STORE))
    for action, name in product(ACTIONS, ("another store", "no store")):
        decision = may_act_on_methods(caller, standing, action, TARGETS[name], reaches_others=True)
        assert decision == Refused(Reason.USER_NOT_FOUND)
    administrator = may_act_on_methods(caller, standing, WRITE, TARGETS[POWERFUL], reaches_others=True)
    assert administrator == Refused(Reason.TARGET_IS_ADMINISTRATOR)


def test_at_the_desk_who_looks_after_a_store_reads_nothing_else_of_the_directory() -> None:
    store_only = _standing(RoleGrant(roles.BADGE_MANAGER, STORE))
    assert may_in_directory(AT_DESK, store_only, DirectoryAction.READ_USERS) == Refused(Reason.ROLE_MISSING)
    assert may_in_directory(_caller(), store_only, DirectoryAction.READ_USERS) == ALLOWED
    reader = _standing(RoleGrant(roles.GLOBAL_READER))
    assert may_in_directory(AT_DESK, reader, DirectoryAction.READ_USERS) == ALLOWED


def test_a_custom_role_counts_as_powerful() -> None:
    target = Target(SOMEBODY, frozenset({"a role of somebody's own"}))
    assert not _may(_standing(RoleGrant(roles.AUTHENTICATION_ADMINISTRATOR)), WRITE, target)
    assert _may(_standing(RoleGrant(roles.PRIVILEGED_AUTHENTICATION_ADMINISTRATOR)), WRITE, target)


def test_a_role_that_does_not_reach_is_no_hindrance_to_one_that_does() -> None:
    both = _standing(RoleGrant(roles.GLOBAL_READER), RoleGrant(roles.AUTHENTICATION_ADMINISTRATOR, STORE))
    assert _may(both, WRITE, TARGETS[NOBODY_S])
    assert not _may(both, WRITE, TARGETS["another store"])
    assert _may(both, READ, TARGETS["another store"])


@pytest.mark.parametrize("role", roles.BUILT_IN, ids=lambda role: role.display_name)
def test_policy_needs_a_role_for_the_whole_tenant(role: roles.DirectoryRole) -> None:
    readers = {roles.GLOBAL_ADMINISTRATOR, roles.GLOBAL_READER, roles.AUTHENTICATION_POLICY_ADMINISTRATOR}
    writers = {roles.GLOBAL_ADMINISTRATOR, roles.AUTHENTICATION_POLICY_ADMINISTRATOR}
    wide, scoped = _standing(RoleGrant(role.id)), _standing(RoleGrant(role.id, STORE))
    assert (may_read_policy(_caller(), wide) == ALLOWED) == (role.id in readers)
    assert (may_write_policy(_caller(), wide) == ALLOWED) == (role.id in writers)
    assert may_read_policy(_caller(), scoped) != ALLOWED
    assert may_write_policy(_caller(), scoped) != ALLOWED
    assert may_write_policy(_caller(None), _standing()) == ALLOWED
