"""PIN reset and updatePin, with the lockout behind them (graph-contract 6.7, 6.8; security design 4)."""

import asyncio

import pytest

from badgepin.store import tables
from tests.graph.world import World, guid

OLD, NEW = "13572468", "86420975"


def _change(
    world: World, current: str, new: str, *, path: str = "/me/authentication/qrCodePinMethod/pin/updatePin"
) -> tuple[int, str]:
    body = {"currentPin": current, "newPin": new}
    answer = world.request("POST", path, token=world.person("worker"), json=body)
    return answer.status_code, answer.json()["error"]["code"] if answer.content else ""


def test_a_reset_gives_a_new_temporary_pin_and_ignores_the_code(world: World) -> None:
    made = world.create_method()["pin"]
    world.clock.move(minutes=5)
    path = world.method_path("worker", "/pin")
    bodies: list[dict[str, object]] = [
        {"content": b"", "headers": {"content-type": "application/json"}},
        {"json": {}},
        {"json": {"code": ""}},
        {"json": {"@odata.type": "#microsoft.graph.qrPin", "code": "11112222"}},
    ]
    seen = {made["code"]}
    for body in bodies:
        answer = world.request("PATCH", path, token=world.admin, **body)
        assert answer.status_code == 201
        pin = answer.json()
        assert (pin["id"], pin["forceChangePinNextSignIn"]) == (made["id"], True)
        assert pin["updatedDateTime"] > made["updatedDateTime"]
        assert pin["code"] not in seen | {"11112222"}
        seen.add(pin["code"])
    assert world.request("GET", path, token=world.admin).json()["code"] is None


@pytest.mark.parametrize("verb", ["PATCH", "POST"])
@pytest.mark.parametrize(
    "below", ["/pin/updatePin", "/updatepin", "/pin/microsoft.graph.updatePin", "/microsoft.graph.updatePin"]
)
def test_the_owner_changes_it_on_every_path(world: World, verb: str, below: str) -> None:
    world.create_method()
    world.clock.move(minutes=5)
    path = f"/me/authentication/qrCodePinMethod{below}"
    body = {"currentPin": OLD, "newPin": NEW}
    answer = world.request(verb, path, token=world.person("worker"), json=body)
    assert (answer.status_code, answer.content) == (204, b"")
    pin = world.request("GET", world.method_path("worker", "/pin"), token=world.admin).json()
    assert pin["forceChangePinNextSignIn"] is False
    assert pin["updatedDateTime"] > pin["createdDateTime"]
    assert _change(world, OLD, "97531086") == (400, "incorrectPin")
    assert _change(world, NEW, "97531086") == (204, "")


@pytest.mark.parametrize(
    ("current", "new", "code"),
    [
        (OLD, "1357246", "pinTooShort"),
        (OLD, "1" * 21, "pinTooLong"),
        (OLD, "12121299", "invalidPin"),
        (OLD, "19840229", "invalidPin"),
        (OLD, "12345678", "invalidPin"),
        (OLD, OLD, "invalidPin"),
        (OLD, "", "badRequest"),
        ("", NEW, "badRequest"),
        ("00000000", NEW, "incorrectPin"),
    ],
)
def test_what_is_wrong_is_named(world: World, current: str, new: str, code: str) -> None:
    world.create_method()
    assert _change(world, current, new) == (400, code)
    assert _change(world, OLD, NEW) == (204, "")


def test_a_slip_in_the_new_pin_costs_no_attempt(world: World) -> None:
    world.create_method()
    for _ in range(20):
        assert _change(world, OLD, "1") == (400, "pinTooShort")
    assert world.rows(tables.pin_charges) == []


def test_five_wrong_guesses_make_it_wait_a_minute_even_for_the_right_one(world: World) -> None:
    world.create_method()
    for _ in range(5):
        assert _change(world, "00000000", NEW) == (400, "incorrectPin")
    assert _change(world, OLD, NEW) == (400, "pinLocked")
    world.clock.move(seconds=59)
    assert _change(world, OLD, NEW) == (400, "pinLocked")
    world.clock.move(seconds=1)
    assert _change(world, OLD, NEW) == (204, "")


def test_a_right_pin_gives_back_only_its_own_charge(world: World) -> None:
    world.create_method()
    for _ in range(3):
        _change(world, "00000000", NEW)
    assert _change(world, OLD, NEW) == (204, "")
    open_charges = [row for row in world.rows(tables.pin_charges) if row["cleared_at"] is None]
    assert len(open_charges) == 3


def test_ten_wrong_guesses_are_a_day_s_budget(world: World) -> None:
    world.create_method()
    evaluated = 0
    for _ in range(40):
        status, code = _change(world, "00000000", NEW)
        evaluated += code == "incorrectPin"
        assert status == 400
        world.clock.move(minutes=10)
    assert evaluated == 10
    world.clock.move(hours=24)
    assert _change(world, OLD, NEW) == (204, "")


def test_fifty_wrong_guesses_end_the_pin_and_its_codes(world: World) -> None:
    world.create_method()
    _change(world, OLD, NEW)  # a temporary PIN would die of age first
    evaluated = 0
    for _ in range(400):
        _, code = _change(world, "00000000", "97531086")
        evaluated += code == "incorrectPin"
        world.clock.move(hours=3)
        world.transact(lambda _tx: None)
    assert evaluated == 50
    assert _change(world, NEW, "97531086") == (400, "pinLocked")
    method = world.request("GET", world.method_path("worker"), token=world.admin).json()
    assert method["standardQRCode"] is None


def test_of_many_parallel_guesses_exactly_five_are_evaluated(world: World) -> None:
    world.create_method()
    path = "/me/authentication/qrCodePinMethod/updatePin"
    body = {"currentPin": "00000000", "newPin": NEW}

    async def all_at_once() -> list[str]:
        token = world.person("worker")
        answers = await asyncio.gather(*(world.send("POST", path, token=token, json=body) for _ in range(32)))
        return [answer.json()["error"]["code"] for answer in answers]

    codes = world.run(all_at_once())
    assert codes.count("incorrectPin") == 5
    assert set(codes) <= {"incorrectPin", "pinLocked", "serviceNotAvailable"}


def test_a_reset_clears_the_wait(world: World) -> None:
    world.create_method()
    for _ in range(5):
        _change(world, "00000000", NEW)
    answer = world.request("PATCH", world.method_path("worker", "/pin"), token=world.admin, json={})
    assert _change(world, answer.json()["code"], NEW) == (204, "")


def test_a_temporary_pin_dies_after_seven_days(world: World) -> None:
    world.create_method()
    world.clock.move(days=7)
    assert _change(world, OLD, NEW) == (400, "pinLocked")


def test_applications_may_not_change_a_pin(world: World) -> None:
    world.create_method()
    body = {"currentPin": OLD, "newPin": NEW}
    path = world.method_path("worker", "/pin/updatePin")
    answer = world.request("POST", path, token=world.application("Directory.AccessAsUser.All"), json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "accessDenied")


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("authentication_administrator", 204),
        ("privileged_authentication_administrator", 204),
        ("manager", 204),
        ("global_administrator", 403),
        ("helpdesk_administrator", 403),
        ("colleague", 403),
    ],
)
def test_somebody_else_s_pin_needs_an_authentication_administrator(world: World, name: str, status: int) -> None:
    world.create_method()
    body = {"currentPin": OLD, "newPin": NEW}
    answer = world.request("POST", world.method_path("worker", "/updatePin"), token=world.person(name), json=body)
    assert answer.status_code == status


def test_in_strict_mode_nobody_changes_somebody_else_s_pin(strict_world: World) -> None:
    world = strict_world
    world.create_method(
        standardQRCode={"startDateTime": "2026-11-23T09:00:00Z", "expireDateTime": "2027-01-01T00:00:00Z"}
    )
    body = {"currentPin": OLD, "newPin": NEW}
    path = world.method_path("worker", "/updatePin")
    assert world.request("POST", path, token=world.person("authentication_administrator"), json=body).status_code == 403
    only_qr = world.person("worker", "UserAuthMethod-QR.ReadWrite")
    assert (
        world.request("POST", "/me/authentication/qrCodePinMethod/updatePin", token=only_qr, json=body).status_code
        == 403
    )
    assert _change(world, OLD, NEW) == (204, "")


def test_every_attempt_is_in_the_audit_log_without_digits(world: World) -> None:
    world.create_method()
    _change(world, "00000000", NEW)
    _change(world, OLD, NEW)
    events = world.rows(tables.audit_events)
    assert [e["result"] for e in events if e["activity"] == "User failed to change security info"] == ["failure"]
    assert any(e["activity"] == "User updated security info" and e["target_id"] == guid("worker") for e in events)
    text = str(events)
    assert not any(digits in text for digits in (OLD, NEW, "00000000"))
