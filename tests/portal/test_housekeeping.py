"""What has been over for a week is forgotten; what still decides something never is."""

from badgepin.reference_client import SignedIn
from badgepin.store.purge import purge
from badgepin.store.sign_in_tables import authorization_codes, grants, proofs, refresh_tokens, sessions, used_nonces
from badgepin.store.tables import audit_events, pin_charges
from tests.graph.world import World
from tests.portal.screen import CHOSEN, Screen, Till, settled_badge

DERIVED = (sessions, proofs, grants, authorization_codes, refresh_tokens, used_nonces, pin_charges)


def test_a_week_later_nothing_of_a_sign_in_is_left_but_the_log(world: World, screen: Screen) -> None:
    badge = settled_badge(world)
    Till(world).tokens(screen, badge)
    events = len(world.rows(audit_events))
    assert all(world.rows(table) for table in DERIVED)
    world.clock.move(days=6)
    assert world.transact(lambda tx: purge(tx, world.clock.now)) == 0
    world.clock.move(days=2)
    assert world.transact(lambda tx: purge(tx, world.clock.now)) > 0
    assert not any(world.rows(table) for table in DERIVED)
    assert len(world.rows(audit_events)) == events
    assert isinstance(Screen(world).sign_in(badge, CHOSEN), SignedIn)
