"""Which badges end soon: counts for each store, the people behind a number, and only for whom a caller looks after."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from badgepin.domain import directory_role as roles
from badgepin.store.tables import administrative_unit_members, administrative_units, qr_codes, role_assignments, users
from badgepin.store.transaction import Transaction
from tests.graph.test_statement_counts import counted
from tests.graph.world import OTHER_STORE, ROLE_GROUP, START, STORE, TENANT, World, guid, upn

PATH = "/badgepin/reports/expiringCodes"
PEOPLE = f"{PATH}/users"
READER = "UserAuthMethod-QR.Read.All"


def _add_code(tx: Transaction, name: str, ends_in: timedelta, **changes: Any) -> None:
    row = {
        "tenant_id": TENANT,
        "id": guid(f"code of {name} {changes.get('kind', '')}"),
        "user_id": guid(name),
        "kind": "standard",
        "algorithm": "ed25519",
        "public_key": b"",
        "created_at": START,
        "start_at": START,
        "expire_at": START + ends_in,
        "activated_at": START,
        "revision": 1,
        "mac_key_id": "x",
        "row_mac": b"",
    }
    tx.execute(sa.insert(qr_codes).values({**row, **changes}))


def _codes(world: World, ends_in: Mapping[str, float]) -> None:
    """Standard codes of people, by the days they still live."""

    def work(tx: Transaction) -> None:
        for name, days in ends_in.items():
            _add_code(tx, name, timedelta(days=days))

    world.transact(work)


def _get(world: World, path: str, token: str | None = None) -> list[dict[str, Any]]:
    answer = world.request("GET", path, token=token or world.application(READER))
    assert answer.status_code == 200, answer.text
    return list(answer.json()["value"])


def _counts(item: dict[str, Any]) -> list[int]:
    return [item[f"{name}Count"] for name in ("ended", "within7Days", "within30Days", "within90Days", "withinDays")]


def _by_unit(world: World, days: int = 30, token: str | None = None) -> dict[str | None, list[int]]:
    return {item["unitId"]: _counts(item) for item in _get(world, f"{PATH}?days={days}", token)}


def _names(items: list[dict[str, Any]]) -> list[str]:
    return [item["userPrincipalName"].partition("@")[0] for item in items]


def _join(world: World, name: str, unit: str, kind: str = "user") -> None:
    row = {"tenant_id": TENANT, "administrative_unit_id": unit, "member_id": guid(name), "member_kind": kind}
    world.transact(lambda tx: tx.execute(sa.insert(administrative_unit_members).values(row)))


def test_each_store_has_its_numbers_and_people_in_none_have_a_row(world: World) -> None:
    _codes(world, {"worker": 5, "colleague": -1, "other_store_worker": 40, "guest": 20, "manager": 200})
    assert _by_unit(world, days=395) == {
        STORE: [1, 1, 1, 1, 1],
        OTHER_STORE: [0, 0, 0, 1, 1],
        None: [0, 0, 1, 1, 2],
    }
    listed = _get(world, PATH)
    assert [item["unitDisplayName"] for item in listed if item["unitId"]] == [
        name for _, name in sorted([(STORE, "Store"), (OTHER_STORE, "Other store")])
    ]
    assert listed[-1]["unitId"] is None, "the people in no unit come last"


def test_a_store_without_codes_has_a_row_of_noughts(world: World) -> None:
    assert _by_unit(world) == {STORE: [0] * 5, OTHER_STORE: [0] * 5, None: [0] * 5}


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, [1, 0, 0, 0, 0]),
        (1, [0, 1, 1, 1, 1]),
        (7 * 86_400, [0, 1, 1, 1, 1]),
        (7 * 86_400 + 1, [0, 0, 1, 1, 1]),
        (30 * 86_400, [0, 0, 1, 1, 1]),
        (30 * 86_400 + 1, [0, 0, 0, 1, 0]),
        (90 * 86_400 + 1, [0, 0, 0, 0, 0]),
    ],
)
def test_a_code_that_ends_to_the_second_in_so_many_days_is_within_them(
    world: World, seconds: int, expected: list[int]
) -> None:
    world.transact(lambda tx: _add_code(tx, "worker", timedelta(seconds=seconds)))
    assert _by_unit(world)[STORE] == expected


def test_temporary_and_revoked_codes_do_not_count(world: World) -> None:
    def work(tx: Transaction) -> None:
        _add_code(tx, "worker", timedelta(days=3), kind="temporary")
        _add_code(tx, "colleague", timedelta(days=3), revoked_at=START)

    world.transact(work)
    assert _by_unit(world)[STORE] == [0] * 5
    assert _get(world, PEOPLE) == []


def test_a_person_in_two_units_counts_in_both_and_is_listed_once(world: World) -> None:
    _codes(world, {"worker": 5})
    _join(world, "worker", OTHER_STORE)
    assert _by_unit(world) == {STORE: [0, 1, 1, 1, 1], OTHER_STORE: [0, 1, 1, 1, 1], None: [0] * 5}
    [item] = _get(world, PEOPLE)
    assert item["unitDisplayNames"] == ["Other store", "Store"]


def test_members_of_a_group_in_a_unit_are_not_people_of_the_unit(world: World) -> None:
    row = {"tenant_id": TENANT, "administrative_unit_id": STORE, "member_id": ROLE_GROUP, "member_kind": "group"}
    world.transact(lambda tx: tx.execute(sa.insert(administrative_unit_members).values(row)))
    _codes(world, {"role_group_member": 5})
    assert _by_unit(world) == {STORE: [0] * 5, OTHER_STORE: [0] * 5, None: [0, 1, 1, 1, 1]}


def test_the_people_behind_a_number_are_listed_the_first_to_end_first(world: World) -> None:
    _codes(world, {"worker": 29, "colleague": 5, "other_store_worker": 6, "guest": -2, "manager": -3})
    assert _names(_get(world, PEOPLE)) == ["colleague", "other_store_worker", "worker"]
    assert _names(_get(world, f"{PEOPLE}?days=7&unitId={STORE}")) == ["colleague"]
    assert _names(_get(world, f"{PEOPLE}?unitId={STORE.upper()}")) == ["colleague", "worker"]
    assert _names(_get(world, f"{PEOPLE}?unitId=none&ended=true")) == ["manager", "guest_partner.example#EXT#"]
    assert _get(world, f"{PEOPLE}?unitId=none") == []
    first = _get(world, PEOPLE)[0]
    assert first == {
        "id": guid("code of colleague "),
        "userId": guid("colleague"),
        "userPrincipalName": upn("colleague"),
        "userDisplayName": "Colleague",
        "accountEnabled": True,
        "unitDisplayNames": ["Store"],
        "expireDateTime": "2026-11-28T09:00:00.1234560Z",
        "hasEnded": False,
    }


def test_a_disabled_person_still_has_a_badge_that_ends_and_is_shown_as_disabled(world: World) -> None:
    _codes(world, {"worker": 5})
    change = sa.update(users).where(users.c.id == guid("worker")).values(account_enabled=False)
    world.transact(lambda tx: tx.execute(change))
    assert _by_unit(world)[STORE][1] == 1
    assert [item["accountEnabled"] for item in _get(world, PEOPLE)] == [False]


def test_time_moves_a_code_from_number_to_number(world: World) -> None:
    _codes(world, {"worker": 8})
    seen = [_by_unit(world)[STORE]]
    for days in (2, 6):
        world.clock.move(days=days)
        seen.append(_by_unit(world)[STORE])
    assert seen == [[0, 0, 1, 1, 1], [0, 1, 1, 1, 1], [1, 0, 0, 0, 0]]


@pytest.mark.parametrize("days", ["0", "396", "-1", "1.5", "", "x", "1e2", "٣٠", "99999999999999999999", "7 OR 1=1"])
def test_bad_days_are_refused(world: World, days: str) -> None:
    for path in (PATH, PEOPLE):
        answer = world.request("GET", path, token=world.application(READER), params={"days": days})
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "Request_BadRequest")
        assert "1 to 395" in answer.json()["error"]["message"]


@pytest.mark.parametrize("unit", [guid("no store"), "x", "", "' OR 1=1 --", "\u202e", "a" * 3000, "NONE "])
def test_an_unknown_unit_is_not_found(world: World, unit: str) -> None:
    answer = world.request("GET", PEOPLE, token=world.application(READER), params={"unitId": unit})
    assert answer.status_code == 404, answer.text


@pytest.mark.parametrize("query", ["ended=maybe", "$filter=days eq 3", "$orderby=days", "$skiptoken=x", "$top=0"])
def test_an_option_that_means_nothing_here_is_refused(world: World, query: str) -> None:
    answer = world.request("GET", f"{PEOPLE}?{query}", token=world.application(READER))
    assert answer.status_code == 400


def test_whoever_looks_after_a_store_sees_that_store_and_nobody_near_a_role(world: World) -> None:
    _codes(world, {"worker": 5, "helpdesk_administrator": 5, "other_store_worker": 5, "guest": 5})
    token = world.person("manager", READER)
    assert _by_unit(world, token=token) == {STORE: [0, 1, 1, 1, 1]}
    assert _names(_get(world, PEOPLE, token)) == ["worker"]
    assert _names(_get(world, f"{PEOPLE}?unitId={STORE}", token)) == ["worker"]
    for unit in (OTHER_STORE, guid("no store"), "none"):
        answer = world.request("GET", f"{PEOPLE}?unitId={unit}", token=token)
        assert answer.status_code == 403
    for name in ("role_group_member", "helpdesk_administrator"):
        _join(world, name, OTHER_STORE)
    _codes(world, {"role_group_member": 5})
    assert _by_unit(world)[STORE] == [0, 2, 2, 2, 2], "who sees everything counts administrators too"


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("global_administrator", 200),
        ("global_reader", 200),
        ("authentication_administrator", 200),
        ("privileged_authentication_administrator", 200),
        ("user_administrator", 403),
        ("authentication_policy_administrator", 403),
        ("worker", 403),
    ],
)
def test_people_need_a_role(world: World, name: str, status: int) -> None:
    for path in (PATH, PEOPLE):
        assert world.request("GET", path, token=world.person(name, READER)).status_code == status


def test_a_guest_with_a_role_in_a_unit_sees_nothing_without_directory_readers(world: World) -> None:
    row = {
        "tenant_id": TENANT,
        "id": guid("guest's assignment"),
        "principal_id": guid("guest"),
        "role_definition_id": roles.AUTHENTICATION_ADMINISTRATOR,
        "administrative_unit_id": STORE,
        "created_at": START,
    }
    world.transact(lambda tx: tx.execute(sa.insert(role_assignments).values(row)))
    assert world.request("GET", PATH, token=world.person("guest", READER)).status_code == 403


@pytest.mark.parametrize(
    ("permission", "status"),
    [
        ("AuditLog.Read.All", 200),
        ("UserAuthMethod-QR.Read.All", 200),
        ("UserAuthenticationMethod.ReadWrite.All", 200),
        ("User.Read.All", 403),
    ],
)
def test_applications_need_a_permission(world: World, permission: str, status: int) -> None:
    assert world.request("GET", PATH, token=world.application(permission)).status_code == status


def test_an_own_scope_does_not_reach_a_store(world: World) -> None:
    token = world.person("global_administrator", "UserAuthMethod-QR.Read UserAuthenticationMethod.ReadWrite")
    assert world.request("GET", PATH, token=token).status_code == 403


def test_people_are_filtered_sorted_and_counted_and_units_counted(world: World) -> None:
    _codes(world, {"worker": 5, "colleague": 5, "other_store_worker": 5, "guest": 6})
    answer = world.request(
        "GET",
        f"{PEOPLE}?$filter=userDisplayName ne 'Guest'&$orderby=userDisplayName desc&$count=true&$top=2",
        token=world.application(READER),
    ).json()
    assert answer["@odata.count"] == 3
    assert _names(answer["value"]) == ["worker", "other_store_worker"]
    for token, number in ((world.application(READER), 3), (world.person("manager", READER), 1)):
        counted_units = world.request("GET", f"{PATH}?$count=true&$top=1", token=token).json()
        assert counted_units["@odata.count"] == number
        assert len(counted_units["value"]) == 1


def test_pages_are_followed_to_the_end(world: World) -> None:
    _codes(world, {"worker": 5, "colleague": 5, "other_store_worker": 5, "guest": 6})
    for path, name, many in ((PATH, "unitId", 3), (f"{PEOPLE}?days=7", "userId", 4)):
        seen: list[str | None] = []
        following = f"{path}{'&' if '?' in path else '?'}$top=1"
        while following:
            with counted(world) as statements:
                answer = world.request("GET", following, token=world.application(READER)).json()
            assert sum(one.startswith(("SELECT", "WITH")) for one in statements) == 2, "the caller, and the page"
            seen += [item[name] for item in answer["value"]]
            following = answer.get("@odata.nextLink", "").partition("/v1.0")[2]
        assert len(seen) == len(set(seen)) == many
    assert seen == [
        *sorted([guid("worker"), guid("colleague"), guid("other_store_worker")], key=_code_id),
        guid("guest"),
    ]


def _code_id(user_id: str) -> str:
    names = {guid(name): name for name in ("worker", "colleague", "other_store_worker")}
    return guid(f"code of {names[user_id]} ")


NAMES = ("worker", "colleague", "other_store_worker", "guest", "role_group_member")
UNITS = (STORE, OTHER_STORE, guid("third store"))
_lives = st.dictionaries(st.sampled_from(NAMES), st.integers(-10, 100) | st.just(0), max_size=len(NAMES))
_homes = st.frozensets(st.tuples(st.sampled_from(NAMES), st.sampled_from(UNITS)))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_lives, _homes, st.integers(1, 395))
def test_the_numbers_are_those_of_counting_by_hand_and_each_has_its_people(
    world: World, lives: dict[str, int], homes: frozenset[tuple[str, str]], days: int
) -> None:
    def work(tx: Transaction) -> None:
        for table in (qr_codes, administrative_unit_members):
            tx.execute(sa.delete(table))
        tx.execute(sa.delete(administrative_units).where(administrative_units.c.id == UNITS[2]))
        third = {"tenant_id": TENANT, "id": UNITS[2], "display_name": "Third", "created_at": START}
        tx.execute(sa.insert(administrative_units).values(is_member_management_restricted=False, **third))
        for name, left in lives.items():
            _add_code(tx, name, timedelta(days=left))
        for name, unit in homes:
            row = {"administrative_unit_id": unit, "member_id": guid(name), "member_kind": "user"}
            tx.execute(sa.insert(administrative_unit_members).values(tenant_id=TENANT, **row))

    world.transact(work)
    found = _by_unit(world, days)
    placed = {name for name, _ in homes}
    for unit in (*UNITS, None):
        there = {name for name in NAMES if (name, unit) in homes or (unit is None and name not in placed)}
        left = [lives[name] for name in there if name in lives]
        spans = [sum(0 < one <= span for one in left) for span in (7, 30, 90, days)]
        assert found[unit] == [sum(one <= 0 for one in left), *spans]
        for query, number in ((f"days={days}", spans[-1]), ("ended=true", found[unit][0])):
            assert len(_get(world, f"{PEOPLE}?unitId={unit or 'none'}&{query}")) == number
