"""A proven badge is good for three minutes, at the request it was scanned for, and for one session."""

from typing import Any

import pytest

from badgepin.crypto.pin_hash import HashSlot
from badgepin.reference_client import Proven, Refused, SignedIn
from badgepin.store.sign_in_tables import sessions
from tests.graph.world import World
from tests.portal.screen import CHOSEN, PATH, Screen, Till, settled_badge


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every guess that reached the hash."""
    seen: list[str] = []
    check = HashSlot.is_pin

    async def counted(self: HashSlot, digits: str, *rest: Any) -> bool:
        seen.append(digits)
        return await check(self, digits, *rest)

    monkeypatch.setattr(HashSlot, "is_pin", counted)
    return seen


@pytest.mark.parametrize(("seconds", "opens"), [(179, True), (180, False), (86_400, False)])
def test_a_proof_counts_for_three_minutes(
    world: World, screen: Screen, hashed: list[str], seconds: int, opens: bool
) -> None:
    proven = screen.scan(settled_badge(world))
    assert isinstance(proven, Proven)
    hashed.clear()
    world.clock.move(seconds=seconds)
    outcome = screen.enter(proven, CHOSEN)
    assert isinstance(outcome, SignedIn) is opens
    assert bool(hashed) is opens
    if isinstance(outcome, Refused):
        assert outcome.code == "scanAgain"


def test_a_proof_opens_one_session(world: World, screen: Screen, hashed: list[str]) -> None:
    proven = screen.scan(settled_badge(world))
    assert isinstance(proven, Proven)
    cookies = dict(screen.cookies)
    assert isinstance(screen.enter(proven, CHOSEN), SignedIn)
    opened = len(world.rows(sessions))
    hashed.clear()
    screen.cookies.update(cookies)
    again = screen.enter(proven, CHOSEN)
    assert isinstance(again, Refused)
    assert again.code == "scanAgain"
    assert not hashed
    assert len(world.rows(sessions)) == opened


def test_a_proof_of_one_application_is_none_at_another(world: World, screen: Screen, hashed: list[str]) -> None:
    badge = settled_badge(world)
    till = Till(world)
    one, other = till.begin(screen), till.begin(screen)
    proven = screen.scan(badge, one.request)
    assert isinstance(proven, Proven)
    hashed.clear()
    for request in (other.request, ""):
        body = {"request": request, "proof": proven.handle, "pin": CHOSEN}
        refused = screen.post_json(f"{PATH}/pin", body)
        assert refused.status == 403
        assert b'"scanAgain"' in refused.body
    assert not hashed
    body = {"request": one.request, "proof": proven.handle, "pin": CHOSEN}
    assert screen.post_json(f"{PATH}/pin", body).status == 200
