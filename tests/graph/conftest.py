"""The world of the Graph tests, on both databases."""

import asyncio
from collections.abc import Iterator

import pytest

from badgepin.crypto.key_ring import KeyRing, create_key_ring
from tests.graph.world import START, World, open_world


@pytest.fixture(scope="session")
def ring() -> KeyRing:
    """One key ring for the whole run: RSA keys take a while to make."""
    return create_key_ring(START)


@pytest.fixture(scope="session")
def runner() -> Iterator[asyncio.Runner]:
    """One event loop for the whole run."""
    with asyncio.Runner() as running:
        yield running


@pytest.fixture
def world(tenant_url: str, ring: KeyRing, runner: asyncio.Runner) -> Iterator[World]:
    """A tenant in the default mode."""
    made = open_world(tenant_url, ring, runner)
    yield made
    made.close()


@pytest.fixture
def strict_world(tenant_url: str, ring: KeyRing, runner: asyncio.Runner) -> Iterator[World]:
    """The same tenant on a strict installation."""
    made = open_world(tenant_url, ring, runner, strict=True)
    yield made
    made.close()
