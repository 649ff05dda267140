"""A world with a revocation journal, and the same world after a restore."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from badgepin.cli.restoring import Target, fill_and_settle
from badgepin.crypto.key_ring import KeyRing, journal_keys
from badgepin.crypto.revocation_journal import JournalContents, RevocationJournal, read_journal
from badgepin.domain.method_policy import MethodPolicy, PolicyState
from badgepin.services.backup import make_backup, open_backup, read_source
from badgepin.store import method_policy
from badgepin.web.journal_keeper import JournalKeeper, meet_the_past
from tests.graph.conftest import ring, runner
from tests.graph.world import START, TENANT, World, fill, open_world
from tests.postgres import Server

__all__ = ["ring", "runner"]


@dataclass
class Site:
    """A node: its world, its journal, and how to make an empty database for a restore."""

    world: World
    journal: RevocationJournal
    ring: KeyRing
    runner: asyncio.Runner
    folder: Path
    new_database: Callable[[], str]
    worlds: list[World] = field(default_factory=list)

    def backup(self) -> Path:
        """A backup of now."""
        url = self.world.installation.settings.database_url
        source = self.world.transact(lambda tx: read_source(tx, url, self.folder))
        return make_backup(source, self.folder, self.ring, self.world.clock())

    def contents(self) -> JournalContents:
        """What the journal holds."""
        return read_journal(self.journal.path, journal_keys(self.ring))

    def restore(self, backup: Path, *, replayed: bool = True) -> World:
        """The world as it is after a restore; `replayed` False is the negative control."""
        scratch = self.folder / f"scratch {len(self.worlds)}"
        scratch.mkdir()
        opened = open_backup(backup, scratch, self.ring)
        journals = [self.contents()] if replayed else []
        url = self.new_database()
        fill_and_settle(opened, Target(url, self.ring, journals, self.world.clock()), lambda _: None)
        return self.open(url)

    def open(self, url: str, *, starts: bool = False) -> World:
        """A node on this database; `starts`: with what a node does at its start."""
        world = open_world(url, self.ring, self.runner, journal=self.journal)
        world.clock.now = self.world.clock.now
        self.worlds.append(world)
        if starts:
            world.run(meet_the_past(world.installation))
        return world

    def mark(self) -> None:
        """The next beat of the journal's keeper."""
        keeper = JournalKeeper(self.world.installation, self.journal)
        self.world.run(keeper.beat())


@pytest.fixture
def site(
    database_url: str, ring: KeyRing, runner: asyncio.Runner, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Site]:
    """A tenant in which everybody may use the method, on a node that keeps a journal."""
    journal = RevocationJournal(tmp_path / "revocations.journal", lambda: journal_keys(ring))
    journal.begin()
    world = fill(open_world(database_url, ring, runner, journal=journal))
    world.transact(lambda tx: method_policy.save(tx, TENANT, MethodPolicy(state=PolicyState.ENABLED), START))

    def new_database() -> str:
        if database_url.startswith("sqlite"):
            return f"sqlite:///{tmp_path / f'restored {len(made.worlds)}.db'}"
        server: Server = request.getfixturevalue("postgresql")
        return server.new_database()

    made = Site(world, journal, ring, runner, tmp_path, new_database)
    yield made
    for each in (world, *made.worlds):
        each.close()
