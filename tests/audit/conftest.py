"""A log of forty events, chained, signed every ten and anchored, in the same world as the Graph API's."""

from pathlib import Path

import pytest

from tests.audit.ledger import Ledger
from tests.graph.conftest import ring, runner, world
from tests.graph.world import World

__all__ = ["ring", "runner", "world"]


@pytest.fixture
def empty_ledger(world: World, tmp_path: Path) -> Ledger:
    """A log without events."""
    return Ledger(world, tmp_path)


@pytest.fixture
def ledger(empty_ledger: Ledger) -> Ledger:
    """A log of forty events with four checkpoints."""
    for _ in range(4):
        empty_ledger.append(10)
        empty_ledger.chain()
        empty_ledger.sign()
    return empty_ledger
