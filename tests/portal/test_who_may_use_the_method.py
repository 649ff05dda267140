"""The policy decides at every sign-in and at once; the desk is told what is in the way, the group by its name."""

from collections.abc import Iterable
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from badgepin.domain.caller import Call, Caller
from badgepin.domain.eligibility import Candidate, MayUse, eligibility_under
from badgepin.domain.method_policy import ALL_USERS, MethodPolicy, PolicyState, PolicyTarget, TargetKind
from badgepin.domain.sign_in import Badge, judge_badge
from badgepin.reference_client import Proven, Refused, SignedIn
from badgepin.services.eligibility import read_eligibility
from badgepin.services.sign_in import look_up, with_policy
from badgepin.store import method_policy
from badgepin.store.tables import group_members, groups, users
from badgepin.store.transaction import Transaction
from tests.graph.world import CLIENT, START, TENANT, World, guid
from tests.portal.screen import CHOSEN, Screen, read, settled_badge

CONFIGURATION = "/policies/authenticationMethodsPolicy/authenticationMethodConfigurations/qrCodePin"
OUTER, INNER, OTHER = guid("outer group"), guid("inner group"), guid("another group")
NAMES = {OUTER: "Agency {group} %s", INNER: "Night shift", OTHER: "Cooks"}
EVERYBODY = {"id": ALL_USERS, "targetType": "group"}
WORKER = {"id": guid("worker"), "targetType": "user"}


def _patch(world: World, **changes: Any) -> None:
    token = world.application("Policy.ReadWrite.AuthenticationMethod")
    answer = world.request("PATCH", CONFIGURATION, token=token, json=changes)
    assert answer.status_code == 200, answer.text


def _eligibility(world: World, token: str | None = None, name: str = "worker") -> dict[str, Any]:
    path = world.method_path(name, "/eligibility")
    answer = world.request("GET", path, token=token or world.person("manager"))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def _nest(tx: Transaction) -> None:
    """The worker is in the inner group, which is in the outer one."""
    _fill(tx, {OUTER, INNER, OTHER}, {(OUTER, INNER, "group"), (INNER, guid("worker"), "user")})


def _fill(tx: Transaction, ids: Iterable[str], members: Iterable[tuple[str, str, str]]) -> None:
    for identifier in sorted(ids):
        name = NAMES.get(identifier, identifier)
        values = {"display_name": name, "is_assignable_to_role": False, "created_at": START}
        tx.execute(sa.insert(groups).values(tenant_id=TENANT, id=identifier, **values))
    for group, member, kind in members:
        row = {"group_id": group, "member_id": member, "member_kind": kind}
        tx.execute(sa.insert(group_members).values(tenant_id=TENANT, **row))


def _disable(world: World) -> None:
    change = sa.update(users).where(users.c.id == guid("worker")).values(account_enabled=False)
    world.transact(lambda tx: tx.execute(change))


IN_THE_WAY: dict[str, tuple[dict[str, Any], str | None, str, str]] = {
    "methodDisabled": ({"state": "disabled"}, None, "switched off", "'enabled'"),
    "userExcluded": ({"excludeTargets": [WORKER]}, None, "excludes this person", "'excludeTargets'"),
    "groupExcluded": (
        {"excludeTargets": [{"id": OUTER, "targetType": "group"}]},
        OUTER,
        "the group 'Agency {group} %s'",
        "out of 'Agency {group} %s'",
    ),
    "groupExcluded by all_users": ({"excludeTargets": [EVERYBODY]}, ALL_USERS, "excludes everybody", "'all_users'"),
    "notIncluded": (
        {"includeTargets": [{"id": OTHER, "targetType": "group"}]},
        None,
        "includes neither",
        "'includeTargets'",
    ),
    "accountDisabled": ({}, None, "account is disabled", "Enable the account"),
}


@pytest.mark.parametrize("case", IN_THE_WAY)
def test_the_desk_reads_what_is_in_the_way_and_the_refused_sign_in_says_the_same(
    world: World, screen: Screen, case: str
) -> None:
    changes, group_id, cause, fix = IN_THE_WAY[case]
    world.transact(_nest)
    badge = settled_badge(world)
    _patch(world, **changes)
    if case == "accountDisabled":
        _disable(world)
    found = _eligibility(world)
    assert (found["isEligible"], found["reason"], found["groupId"]) == (False, case.partition(" ")[0], group_id)
    assert cause in found["cause"]
    assert fix in found["fix"]
    refused = screen.scan(badge)
    assert isinstance(refused, Refused)
    assert refused.code == "notAllowed"
    told = world.request("GET", f"/badgepin/handles/{refused.handle}", token=world.person("manager")).json()
    assert (told["cause"], told["fix"]) == (found["cause"], found["fix"])


@pytest.mark.parametrize(
    "include",
    [
        [EVERYBODY],
        [WORKER],
        [{"id": INNER, "targetType": "group"}],
        [{"id": OUTER, "targetType": "group"}],
        [{"id": OTHER, "targetType": "group"}, WORKER | {"isRegistrationRequired": True}],
    ],
)
def test_whoever_a_target_means_may_use_the_method(world: World, screen: Screen, include: list[dict[str, Any]]) -> None:
    world.transact(_nest)
    badge = settled_badge(world)
    _patch(world, includeTargets=include)
    found = _eligibility(world)
    assert (found["isEligible"], found["reason"], found["cause"], found["fix"]) == (True, None, None, None)
    assert found["isRegistrationRequired"] == any(target.get("isRegistrationRequired", False) for target in include)
    assert isinstance(screen.sign_in(badge, CHOSEN), SignedIn)


@pytest.mark.parametrize("case", [case for case in IN_THE_WAY if case != "accountDisabled"])
def test_a_policy_changed_between_scan_and_pin_decides(world: World, screen: Screen, case: str) -> None:
    world.transact(_nest)
    proven = screen.scan(settled_badge(world))
    assert isinstance(proven, Proven)
    _patch(world, **IN_THE_WAY[case][0])
    refused = screen.enter(proven, CHOSEN)
    assert isinstance(refused, Refused)
    assert refused.code == "notAllowed"
    _patch(world, state="enabled", includeTargets=[EVERYBODY], excludeTargets=[])
    assert isinstance(screen.enter(proven, CHOSEN), SignedIn), "the same scan counts again, as the policy does"


def test_negative_control_who_trusts_what_was_judged_at_the_scan_lets_an_excluded_person_in(
    world: World, screen: Screen
) -> None:
    badge = settled_badge(world)

    def judged(tx: Transaction) -> Badge:
        found = look_up(tx, TENANT, str(read(badge).qr_code_id))
        assert found is not None
        return with_policy(tx, TENANT, found)

    proven, kept = screen.scan(badge), world.transact(judged)
    assert isinstance(proven, Proven)
    _patch(world, excludeTargets=[WORKER])
    assert judge_badge(kept, now=world.clock.now) is None, "what the scan found would still open"
    assert judge_badge(world.transact(judged), now=world.clock.now) is not None
    assert isinstance(screen.enter(proven, CHOSEN), Refused)


def test_a_membership_that_ends_between_scan_and_pin_decides(world: World, screen: Screen) -> None:
    world.transact(_nest)
    _patch(world, includeTargets=[{"id": OUTER, "targetType": "group"}])
    proven = screen.scan(settled_badge(world))
    assert isinstance(proven, Proven)
    token = world.application("Group.ReadWrite.All")
    assert world.request("DELETE", f"/groups/{OUTER}/members/{INNER}/$ref", token=token).status_code == 204
    refused = screen.enter(proven, CHOSEN)
    assert isinstance(refused, Refused)
    assert refused.code == "notAllowed"


@pytest.mark.parametrize("case", IN_THE_WAY)
def test_an_administrator_registers_whatever_the_policy_says(world: World, case: str) -> None:
    world.transact(_nest)
    _patch(world, **IN_THE_WAY[case][0])
    if case == "accountDisabled":
        _disable(world)
    assert world.create_method()["pin"]["code"] == "13572468"
    assert world.create_temporary()["id"]


def test_a_person_reads_their_own_eligibility_and_nobody_elses(world: World) -> None:
    own = world.request("GET", "/me/authentication/qrCodePinMethod/eligibility", token=world.person("worker"))
    assert own.json()["isEligible"] is True
    path = world.method_path("colleague", "/eligibility")
    for token, status in ((world.person("worker"), 403), (world.person("manager"), 200)):
        assert world.request("GET", path, token=token).status_code == status
    elsewhere = world.method_path("other_store_worker", "/eligibility")
    assert world.request("GET", elsewhere, token=world.person("manager")).status_code == 403
    nobody = f"/users/{guid('nobody')}/authentication/qrCodePinMethod/eligibility"
    assert world.request("GET", nobody, token=world.admin).status_code == 404


def test_a_group_that_is_gone_excludes_nobody(world: World) -> None:
    world.transact(_nest)
    _patch(world, excludeTargets=[{"id": INNER, "targetType": "group"}])
    assert _eligibility(world)["groupId"] == INNER
    token = world.application("Group.ReadWrite.All")
    assert world.request("DELETE", f"/groups/{INNER}", token=token).status_code == 204
    assert _eligibility(world)["isEligible"] is True


IDS = tuple(guid(f"random group {number}") for number in range(6))
_edges = st.frozensets(st.tuples(st.sampled_from(IDS), st.sampled_from(IDS)), max_size=9)
_homes = st.frozensets(st.sampled_from(IDS), max_size=3)
_target = st.one_of(
    st.sampled_from(IDS).map(lambda identifier: PolicyTarget(identifier, TargetKind.GROUP)),
    st.sampled_from(["worker", "colleague"]).map(lambda name: PolicyTarget(guid(name), TargetKind.USER)),
    st.just(PolicyTarget(ALL_USERS, TargetKind.GROUP)),
)
_targets = st.lists(_target, max_size=3).map(tuple)


def _oracle(policy: MethodPolicy, edges: frozenset[tuple[str, str]], homes: frozenset[str]) -> bool:
    """Every group is asked for its people, by walking down: the other way round than the product does."""

    def people(group: str, seen: frozenset[str]) -> bool:
        below = [inner for outer, inner in edges if outer == group and inner not in seen]
        return group in homes or any(people(inner, seen | {inner}) for inner in below)

    def means(target: PolicyTarget) -> bool:
        if target.kind is TargetKind.USER:
            return target.id == guid("worker")
        return target.id == ALL_USERS or people(target.id, frozenset({target.id}))

    return any(map(means, policy.include_targets)) and not any(map(means, policy.exclude_targets))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_edges, _homes, _targets, _targets)
def test_over_any_nesting_even_in_circles_the_answer_is_the_one_of_brute_force(
    world: World,
    edges: frozenset[tuple[str, str]],
    homes: frozenset[str],
    include: tuple[PolicyTarget, ...],
    exclude: tuple[PolicyTarget, ...],
) -> None:
    policy = MethodPolicy(PolicyState.ENABLED, include_targets=include, exclude_targets=exclude)
    call = Call(Caller(TENANT, CLIENT, None, frozenset(), 1), START, "test")

    def work(tx: Transaction) -> bool:
        tx.execute(sa.delete(groups).where(groups.c.id.in_(IDS)))
        nested = [(outer, inner, "group") for outer, inner in edges]
        _fill(tx, IDS, [*nested, *((home, guid("worker"), "user") for home in homes)])
        method_policy.save(tx, TENANT, policy, START)
        return isinstance(read_eligibility(tx, call, guid("worker")).eligibility, MayUse)

    assert world.transact(work) == _oracle(policy, edges, homes)


def test_negative_control_brute_force_tells_direct_groups_from_nested_ones(world: World) -> None:
    policy = MethodPolicy(PolicyState.ENABLED, include_targets=(PolicyTarget(OUTER, TargetKind.GROUP),))
    world.transact(_nest)
    homes = sa.select(group_members.c.group_id).where(group_members.c.member_id == guid("worker"))
    direct = world.transact(lambda tx: frozenset(tx.execute(homes).scalars()))
    naive = eligibility_under(policy, Candidate(guid("worker"), True, direct))  # noqa: FBT003 - enabled
    assert not isinstance(naive, MayUse)
    assert _oracle(policy, frozenset({(OUTER, INNER)}), frozenset({INNER}))
