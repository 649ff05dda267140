"""The provider is tested in the same world as the Graph API and the sign-in."""

import pytest

from tests.graph.conftest import ring, runner
from tests.graph.world import World
from tests.portal.conftest import plain_world, world
from tests.portal.screen import Screen, Till

__all__ = ["plain_world", "ring", "runner", "world"]


@pytest.fixture
def screen(world: World) -> Screen:
    """A browser."""
    return Screen(world)


@pytest.fixture
def till(world: World) -> Till:
    """An application that people sign in to."""
    return Till(world)
