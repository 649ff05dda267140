"""Guesses are counted before they are checked: exactly so many, whoever asks, however many at once."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from badgepin.crypto.pin_hash import HashSlot
from badgepin.reference_client import Proven, Refused, SignedIn
from badgepin.store import charging
from badgepin.store import pin as pin_store
from badgepin.store.charging import Taken
from badgepin.store.tables import pin_charges, pins, qr_codes
from badgepin.store.transaction import Transaction
from tests.figures import Figure, record
from tests.graph.world import World
from tests.portal.screen import CHOSEN, PATH, Screen, badge_of, settled_badge, together

WRONG = "11112222"


@pytest.fixture
def evaluated(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every guess that reached the hash: the verifier itself, counted."""
    seen: list[str] = []
    check = HashSlot.is_pin

    async def counted(self: HashSlot, digits: str, *rest: Any) -> bool:
        seen.append(digits)
        return await check(self, digits, *rest)

    monkeypatch.setattr(HashSlot, "is_pin", counted)
    return seen


def _proofs(world: World, badge: str, count: int) -> list[tuple[Screen, Proven]]:
    found = []
    for _ in range(count):
        screen = Screen(world)
        proven = screen.scan(badge)
        assert isinstance(proven, Proven)
        found.append((screen, proven))
    return found


def _guess(screen: Screen, proven: Proven, pin: str) -> Any:
    body = json.dumps({"request": "", "proof": proven.handle, "pin": pin}).encode()
    return screen.send("POST", f"{PATH}/pin", body, {"content-type": "application/json"})


def _attack(world: World, badge: str, guesses: int) -> list[str]:
    """So many guesses at once, each under a proof of its own; answers their codes."""
    ready = _proofs(world, badge, guesses)
    answers = world.run(together(*(_guess(screen, proven, WRONG) for screen, proven in ready)))
    busy = [answer for answer in answers if answer.status == 503]
    assert len(busy) < len(answers)
    return [answer.json()["error"]["code"] for answer in answers]


def test_of_64_parallel_guesses_exactly_five_are_evaluated(world: World, evaluated: list[str]) -> None:
    badge = settled_badge(world)
    evaluated.clear()
    codes = _attack(world, badge, 64)
    record(
        Figure(
            "I4",
            f"64 guesses at once, evaluated beyond the limit of 5, {world.installation.database.dialect}",
            64,
            len(evaluated) - 5,
            "charge left out: more than 5 of 16 (the test beside it)",
        )
    )
    assert len(evaluated) == 5
    assert codes.count("wrongPin") + codes.count("pinLocked") + codes.count("busy") == 64
    assert codes.count("wrongPin") == 4


def test_a_counter_that_is_written_after_the_check_lets_more_through(
    world: World, evaluated: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # the negative control: without the charge in front nothing stops guesses that are on their way
    def uncharged(*_: object, **__: object) -> pin_store.Step:
        return pin_store.Step(1, None)

    badge = settled_badge(world)
    evaluated.clear()
    monkeypatch.setattr(pin_store, "charge", uncharged)
    monkeypatch.setattr(charging, "charge", uncharged)
    monkeypatch.setattr(charging, "charge_at_once", lambda *_, **__: Taken(pin_store.Step(1, None), 2))
    _attack(world, badge, 16)
    assert len(evaluated) > 5


def _wait_out(world: World) -> None:
    world.clock.move(hours=1)


def test_a_code_has_ten_failures_a_day_and_the_pin_twenty(world: World, evaluated: list[str]) -> None:
    standard = settled_badge(world)
    temporary = badge_of(world.create_temporary(hours=12))
    evaluated.clear()
    for badge in (standard, temporary):
        for _ in range(11):
            Screen(world).sign_in(badge, WRONG)
            world.clock.move(minutes=16)
    assert len(evaluated) == 20
    assert {row["qr_code_id"] for row in world.rows(pin_charges) if row["cleared_at"] is None} == {
        row["id"] for row in world.rows(qr_codes)
    }


def test_a_thief_with_the_standard_badge_cannot_spend_the_temporary_codes_tries(world: World) -> None:
    stolen = settled_badge(world)
    for _ in range(12):
        Screen(world).sign_in(stolen, WRONG)
        world.clock.move(minutes=61)
    temporary = badge_of(world.create_temporary())
    assert isinstance(Screen(world).sign_in(temporary, CHOSEN), SignedIn)


def test_the_owners_success_does_not_give_a_thief_new_tries(world: World) -> None:
    badge = settled_badge(world)
    for _ in range(4):
        Screen(world).sign_in(badge, WRONG)
    assert isinstance(Screen(world).sign_in(badge, CHOSEN), SignedIn)
    unredeemed = [row for row in world.rows(pin_charges) if row["cleared_at"] is None]
    assert len(unredeemed) == 4
    assert world.rows(pins)[0]["life_failures"] == 4


def test_after_fifty_failures_pin_and_codes_are_disabled_for_good(world: World, evaluated: list[str]) -> None:
    badge = settled_badge(world)
    evaluated.clear()
    last = None
    for _ in range(60):
        last = Screen(world).sign_in(badge, WRONG)
        world.clock.move(hours=3)
    assert len(evaluated) == 50
    assert isinstance(last, Refused)
    assert last.code == "codeRevoked"
    assert all(row["revoked_at"] is not None for row in world.rows(qr_codes))


def test_three_tries_a_scan_then_the_badge_must_be_scanned_again(world: World, screen: Screen) -> None:
    proven = screen.scan(settled_badge(world))
    assert isinstance(proven, Proven)
    codes = [
        refused.code for refused in (screen.enter(proven, WRONG) for _ in range(4)) if isinstance(refused, Refused)
    ]
    assert codes == ["wrongPin", "wrongPin", "wrongPin", "scanAgain"]


def test_a_manager_unlocks_and_the_next_try_counts(world: World, screen: Screen) -> None:
    badge = settled_badge(world)
    for _ in range(5):
        Screen(world).sign_in(badge, WRONG)
    locked = screen.sign_in(badge, CHOSEN)
    assert isinstance(locked, Refused)
    assert (locked.code, locked.retry_at is None) == ("pinLocked", False)
    path = world.method_path("worker", "/pin/unlock")
    assert world.request("POST", path, token=world.person("manager"), json={"reason": "at the desk"}).status_code == 204
    assert world.rows(pins)[0]["life_failures"] == 5
    assert isinstance(Screen(world).sign_in(badge, CHOSEN), SignedIn)


def test_nobody_unlocks_themselves_or_somebody_of_another_store(world: World) -> None:
    settled_badge(world)
    path = world.method_path("worker", "/pin/unlock")
    worker = world.person("worker", "UserAuthenticationMethod.ReadWrite.All Directory.AccessAsUser.All")
    assert world.request("POST", path, token=worker, json={}).status_code == 403
    other = world.method_path("other_store_worker", "/pin/unlock")
    assert world.request("POST", other, token=world.person("manager"), json={}).status_code in {403, 404}


def test_update_pin_and_the_page_spend_the_same_budget(world: World, evaluated: list[str]) -> None:
    badge = settled_badge(world)
    evaluated.clear()
    path = world.method_path("worker", "/updatePin")
    for _ in range(11):
        Screen(world).sign_in(badge, WRONG)
        body = {"currentPin": WRONG, "newPin": "86420975"}
        world.request("POST", path, token=world.person("worker"), json=body)
        world.clock.move(minutes=61)
    assert len(evaluated) == 20


@pytest.mark.parametrize("state", ["disabled", "other version"])
def test_a_pin_that_ended_between_scan_and_entry_is_not_even_checked(
    world: World, screen: Screen, evaluated: list[str], state: str
) -> None:
    proven = screen.scan(settled_badge(world))
    assert isinstance(proven, Proven)
    values: dict[str, Any] = {"disabled_at": world.clock.now} if state == "disabled" else {"version": 9}

    def change(tx: Transaction) -> None:
        tx.execute(sa.update(pins).values(**values))

    world.transact(change)
    evaluated.clear()
    refused = screen.enter(proven, CHOSEN)
    assert isinstance(refused, Refused)
    assert refused.code in {"pinDisabled", "scanAgain"}
    assert not evaluated


def test_a_busy_server_charges_nothing(world: World, screen: Screen) -> None:
    proven = screen.scan(settled_badge(world))
    assert isinstance(proven, Proven)
    before = len(world.rows(pin_charges))
    hasher = world.installation.hasher
    free = hasher._free

    async def hold(work: Callable[[], Any]) -> Any:
        for _ in range(hasher.places):
            await free.acquire()
        try:
            return await work()
        finally:
            for _ in range(hasher.places):
                free.release()

    answer = world.run(hold(lambda: _guess(screen, proven, WRONG)))
    assert answer.status == 503
    assert answer.json()["error"]["code"] == "busy"
    assert len(world.rows(pin_charges)) == before
