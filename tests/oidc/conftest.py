"""The token issuer is tested in the same world as the Graph API."""

from tests.graph.conftest import ring, runner, world

__all__ = ["ring", "runner", "world"]
