"""The request it all started from: DELETE .../qrCodePinMethod/temporaryQRCode."""

import asyncio

import pytest

from badgepin.store import tables
from tests.graph.world import World, guid, upn

TEMPORARY = "/temporaryQRCode"


def test_it_answers_204_without_a_body_and_the_code_is_gone(world: World) -> None:
    world.create_method()
    world.create_temporary()
    path = world.method_path("worker", TEMPORARY)
    answer = world.request("DELETE", path, token=world.admin)
    assert (answer.status_code, answer.content) == (204, b"")
    assert world.request("GET", path, token=world.admin).status_code == 404
    again = world.request("DELETE", path, token=world.admin)
    assert (again.status_code, again.json()["error"]["code"]) == (404, "resourceNotFound")


def test_it_removes_an_expired_code(world: World) -> None:
    world.create_method()
    world.create_temporary(hours=1)
    world.clock.move(hours=2)
    path = world.method_path("worker", TEMPORARY)
    assert world.request("GET", path, token=world.admin).status_code == 200
    assert world.request("DELETE", path, token=world.admin).status_code == 204
    assert world.request("GET", path, token=world.admin).status_code == 404


def test_the_standard_code_and_the_pin_are_untouched(world: World) -> None:
    world.create_method()
    world.create_temporary()
    path = world.method_path("worker")
    before = world.request("GET", path, token=world.admin).json()
    assert world.request("DELETE", path + TEMPORARY, token=world.admin).status_code == 204
    assert world.request("GET", path, token=world.admin).json() == before | {"temporaryQRCode": None}


def test_a_new_temporary_code_can_be_created_at_once(world: World) -> None:
    world.create_method()
    first = world.create_temporary()
    assert world.request("DELETE", world.method_path("worker", TEMPORARY), token=world.admin).status_code == 204
    assert world.create_temporary()["id"] != first["id"]


def test_it_leaves_exactly_one_audit_event(world: World) -> None:
    world.create_method()
    code = world.create_temporary()
    before = len(world.rows(tables.audit_events))
    world.request("DELETE", world.method_path("worker", TEMPORARY), token=world.admin)
    world.request("DELETE", world.method_path("worker", TEMPORARY), token=world.admin)
    events = sorted(world.rows(tables.audit_events), key=lambda event: event["activity"])
    assert len(events) == before + 1
    event = next(event for event in events if event["activity"] == "Admin deleted security info")
    assert event["target_id"] == guid("worker")
    assert code["id"] in event["facts"]


def test_of_fifty_parallel_deletes_exactly_one_answers_204(world: World) -> None:
    world.create_method()
    world.create_temporary()
    path = world.method_path("worker", TEMPORARY)

    async def all_at_once() -> list[int]:
        answers = await asyncio.gather(*(world.send("DELETE", path, token=world.admin) for _ in range(50)))
        return sorted(answer.status_code for answer in answers)

    assert world.run(all_at_once()) == [204] + [404] * 49
    deleted = [e for e in world.rows(tables.audit_events) if e["activity"] == "Admin deleted security info"]
    assert len(deleted) == 1


def test_a_body_sent_with_it_is_ignored(world: World) -> None:
    world.create_method()
    world.create_temporary()
    path = world.method_path("worker", TEMPORARY)
    headers = {"content-type": "text/plain"}
    assert world.request("DELETE", path, token=world.admin, content=b"{not json", headers=headers).status_code == 204


@pytest.mark.parametrize("version", ["v1.0", "beta"])
@pytest.mark.parametrize(
    "subject",
    [
        f"/users/{guid('worker')}",
        f"/users/{guid('worker').upper()}",
        f"/users/{upn('worker')}",
        f"/users/{upn('worker').replace('@', '%40').upper()}",
        f"/USERS('{upn('worker')}')",
    ],
)
def test_every_spelling_of_the_path_reaches_it(world: World, version: str, subject: str) -> None:
    world.create_method()
    world.create_temporary()
    path = f"/{version}{subject}/Authentication/QRCODEPINMETHOD/temporaryQrCode"
    assert world.request("DELETE", path, token=world.admin).status_code == 204


def test_a_worker_may_revoke_their_own(world: World) -> None:
    world.create_method()
    world.create_temporary()
    path = "/me/authentication/qrCodePinMethod/temporaryQRCode"
    assert world.request("DELETE", path, token=world.person("worker")).status_code == 204


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("global_administrator", 204),
        ("privileged_authentication_administrator", 204),
        ("authentication_administrator", 204),
        ("manager", 204),
        ("global_reader", 403),
        ("helpdesk_administrator", 403),
        ("password_administrator", 403),
        ("authentication_policy_administrator", 403),
        ("user_administrator", 403),
        ("colleague", 403),
        ("guest", 403),
    ],
)
def test_only_the_right_roles_may(world: World, name: str, status: int) -> None:
    world.create_method()
    world.create_temporary()
    answer = world.request("DELETE", world.method_path("worker", TEMPORARY), token=world.person(name))
    assert answer.status_code == status
    if status == 403:
        assert answer.json()["error"]["code"] == "accessDenied"
        assert world.request("GET", world.method_path("worker", TEMPORARY), token=world.admin).status_code == 200


def test_a_manager_reaches_only_their_own_store(world: World) -> None:
    world.create_method("other_store_worker")
    world.create_temporary("other_store_worker")
    path = world.method_path("other_store_worker", TEMPORARY)
    assert world.request("DELETE", path, token=world.person("manager")).status_code == 403


@pytest.mark.parametrize(
    ("permission", "status"),
    [
        ("UserAuthenticationMethod.ReadWrite.All", 204),
        ("UserAuthMethod-QR.ReadWrite.All", 204),
        ("UserAuthMethod-QR.Read.All", 403),
        ("UserAuthenticationMethod.Read.All", 403),
        ("User.ReadWrite.All", 403),
    ],
)
def test_an_application_needs_the_right_permission(world: World, permission: str, status: int) -> None:
    world.create_method()
    world.create_temporary()
    path = world.method_path("worker", TEMPORARY)
    assert world.request("DELETE", path, token=world.application(permission)).status_code == status


def test_unknown_people_and_missing_methods_are_not_found(world: World) -> None:
    nobody = world.request(
        "DELETE", "/users/nobody@contoso.example/authentication/qrCodePinMethod/temporaryQRCode", token=world.admin
    )
    assert (nobody.status_code, nobody.json()["error"]["code"]) == (404, "Request_ResourceNotFound")
    missing = world.request("DELETE", world.method_path("worker", TEMPORARY), token=world.admin)
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "resourceNotFound")
