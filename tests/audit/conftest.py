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
    return _written(empty_ledger, 10)


@pytest.fixture
def short_ledger(empty_ledger: Ledger) -> Ledger:
    """A log of twenty events with four checkpoints, for whoever tries something at every place."""
    return _written(empty_ledger, 5)


def _written(ledger: Ledger, at_once: int) -> Ledger:
    for _ in range(4):
        ledger.append(at_once)
        ledger.chain()
        ledger.sign()
    return ledger
