"""The sign-in is tested in the same world as the Graph API, with the method switched on."""

import pytest

from badgepin.domain.method_policy import MethodPolicy, PolicyState
from badgepin.store import method_policy
from tests.graph.conftest import ring, runner
from tests.graph.conftest import world as plain_world
from tests.graph.world import START, TENANT, World
from tests.portal.screen import Screen

__all__ = ["plain_world", "ring", "runner"]


@pytest.fixture
def world(plain_world: World) -> World:
    """A tenant in which everybody may use the method."""
    policy = MethodPolicy(state=PolicyState.ENABLED)
    plain_world.transact(lambda tx: method_policy.save(tx, TENANT, policy, START))
    return plain_world


@pytest.fixture
def screen(world: World) -> Screen:
    """A shared screen at the sign-in page."""
    return Screen(world)
