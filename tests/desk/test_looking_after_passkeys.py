"""Who may see and take away passkeys, and who may invite whom."""

import pytest

from badgepin.domain.directory_role import AUTHENTICATION_ADMINISTRATOR, BADGE_MANAGER, GLOBAL_READER
from badgepin.store import desk_tables
from badgepin.store.tables import audit_events, role_assignments
from tests.desk.browser import DeskBrowser, at_desk, invite
from tests.graph.world import BASE, START, STORE, TENANT, World, guid


def _give(world: World, name: str, role: str, unit: str = "") -> None:
    row = {
        "tenant_id": TENANT,
        "id": guid(f"{name} {role}"),
        "principal_id": guid(name),
        "role_definition_id": role,
        "administrative_unit_id": unit,
        "created_at": START,
    }
    world.transact(lambda tx: tx.execute(role_assignments.insert().values(row)))


def _invitations(name: str) -> str:
    return f"/badgepin/users/{guid(name)}/invitations"


def _passkeys(name: str) -> str:
    return f"/users/{guid(name)}/authentication/fido2Methods"


def test_an_administrator_invites_by_api_and_the_link_works(world: World) -> None:
    browser, _ = at_desk(world)
    made = browser.api("POST", _invitations("global_reader"))
    assert made.status_code == 201, made.text
    assert made.headers["cache-control"] == "no-store"
    address, _, secret = made.json()["link"].partition("#")
    assert address == f"{BASE}/{TENANT}/desk/invitation"
    assert made.json()["expiresDateTime"] == "2026-11-24T09:00:00.1234560Z"
    listed = browser.api("GET", _invitations("global_reader")).json()["value"]
    assert [(entry["id"], entry["link"]) for entry in listed] == [(made.json()["id"], None)]
    assert secret not in str(listed)
    assert DeskBrowser(world).register(secret)[0].status_code == 200
    assert browser.api("GET", _invitations("global_reader")).json()["value"] == []


def test_a_withdrawn_invitation_is_worthless(world: World) -> None:
    browser, _ = at_desk(world)
    made = browser.api("POST", _invitations("global_reader")).json()
    path = f"{_invitations('global_reader')}/{made['id']}"
    assert browser.api("DELETE", path).status_code == 204
    assert browser.api("DELETE", path).status_code == 404
    assert DeskBrowser(world).register(made["link"].partition("#")[2])[0].status_code == 403


def test_an_invitation_needs_a_fresh_proof(world: World) -> None:
    browser, _ = at_desk(world)
    world.clock.move(minutes=15)
    assert browser.api("POST", _invitations("global_reader")).json()["error"]["code"] == "stepUpRequired"


@pytest.mark.parametrize(
    ("inviter", "target", "status"),
    [
        ("global_administrator", "global_reader", 201),
        ("global_administrator", "global_administrator", 403),
        ("privileged_authentication_administrator", "global_administrator", 201),
        ("authentication_administrator", "manager", 403),
        ("authentication_administrator", "colleague", 201),
        ("authentication_administrator", "global_administrator", 403),
        ("user_administrator", "colleague", 403),
        ("manager", "colleague", 403),
        ("global_reader", "colleague", 403),
        ("global_administrator", "worker", 400),
    ],
)
def test_who_may_invite_whom(world: World, inviter: str, target: str, status: int) -> None:
    _give(world, "colleague", BADGE_MANAGER, STORE)
    answer = world.request("POST", _invitations(target), token=world.person(inviter))
    assert answer.status_code == status, answer.text


def test_somebody_with_another_role_besides_is_not_for_an_authentication_administrator_to_invite(world: World) -> None:
    _give(world, "colleague", BADGE_MANAGER, STORE)
    _give(world, "colleague", GLOBAL_READER)
    token = world.person("authentication_administrator")
    assert world.request("POST", _invitations("colleague"), token=token).status_code == 403


def test_an_application_never_invites_however_much_it_may(world: World) -> None:
    assert world.request("POST", _invitations("global_reader"), token=world.admin).status_code == 403
    assert world.rows(desk_tables.desk_invitations) == []


def test_passkeys_are_shown_as_graph_shows_them(world: World) -> None:
    at_desk(world)
    [shown] = world.request("GET", _passkeys("global_administrator"), token=world.admin).json()["value"]
    assert shown.pop("id")
    assert shown == {
        "displayName": "Office phone",
        "createdDateTime": "2026-11-23T09:00:00.1234560Z",
        "aaGuid": "00000000-0000-0000-0000-000000000000",
        "model": None,
        "attestationLevel": "notAttested",
        "attestationCertificates": [],
    }


def test_at_the_desk_one_sees_and_removes_ones_own_even_the_last_one(world: World) -> None:
    browser, _ = at_desk(world)
    [mine] = browser.api("GET", "/me/authentication/fido2Methods").json()["value"]
    path = f"/me/authentication/fido2Methods/{mine['id']}"
    assert browser.api("GET", path).json()["id"] == mine["id"]
    assert browser.api("DELETE", path).status_code == 204
    assert browser.api("GET", "/badgepin/desk").status_code == 401
    assert [row["activity"] for row in world.rows(audit_events)][-1] == "User deleted security info"


@pytest.mark.parametrize(
    ("remover", "status"),
    [
        ("global_administrator", 204),
        ("privileged_authentication_administrator", 204),
        ("authentication_administrator", 403),
        ("user_administrator", 403),
        ("global_reader", 403),
    ],
)
def test_who_may_take_a_passkey_away(world: World, remover: str, status: int) -> None:
    _give(world, "colleague", AUTHENTICATION_ADMINISTRATOR, STORE)
    at_desk(world, "colleague")
    [row] = world.rows(desk_tables.passkeys)
    path = f"{_passkeys('colleague')}/{row['id']}"
    assert world.request("DELETE", path, token=world.person(remover)).status_code == status


def test_a_passkey_of_somebody_else_is_not_found_under_ones_own_name(world: World) -> None:
    browser, _ = at_desk(world)
    at_desk(world, "global_reader")
    [row] = [row for row in world.rows(desk_tables.passkeys) if row["user_id"] == guid("global_reader")]
    assert browser.api("DELETE", f"/me/authentication/fido2Methods/{row['id']}").status_code == 404
    assert len(world.rows(desk_tables.passkeys)) == 2


def test_who_lost_a_device_is_invited_again_and_keeps_both_keys_until_one_is_removed(world: World) -> None:
    at_desk(world)
    assert DeskBrowser(world).register(invite(world, "global_administrator"))[0].status_code == 200
    shown = world.request("GET", _passkeys("global_administrator"), token=world.admin).json()["value"]
    assert len(shown) == 2
