"""Faults happen to the same world as everything else, on a server of their own."""

from tests.graph.conftest import ring, runner

__all__ = ["ring", "runner"]
