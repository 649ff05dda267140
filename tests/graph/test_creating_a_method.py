"""PUT .../qrCodePinMethod (graph-contract 6.4)."""

import asyncio
from base64 import b64decode
from datetime import timedelta

import pytest

from badgepin.domain.badge_text import BadgeText, read_badge_text
from badgepin.domain.method_policy import MethodPolicy
from badgepin.store import method_policy, tables
from tests.graph.world import TENANT, World, guid, upn
from tests.printing.reading import read_svg

STANDARD = {"startDateTime": "2026-11-23T09:00:00Z", "expireDateTime": "2027-11-23T09:00:00Z"}


def test_it_answers_201_with_image_and_pin_once(world: World) -> None:
    path = world.method_path("worker")
    body = {"standardQRCode": STANDARD, "pin": {"code": "09599786"}}
    answer = world.request("PUT", f"/beta{path}", token=world.admin, json=body)
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/beta/users/{guid('worker')}/authentication/qrCodePinMethod"
    assert answer.headers["cache-control"] == "no-store"
    made = answer.json()
    assert made["@odata.context"].endswith(
        f"/beta/$metadata#users('{guid('worker')}')/authentication/qrCodePinMethod/$entity"
    )
    assert made["@odata.type"] == "#microsoft.graph.qrCodePinAuthenticationMethod"
    assert made["createdDateTime"] == "2026-11-23T09:00:00.1234560Z"
    assert made["temporaryQRCode"] is None
    code = made["standardQRCode"]
    assert (code["startDateTime"], code["expireDateTime"]) == ("2026-11-23T09:00:00Z", "2027-11-23T09:00:00Z")
    assert code["lastUsedDateTime"] == "0001-01-01T00:00:00Z"
    pin = made["pin"]
    assert (pin["code"], pin["forceChangePinNextSignIn"]) == ("09599786", True)
    assert pin["createdDateTime"] == pin["updatedDateTime"]
    assert len({made["id"], code["id"], pin["id"]}) == 3
    later = world.request("GET", path, token=world.admin).json()
    assert later["standardQRCode"]["image"] is None
    assert later["pin"]["code"] is None


def test_the_image_decodes_to_the_raw_content_and_to_the_code(world: World) -> None:
    code = world.create_method()["standardQRCode"]
    image = code["image"]
    assert (image["version"], image["errorCorrectionLevel"]) == (1, "m")
    text = b64decode(image["rawContent"]).decode()
    svg = b64decode(image["binaryValue"])
    assert svg.startswith(b"<svg")
    assert read_svg(svg) == text
    badge = read_badge_text(text)
    assert isinstance(badge, BadgeText)
    assert badge.qr_code_id == code["id"]


def test_a_pin_that_is_not_given_is_generated_with_the_policy_s_length(world: World) -> None:
    world.transact(lambda tx: method_policy.save(tx, TENANT, MethodPolicy(pin_length=10), world.clock.now))
    for number, pin in enumerate([None, {}, {"code": None}, {"code": ""}]):
        name = ["worker", "colleague", "other_store_worker", "manager"][number]
        made = world.create_method(name, pin=pin)
        assert len(made["pin"]["code"]) == 10
        assert made["pin"]["code"].isdecimal()


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"pin": {"code": "13572468"}}, "standardQRCodeRequired"),
        ({"standardQRCode": None}, "standardQRCodeRequired"),
        ({}, "standardQRCodeRequired"),
        ({"standardQRCode": STANDARD, "temporaryQRCode": {}}, "standardQRCodeRequired"),
        ({"standardQRCode": STANDARD, "pin": {"code": "1357246"}}, "pinTooShort"),
        ({"standardQRCode": STANDARD, "pin": {"code": "1357246a"}}, "pinTooShort"),
        ({"standardQRCode": STANDARD, "pin": {"code": "１３５７２４６８"}}, "pinTooShort"),  # noqa: RUF001 - digits of another script
        ({"standardQRCode": STANDARD, "pin": {"code": "135724681357246813579"}}, "pinTooLong"),
        ({"standardQRCode": STANDARD, "pin": {"code": "12121299"}}, "invalidPin"),
        ({"standardQRCode": STANDARD, "pin": {"code": "34234299"}}, "invalidPin"),
        ({"standardQRCode": STANDARD, "pin": {"code": "0123456789"}}, "invalidPin"),
        ({"standardQRCode": STANDARD | {"expireDateTime": "2027-12-24T09:00:00Z"}}, "qrCodeLifeTimeExceedLimit"),
        ({"standardQRCode": STANDARD | {"expireDateTime": "2026-11-23T09:00:00Z"}}, "badRequest"),
        ({"standardQRCode": STANDARD | {"expireDateTime": "soon"}}, "badRequest"),
        ({"standardQRCode": STANDARD | {"startDateTime": 5}}, "badRequest"),
        (
            {"standardQRCode": STANDARD | {"startDateTime": "9999-12-31T23:59:59Z", "expireDateTime": None}},
            "badRequest",
        ),
        ({"standardQRCode": []}, "badRequest"),
        ({"standardQRCode": STANDARD, "pin": {"code": 13572468}}, "badRequest"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_changes(world: World, body: dict[str, object], code: str) -> None:
    answer = world.request("PUT", world.method_path("worker"), token=world.admin, json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)
    assert world.rows(tables.qr_code_pin_methods) == []
    assert world.rows(tables.audit_events) == []


@pytest.mark.parametrize("pin", ["09599786", "56745755", "35387687", "1234567890", "00012045", "12345678"])
def test_pins_that_scripts_send_pass(world: World, pin: str) -> None:
    assert world.create_method(pin={"code": pin})["pin"]["code"] == pin


def test_a_second_method_is_refused_and_a_bad_pin_is_named_before_that(world: World) -> None:
    world.create_method()
    path, body = world.method_path("worker"), {"standardQRCode": STANDARD, "pin": {"code": "13572468"}}
    answer = world.request("PUT", path, token=world.admin, json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "tooManyQRCodePinMethod")
    answer = world.request("PUT", path, token=world.admin, json=body | {"pin": {"code": "1"}})
    assert answer.json()["error"]["code"] == "pinTooShort"


def test_a_method_without_active_code_is_replaced_as_a_whole(world: World) -> None:
    first = world.create_method(standardQRCode={"expireDateTime": "2026-11-23T10:00:00Z"})
    world.clock.move(hours=2)
    second = world.create_method()
    assert first["id"] != second["id"]
    assert first["pin"]["id"] != second["pin"]["id"]
    assert first["standardQRCode"]["id"] != second["standardQRCode"]["id"]
    assert [row["id"] for row in world.rows(tables.qr_code_pin_methods)] == [second["id"]]


def test_of_parallel_puts_exactly_one_succeeds(world: World) -> None:
    path, body = world.method_path("worker"), {"standardQRCode": {}, "pin": {"code": "13572468"}}

    async def all_at_once() -> list[int]:
        answers = await asyncio.gather(*(world.send("PUT", path, token=world.admin, json=body) for _ in range(10)))
        assert all(answer.status_code in {201, 400, 503} for answer in answers)
        return [answer.status_code for answer in answers]

    assert world.run(all_at_once()).count(201) == 1
    assert len(world.rows(tables.qr_codes)) == 1


def test_what_real_clients_send_is_read(world: World) -> None:
    body = (
        '{"@odata.type":"microsoft.graph.QrCodePinAuthenticationMethod","unknown":{"a":[1]},"id":"x",'
        '"standardQRCode":{"startDateTime":"12/1/2026 12:00:00 PM +00:00",'
        '"expireDateTime":"2027-01-01T10:00:00.1234567-08:00",},'
        '"temporaryQRCode":null,"pin":{"code":"",},}'
    )
    headers = {"content-type": "application/json; charset=utf-8"}
    answer = world.request("PUT", world.method_path("worker"), token=world.admin, content=body, headers=headers)
    assert answer.status_code == 201, answer.text
    code = answer.json()["standardQRCode"]
    assert (code["startDateTime"], code["expireDateTime"]) == ("2026-12-01T12:00:00Z", "2027-01-01T18:00:00Z")


def test_a_worker_may_create_their_own(world: World) -> None:
    path = "/me/authentication/qrCodePinMethod"
    answer = world.request("PUT", path, token=world.person("worker"), json={"standardQRCode": {}})
    assert answer.status_code == 201
    assert {event["activity"] for event in world.rows(tables.audit_events)} == {"User registered security info"}


def test_ms_qrpin_is_printed_when_set(strict_world: World) -> None:
    world = strict_world
    made = world.create_method(standardQRCode=STANDARD)["standardQRCode"]
    text = b64decode(made["image"]["rawContent"]).decode()
    assert text.startswith(f"ms-qrpin:v1|{upn('worker')}|{made['id']}|")
    assert made["image"]["errorCorrectionLevel"] == "l"
    assert read_svg(b64decode(made["image"]["binaryValue"])) == text


def test_lifetimes_default_to_the_policy(world: World) -> None:
    world.transact(lambda tx: method_policy.save(tx, TENANT, MethodPolicy(standard_lifetime_days=30), world.clock.now))
    code = world.create_method()["standardQRCode"]
    end = (world.clock.now + timedelta(days=30)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert (code["startDateTime"], code["expireDateTime"]) == ("2026-11-23T09:00:00Z", end)
