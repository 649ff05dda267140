"""PATCH and DELETE of the two codes (graph-contract 6.5, 6.6, 6.9)."""

import asyncio

import pytest

from badgepin.store import tables
from tests.graph.world import World, guid

STANDARD, TEMPORARY = "/standardQRCode", "/temporaryQRCode"
GO = {"user-agent": "HashiCorp/go-azure-sdk (Go-http-Client/1.1)"}


def _patch(world: World, below: str, body: dict[str, object], **options: object) -> tuple[int, dict[str, object]]:
    answer = world.request("PATCH", world.method_path("worker", below), token=world.admin, json=body, **options)
    return answer.status_code, answer.json()


def test_a_temporary_code_is_created_with_an_image(world: World) -> None:
    world.create_method()
    status, code = _patch(world, TEMPORARY, {"expireDateTime": "2026-11-23T17:00:00Z"})
    assert status == 201
    assert code["@odata.type"] == "#microsoft.graph.qrCode"
    assert code["startDateTime"] == "2026-11-23T09:00:00Z"
    assert code["image"] is not None
    kept = world.request("GET", world.method_path("worker", TEMPORARY), token=world.admin).json()
    assert kept == code | {"image": None}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "badRequest"),
        ({"startDateTime": "2026-11-23T09:00:00Z"}, "badRequest"),
        ({"expireDateTime": "2026-11-23T09:00:00Z"}, "badRequest"),
        ({"expireDateTime": "2026-11-23T21:00:01Z"}, "qrCodeLifeTimeExceedLimit"),
        ({"expireDateTime": "2026-13-01T00:00:00Z"}, "badRequest"),
        ({"expireDateTime": "2026-11-23T17:00:00+25:00"}, "badRequest"),
        ({"expireDateTime": True}, "badRequest"),
    ],
)
def test_a_bad_temporary_code_is_refused(world: World, body: dict[str, object], code: str) -> None:
    world.create_method()
    status, answer = _patch(world, TEMPORARY, body)
    assert (status, answer["error"]["code"]) == (400, code)  # type: ignore[index]
    assert len(world.rows(tables.qr_codes)) == 1


def test_twelve_hours_and_six_minutes_are_both_fine(world: World) -> None:
    world.create_method()
    assert _patch(world, TEMPORARY, {"expireDateTime": "2026-11-23T21:00:00Z"})[0] == 201
    world.request("DELETE", world.method_path("worker", TEMPORARY), token=world.admin)
    assert _patch(world, TEMPORARY, {"expireDateTime": "2026-11-23T09:06:00Z"})[0] == 201


def test_an_active_temporary_code_cannot_be_edited_but_an_expired_one_is_replaced(world: World) -> None:
    world.create_method()
    first = world.create_temporary(hours=1)
    status, answer = _patch(world, TEMPORARY, {"expireDateTime": "2026-11-23T17:00:00Z"})
    assert (status, answer["error"]["code"]) == (400, "ActiveQRCodeExisted")  # type: ignore[index]
    assert "temporaryQRCode" in answer["error"]["message"]  # type: ignore[index]
    world.clock.move(hours=1)
    assert world.create_temporary()["id"] != first["id"]


def test_of_parallel_creations_exactly_one_succeeds(world: World) -> None:
    world.create_method()
    path, body = world.method_path("worker", TEMPORARY), {"expireDateTime": "2026-11-23T17:00:00Z"}

    async def all_at_once() -> list[int]:
        answers = await asyncio.gather(*(world.send("PATCH", path, token=world.admin, json=body) for _ in range(20)))
        return sorted(answer.status_code for answer in answers)

    assert world.run(all_at_once()) == [201] + [400] * 19


def test_the_standard_code_s_end_moves_and_its_id_and_start_stay(world: World) -> None:
    made = world.create_method()["standardQRCode"]
    status, code = _patch(world, STANDARD, {"expireDateTime": "2026-12-31T12:00:00Z"})
    assert status == 200
    assert (code["id"], code["startDateTime"]) == (made["id"], made["startDateTime"])
    assert (code["expireDateTime"], code["image"]) == ("2026-12-31T12:00:00Z", None)
    (row,) = world.rows(tables.qr_codes)
    assert row["revision"] == 2
    same_start = {"startDateTime": made["startDateTime"], "expireDateTime": "2026-12-30T12:00:00Z"}
    assert _patch(world, STANDARD, same_start)[0] == 200


def test_an_empty_update_of_the_standard_code_changes_nothing(world: World) -> None:
    made = world.create_method()["standardQRCode"]
    events = len(world.rows(tables.audit_events))
    status, code = _patch(world, STANDARD, {})
    assert (status, code["expireDateTime"]) == (200, made["expireDateTime"])
    assert len(world.rows(tables.audit_events)) == events


def test_another_start_is_refused_while_a_standard_code_is_active(world: World) -> None:
    world.create_method()
    status, answer = _patch(
        world, STANDARD, {"startDateTime": "2026-11-24T09:00:00Z", "expireDateTime": "2026-12-24T09:00:00Z"}
    )
    assert (status, answer["error"]["code"]) == (400, "ActiveQRCodeExisted")  # type: ignore[index]


def test_an_end_in_the_past_ends_the_standard_code_and_makes_room(world: World) -> None:
    made = world.create_method()["standardQRCode"]
    world.clock.move(hours=1)
    assert _patch(world, STANDARD, {"expireDateTime": "2026-11-23T09:30:00Z"})[0] == 200
    status, code = _patch(world, STANDARD, {})
    assert status == 201
    assert code["id"] != made["id"]
    assert code["image"] is not None


def test_a_deleted_standard_code_leaves_the_rest_and_can_be_made_anew(world: World) -> None:
    world.create_method()
    temporary = world.create_temporary()
    path = world.method_path("worker")
    assert world.request("DELETE", path + STANDARD, token=world.admin).status_code == 204
    method = world.request("GET", path, token=world.admin).json()
    assert (method["standardQRCode"], method["temporaryQRCode"]["id"]) == (None, temporary["id"])
    assert _patch(world, STANDARD, {})[0] == 201


def test_deleting_the_method_takes_codes_and_pin_with_it(world: World) -> None:
    world.create_method()
    world.create_temporary()
    path = world.method_path("worker")
    answer = world.request("DELETE", path, token=world.admin)
    assert (answer.status_code, answer.content) == (204, b"")
    for below in ("", STANDARD, TEMPORARY, "/pin"):
        gone = world.request("GET", path + below, token=world.admin)
        assert (gone.status_code, gone.json()["error"]["code"]) == (404, "resourceNotFound")
    assert world.request("DELETE", path, token=world.admin).status_code == 404
    assert world.rows(tables.pins) == []
    assert all(row["revoked_at"] is not None for row in world.rows(tables.qr_codes))
    world.create_method()


@pytest.mark.parametrize(("headers", "status"), [({}, 201), (GO, 200)])
def test_the_go_sdk_gets_200_where_everybody_else_gets_201(world: World, headers: dict[str, str], status: int) -> None:
    world.create_method()
    body: dict[str, object] = {"expireDateTime": "2026-11-23T17:00:00Z"}
    assert _patch(world, TEMPORARY, body, headers=headers)[0] == status
    assert _patch(world, "/pin", {}, headers=headers)[0] == status


def test_codes_of_a_person_without_method_are_not_found(world: World) -> None:
    for below in (STANDARD, TEMPORARY, "/pin"):
        status, answer = _patch(world, below, {"expireDateTime": "nonsense"})
        assert (status, answer["error"]["code"]) == (404, "resourceNotFound")  # type: ignore[index]


def test_the_list_of_methods_shows_the_method_on_both_versions(world: World) -> None:
    path = f"/users/{guid('worker')}/authentication/methods"
    assert world.request("GET", path, token=world.admin).json()["value"] == []
    made = world.create_method()
    for version in ("/v1.0", "/beta"):
        (item,) = world.request("GET", version + path, token=world.admin).json()["value"]
        assert (item["id"], item["@odata.type"]) == (made["id"], "#microsoft.graph.qrCodePinAuthenticationMethod")
        assert ("lastUsedDateTime" in item) == (version == "/beta")
        assert world.request("GET", f"{path}/{made['id']}", token=world.admin).json()["id"] == made["id"]
        assert world.request("GET", f"{path}/{guid('another')}", token=world.admin).status_code == 404
    only_qr = world.application("UserAuthMethod-QR.ReadWrite.All")
    assert world.request("GET", path, token=only_qr).status_code == 403


def test_the_public_key_is_all_that_is_kept_of_a_badge(world: World) -> None:
    world.create_method()
    (row,) = world.rows(tables.qr_codes)
    assert len(row["public_key"]) == 32
    assert (row["algorithm"], row["kind"]) == ("Ed25519", "standard")
