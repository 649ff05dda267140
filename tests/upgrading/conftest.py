"""This version, as a world to send requests to and as an installation for commands; the next one is made from it."""

from tests.cli.conftest import data, founded, staffed
from tests.graph.conftest import ring, runner, world

__all__ = ["data", "founded", "ring", "runner", "staffed", "world"]
