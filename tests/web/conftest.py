"""The same world that the sign-in is tested in."""

from tests.graph.conftest import ring, runner
from tests.portal.conftest import plain_world, screen, world

__all__ = ["plain_world", "ring", "runner", "screen", "world"]
