"""The budgets of guesses, each at its own edge (security design 4.3; threats 3 and 4)."""

from datetime import timedelta

import pytest

from badgepin.domain.lockout import LockoutRules
from badgepin.reference_client import Refused
from badgepin.store import pin as pin_store
from badgepin.store.pin import KeptPin
from badgepin.store.tables import pin_charges, pins
from badgepin.store.transaction import Transaction
from tests.graph.world import TENANT, World, guid
from tests.portal.screen import Screen, badge_of, settled_badge

WRONG = "11112222"
RULES = LockoutRules()


def test_codes_issued_anew_buy_no_guesses(world: World) -> None:
    """A manager deletes the temporary code and issues another as often as they like: what was spent stays spent."""
    settled_badge(world)
    path = world.method_path("worker", "/temporaryQRCode")
    for round_number in (1, 2):
        badge = badge_of(world.create_temporary())
        for _ in range(2):
            assert isinstance(Screen(world).sign_in(badge, WRONG), Refused)
        assert world.request("DELETE", path, token=world.admin).status_code == 204
        world.create_temporary()
        assert world.request("DELETE", path, token=world.admin).status_code == 204
        assert sum(row["cleared_at"] is None for row in world.rows(pin_charges)) == 2 * round_number
        assert world.rows(pins)[0]["life_failures"] == 2 * round_number


def _charges(
    world: World, kept: KeptPin, guesses: int, *, apart: timedelta, settle: bool, one_code: bool = False
) -> int:
    """How many of these guesses are charged, each under a code of its own or all under one.

    `settle`: their processes live on.
    """

    def work(tx: Transaction) -> int:
        paid, now = 0, world.clock.now
        for number in range(guesses):
            now += apart
            code, proof = guid(f"code {0 if one_code else number}"), guid(f"proof {number}")
            step = pin_store.charge(tx, TENANT, kept, qr_code_id=code, proof_id=proof, rules=RULES, now=now)
            paid += step is not None
            if settle:
                pin_store.disable_if_spent(tx, TENANT, kept.id, RULES, now)
        return paid

    return world.transact(work)


def _kept(world: World) -> KeptPin:
    settled_badge(world)
    kept = world.transact(lambda tx: pin_store.get_pin(tx, TENANT, guid("worker")))
    assert kept is not None
    return kept


@pytest.mark.parametrize("settle", [True, False], ids=["processes that live on", "processes that die"])
def test_a_pin_is_good_for_fifty_guesses_in_its_life(world: World, settle: bool) -> None:
    assert _charges(world, _kept(world), 60, apart=timedelta(hours=25), settle=settle) == RULES.pin_life


def test_all_codes_of_a_pin_together_have_twenty_guesses_a_day(world: World) -> None:
    assert _charges(world, _kept(world), 25, apart=timedelta(0), settle=False) == RULES.pin_day


def test_one_code_has_ten_guesses_a_day(world: World) -> None:
    # further apart than the longest wait, so that nothing but the day's ledger is in the way
    kept, apart = _kept(world), timedelta(minutes=61)
    assert _charges(world, kept, 15, apart=apart, settle=False, one_code=True) == RULES.badge_day
