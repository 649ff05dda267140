"""Who looks after badges sees the people in reach, what they hold and what is wrong with it, and nobody else."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from badgepin.domain import directory_role as roles
from badgepin.store.tables import (
    administrative_unit_members,
    pin_charges,
    pin_locks,
    pins,
    qr_codes,
    role_assignments,
    users,
)
from badgepin.store.transaction import Transaction
from tests.graph.test_statement_counts import counted
from tests.graph.world import OTHER_STORE, START, STORE, TENANT, World, guid, upn

PEOPLE = "/badgepin/people"
SCOPES = "UserAuthMethod-QR.ReadWrite.All"


@pytest.fixture
def manager(world: World) -> str:
    """The token of somebody who is Badge Manager of the store, and nothing else."""
    _assign(world, "manager", roles.BADGE_MANAGER, STORE)
    return world.person("manager", SCOPES)


def _assign(world: World, name: str, role: str, unit: str = "") -> None:
    def work(tx: Transaction) -> None:
        tx.execute(sa.delete(role_assignments).where(role_assignments.c.principal_id == guid(name)))
        row = {"tenant_id": TENANT, "id": guid(f"{role} of {name}"), "principal_id": guid(name), "created_at": START}
        tx.execute(
            sa.insert(role_assignments).values({**row, "role_definition_id": role, "administrative_unit_id": unit})
        )

    world.transact(work)


def _people(world: World, token: str, query: str = "") -> list[dict[str, Any]]:
    answer = world.request("GET", f"{PEOPLE}{query}", token=token)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["value"])


def _names(found: list[dict[str, Any]]) -> list[str]:
    return [item["userPrincipalName"].partition("@")[0] for item in found]


def _change(world: World, table: sa.Table, **values: Any) -> None:
    world.transact(lambda tx: tx.execute(sa.update(table).values(values)))


def test_a_manager_sees_the_people_of_the_store_who_hold_no_role(world: World, manager: str) -> None:
    assert _names(_people(world, manager)) == ["colleague", "worker"]
    found = {item["unitDisplayNames"][0] for item in _people(world, manager)}
    assert found == {"Store"}
    assert all(item["isManageable"] for item in _people(world, manager))


def test_a_manager_does_not_hear_of_other_stores_that_somebody_works_in(world: World, manager: str) -> None:
    row = {"tenant_id": TENANT, "administrative_unit_id": OTHER_STORE, "member_kind": "user"}
    world.transact(
        lambda tx: tx.execute(sa.insert(administrative_unit_members).values({**row, "member_id": guid("worker")}))
    )
    worker = _people(world, manager, '?$search="displayName:worker"')[0]
    assert worker["unitDisplayNames"] == ["Store"]
    everybody = _people(world, world.person("privileged_authentication_administrator"), '?$search="displayName:worker"')
    assert ["Other store", "Store"] in [item["unitDisplayNames"] for item in everybody]


def test_an_administrator_sees_everybody_and_who_is_out_of_their_hands(world: World) -> None:
    found = _people(world, world.person("authentication_administrator"))
    assert {"worker", "other_store_worker", "global_administrator"} <= set(_names(found))
    manageable = {item["userPrincipalName"].partition("@")[0]: item["isManageable"] for item in found}
    assert manageable["worker"]
    assert not manageable["global_administrator"]
    assert not manageable["role_group_member"]


@pytest.mark.parametrize("role", [roles.HELPDESK_ADMINISTRATOR, roles.REPORTS_READER])
def test_a_role_that_has_nothing_to_do_with_badges_sees_nobody(world: World, role: str) -> None:
    _assign(world, "manager", role)
    assert world.request("GET", PEOPLE, token=world.person("manager", SCOPES)).status_code == 403


def test_a_badge_is_shown_as_it_stands(world: World, manager: str) -> None:
    def worker() -> dict[str, Any]:
        return _people(world, manager, '?$search="displayName:worker"')[0]

    assert (worker()["badgeState"], worker()["pinState"], worker()["standardQRCode"]) == ("none", "none", None)
    made = world.create_method()
    assert (worker()["badgeState"], worker()["pinState"]) == ("active", "temporary")
    assert worker()["standardQRCode"]["id"] == made["standardQRCode"]["id"]
    temporary = world.create_temporary()
    assert worker()["temporaryQRCode"]["id"] == temporary["id"]
    _change(world, qr_codes, activated_at=None)
    assert worker()["badgeState"] == "notActivated"
    _change(world, qr_codes, activated_at=START, expire_at=START + timedelta(days=30))
    assert worker()["badgeState"] == "expiresSoon"
    _change(world, qr_codes, expire_at=START)
    assert worker()["badgeState"] == "expired"


def test_a_lock_is_shown_with_its_end_and_a_used_up_day_without_one(world: World, manager: str) -> None:
    world.create_method()
    row = world.rows(pins)[0]
    lock = {"tenant_id": TENANT, "pin_id": row["id"], "qr_code_id": "", "failures": 5}
    until = START + timedelta(minutes=5)
    world.transact(lambda tx: tx.execute(sa.insert(pin_locks).values({**lock, "locked_until": until})))
    worker = _people(world, manager, "?state=locked")[0]
    assert (worker["pinState"], worker["pinLockedUntilDateTime"]) == ("locked", "2026-11-23T09:05:00.1234560Z")
    world.clock.move(minutes=5)
    assert _people(world, manager, "?state=locked") == []
    charges = [
        {"tenant_id": TENANT, "id": guid(f"charge {n}"), "pin_id": row["id"], "qr_code_id": "", "proof_id": guid("p")}
        for n in range(world.installation.lockout_rules.pin_day)
    ]
    world.transact(lambda tx: tx.execute(sa.insert(pin_charges), [{**c, "charged_at": START} for c in charges]))
    worker = _people(world, manager, "?state=locked")[0]
    assert (worker["pinState"], worker["pinLockedUntilDateTime"]) == ("locked", None)
    _change(world, pins, disabled_at=START)
    assert _people(world, manager, "?state=locked")[0]["pinState"] == "disabled"


def test_filters_find_who_needs_something(world: World, manager: str) -> None:
    world.create_method("worker", standardQRCode={"expireDateTime": "2026-12-03T00:00:00Z"})
    assert _names(_people(world, manager, "?state=noBadge")) == ["colleague"]
    assert _names(_people(world, manager, "?state=expiresSoon")) == ["worker"]
    assert _people(world, manager, "?state=temporary") == []
    world.create_temporary()
    assert _names(_people(world, manager, "?state=temporary")) == ["worker"]
    refused = world.request("GET", f"{PEOPLE}?state=tired", token=manager)
    assert refused.status_code == 400
    assert "noBadge, expiresSoon, locked, temporary" in refused.json()["error"]["message"]


def test_everything_about_another_store_is_answered_as_if_it_did_not_exist(world: World, manager: str) -> None:
    world.create_method("other_store_worker")
    for name in ("other_store_worker", "global_administrator"):
        for known, unknown in (
            (guid(name), guid("nobody")),
            (upn(name), upn("nobody")),
        ):
            for path in (PEOPLE + "/{}", PEOPLE + "/{}/activity"):
                answers = [world.request("GET", path.format(each), token=manager) for each in (known, unknown)]
                told = [
                    (answer.status_code, answer.json()["error"]["message"].replace(each, "?"))
                    for answer, each in zip(answers, (known, unknown), strict=True)
                ]
                assert told[0] == told[1]
                assert told[0][0] == 404
    for path in ("/badgepin/people?unitId={}", "/badgepin/activity?unitId={}"):
        here = [
            world.request("GET", path.format(unit), token=manager).status_code for unit in (OTHER_STORE, guid("no"))
        ]
        assert here == [404, 404]


def test_a_person_comes_with_what_keeps_them_from_signing_in(world: World, manager: str) -> None:
    world.create_method()
    path = "/policies/authenticationMethodsPolicy/authenticationMethodConfigurations/qrCodePin"
    policy = {"@odata.type": "#microsoft.graph.qrCodePinAuthenticationMethodConfiguration", "state": "enabled"}
    assert world.request("PATCH", path, token=world.person("global_administrator"), json=policy).is_success
    world.transact(
        lambda tx: tx.execute(sa.update(users).where(users.c.id == guid("worker")).values(account_enabled=False))
    )
    worker = world.request("GET", f"{PEOPLE}/{guid('worker')}", token=manager).json()
    assert worker["cause"] == "The account is disabled."
    assert worker["fix"]


def test_the_activity_of_a_store_holds_its_people_and_nobody_else(world: World, manager: str) -> None:
    for name in ("worker", "other_store_worker"):
        world.create_method(name)
    found = world.request("GET", "/badgepin/activity", token=manager).json()["value"]
    assert [item["userPrincipalName"] for item in found if not item["isAlert"]] == [upn("worker")]
    assert {item["userPrincipalName"] for item in found} == {upn("worker")}
    of_worker = world.request("GET", f"{PEOPLE}/{guid('worker')}/activity", token=manager).json()["value"]
    assert of_worker == found
    of_all = world.request("GET", "/badgepin/activity", token=world.person("global_reader")).json()["value"]
    assert {item["userPrincipalName"] for item in of_all} == {upn("worker"), upn("other_store_worker")}


def test_a_page_of_people_is_two_statements_however_many_there_are(world: World, manager: str) -> None:
    for again in (False, True):
        with counted(world) as seen:
            _people(world, manager)
        assert [text.split()[0] for text in seen if text != "BEGIN"] == ["SELECT", "SELECT"]
        if not again:
            world.create_method()


def test_the_desk_tells_whose_it_is_and_what_can_be_opened(world: World, manager: str) -> None:
    mine = world.request("GET", "/badgepin/desk", token=manager).json()
    assert (mine["units"], mine["pages"]) == ([{"id": STORE, "displayName": "Store"}], [])
    assert (mine["roleDisplayNames"], mine["seesPeople"], mine["seesEverybody"]) == (["Badge Manager"], True, False)
    admin = world.request("GET", "/badgepin/desk", token=world.person("global_administrator")).json()
    assert admin["pages"][:2] == ["policy", "stores"]
    assert admin["seesEverybody"]
    assert world.request("GET", "/badgepin/desk", token=world.admin).status_code == 403
