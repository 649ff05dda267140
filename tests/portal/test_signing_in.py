"""A badge and a PIN sign somebody in; everything else is refused, and says what helps."""

import pytest

from badgepin.reference_client import Proven, Refused, SignedIn
from badgepin.store.sign_in_tables import sessions
from badgepin.store.tables import pin_charges, pins
from tests.graph.world import TENANT, World, guid
from tests.portal.screen import CHOSEN, PIN, Screen, Till, badge_of, settled_badge, standard_badge


def test_the_first_sign_in_asks_for_a_pin_of_ones_own(world: World, screen: Screen) -> None:
    outcome = screen.sign_in(standard_badge(world))
    assert isinstance(outcome, SignedIn)
    assert outcome.pin_changed
    assert outcome.name == "Worker"
    assert outcome.location == f"/{TENANT}/sign-in/done"
    page = screen.get(outcome.location)
    assert b"Signed in as Worker" in page.body


def test_after_that_the_chosen_pin_signs_in_at_once(world: World, screen: Screen) -> None:
    outcome = screen.sign_in(settled_badge(world), CHOSEN)
    assert isinstance(outcome, SignedIn)
    assert not outcome.pin_changed


def test_a_right_pin_gives_back_what_its_own_tries_cost(world: World, screen: Screen) -> None:
    badge = settled_badge(world)
    proven = screen.scan(badge)
    assert isinstance(proven, Proven)
    wrong = screen.enter(proven, "11112222")
    assert isinstance(wrong, Refused)
    assert (wrong.code, wrong.tries_left) == ("wrongPin", 4)
    assert isinstance(screen.enter(proven, CHOSEN), SignedIn)
    [pin] = world.rows(pins)
    assert pin["life_failures"] == 0
    assert all(row["cleared_at"] is not None for row in world.rows(pin_charges))


def test_a_badge_deleted_between_scan_and_pin_signs_nobody_in(world: World, screen: Screen) -> None:
    proven = screen.scan(settled_badge(world))
    assert isinstance(proven, Proven)
    answer = world.request("DELETE", world.method_path("worker", "/standardQRCode"), token=world.admin)
    assert answer.status_code == 204
    refused = screen.enter(proven, CHOSEN)
    assert isinstance(refused, Refused)
    assert refused.code == "codeRevoked"
    assert len(world.rows(sessions)) == 1


def test_a_delegated_token_from_a_badge_works_on_the_graph_api(world: World, screen: Screen) -> None:
    badge = settled_badge(world)
    tokens = Till(world).tokens(screen, badge)
    answer = world.request("GET", "/me", token=tokens["access_token"])
    assert answer.status_code == 200, answer.text
    assert answer.json()["id"] == guid("worker")


@pytest.mark.parametrize("pin", [PIN, "00000000"])
def test_a_wrong_pin_signs_nobody_in(world: World, screen: Screen, pin: str) -> None:
    refused = screen.sign_in(settled_badge(world), pin)
    assert isinstance(refused, Refused)
    assert refused.code == "wrongPin"
    assert len(refused.handle) == 4


def test_a_temporary_code_signs_in_until_it_ends(world: World, screen: Screen) -> None:
    settled_badge(world)
    badge = badge_of(world.create_temporary(hours=2))
    assert isinstance(screen.sign_in(badge, CHOSEN), SignedIn)
    world.clock.move(hours=2)
    refused = Screen(world).sign_in(badge, CHOSEN)
    assert isinstance(refused, Refused)
    assert refused.code == "codeExpired"
