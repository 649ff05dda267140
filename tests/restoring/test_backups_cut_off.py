"""Backups that are stopped, fail or are killed leave nothing behind, and are made again soon."""

import asyncio
import fcntl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from badgepin.cli.restore import _clear
from badgepin.crypto.key_ring import KeyRing
from badgepin.services import backup as services
from badgepin.services.backup import make_backup, read_source
from badgepin.services.scratch import BACKUP_SCRATCH, DRILL, RESTORE_SCRATCH, clear_scratch, scratch_folder
from badgepin.settings import Settings
from badgepin.store.snapshot import SnapshotRefused, Stop, Stopped, create_scratch, scratch_name, take_snapshot
from badgepin.web.backup_keeper import make_due_backup, run_backups
from badgepin.web.vitals import Vitals
from tests.graph.world import World, fill, open_world
from tests.postgres import Server

TEMPLATE = "badgepin_template"


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """Where backups go."""
    made = tmp_path / "shelf"
    made.mkdir()
    return made


@pytest.fixture
def node(database_url: str, ring: KeyRing, runner: asyncio.Runner, tmp_path: Path, shelf: Path) -> Iterator[World]:
    """A node that has backups to make."""
    world = fill(open_world(database_url, ring, runner, data=str(tmp_path), backup_directory=str(shelf)))
    yield world
    world.close()


def _left(world: World) -> list[Path]:
    data, shelf = Path(world.installation.settings.data), Path(world.installation.settings.backup_directory)
    return [*data.glob(".badgepin-*"), *shelf.glob(".*"), *shelf.glob("*")]


class _Later(Stop):
    """An order that comes after so many looks."""

    def __init__(self, looks: int) -> None:
        super().__init__()
        self._left = looks

    def obey(self) -> None:
        self._left -= 1
        if self._left < 0:
            self.give()
        super().obey()


def test_a_backup_that_is_stopped_anywhere_leaves_nothing(node: World) -> None:
    settings, ring = node.installation.settings, node.installation.keys
    source = node.transact(lambda tx: read_source(tx, settings.database, Path(settings.data)))
    target, looks = Path(settings.backup_directory) / "made.backup.age", 0
    while not target.exists():
        try:
            make_backup(source, target, ring, node.clock(), _Later(looks))
        except Stopped:
            assert _left(node) == [], looks
            looks += 1
    # copying, packing and encrypting
    assert looks >= 4


def _dumps(postgresql: Server) -> str:
    return postgresql.value("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pg_dump'")


def _wait_for_a_dump(postgresql: Server) -> None:
    until = time.monotonic() + 60
    while _dumps(postgresql) == "0":
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.fixture
def held(postgresql: Server, node: World) -> Iterator[Callable[[], None]]:
    """A table that a backup waits for, until it is let go."""
    database = node.installation.settings.database_url.rpartition("/")[2]
    place = ["-h", "127.0.0.1", "-p", str(postgresql.port), "-U", "postgres", "-d", database]
    command = [str(postgresql.binaries / "psql"), "-qX", *place]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("BEGIN; LOCK TABLE users; \\echo held\n")
        process.stdin.flush()
        assert process.stdout.readline() == "held\n"
        yield process.kill
        process.kill()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_node_that_stops_does_not_wait_for_pg_dump(node: World, postgresql: Server, held: Callable[[], None]) -> None:
    async def scene() -> float:
        backup = asyncio.create_task(make_due_backup(node.installation))
        await asyncio.to_thread(_wait_for_a_dump, postgresql)
        began = time.monotonic()
        backup.cancel()
        await asyncio.wait([backup])
        assert backup.cancelled()
        return time.monotonic() - began

    assert node.run(scene()) < 3
    assert _left(node) == []
    held()
    # whoever looks next makes it
    assert node.run(make_due_backup(node.installation)) is not None
    assert _dumps(postgresql) == "0"


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_the_control_a_node_that_tells_nobody_waits(
    node: World, postgresql: Server, held: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Stop, "give", lambda _: None)

    async def scene() -> bool:
        backup = asyncio.create_task(make_due_backup(node.installation))
        await asyncio.to_thread(_wait_for_a_dump, postgresql)
        backup.cancel()
        await asyncio.wait([backup], timeout=1)
        waits = not backup.done()
        held()
        await asyncio.wait([backup])
        return waits

    assert node.run(scene())


def test_a_backup_that_fails_is_made_ten_minutes_later_and_not_before(node: World, shelf: Path) -> None:
    shelf.rmdir()
    assert node.run(make_due_backup(node.installation)) is None
    shelf.mkdir()
    node.clock.move(minutes=9)
    assert node.run(make_due_backup(node.installation)) is None
    node.clock.move(minutes=1)
    made = node.run(make_due_backup(node.installation))
    assert made is not None
    assert _left(node) == [made]
    chore = node.transact(lambda tx: services.find_chore(tx, services.BACKUP))
    assert chore is not None
    assert (chore.done_at, chore.outcome) == (node.clock(), made.name)
    node.clock.move(minutes=59)
    assert node.run(make_due_backup(node.installation)) is None
    node.clock.now += timedelta(minutes=1)
    assert node.run(make_due_backup(node.installation)) is not None


def _measured(vitals: Vitals) -> dict[str, float]:
    return {family.name: family.samples[0].value for family in vitals.collect() if "_backup_" in family.name}


def test_an_overdue_backup_is_measured(node: World) -> None:
    vitals = Vitals(node.installation)
    node.clock.move(hours=2)
    node.run(vitals.look(codes=False))
    assert _measured(vitals) == {"badgepin_backup_age_seconds": 7200, "badgepin_backup_every_seconds": 3600}
    assert node.run(make_due_backup(node.installation)) is not None
    node.clock.move(minutes=1)
    node.run(vitals.look(codes=False))
    assert _measured(vitals)["badgepin_backup_age_seconds"] == 60


def _wait_for_a_backup(shelf: Path) -> None:
    until = time.monotonic() + 60
    while not list(shelf.glob("badgepin-*")):
        assert time.monotonic() < until
        time.sleep(0.02)


def test_what_a_crash_left_goes_when_a_node_starts_and_what_is_in_use_stays(node: World, shelf: Path) -> None:
    settings = node.installation.settings
    data = Path(settings.data)
    command = "import sys; from pathlib import Path; from badgepin.services import scratch\n"
    command += "with scratch.scratch_folder(Path(sys.argv[1]), scratch.BACKUP_SCRATCH) as folder:\n"
    command += "    (folder / 'database').write_text('in clear'); print('x', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", command, str(data)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        clear_scratch(data)
        assert len(list(data.glob(f"{BACKUP_SCRATCH}*/database"))) == 1
        process.kill()
    # it was this node's turn when it was killed
    begun = node.clock()
    node.transact(lambda tx: services.claim(tx, services.BACKUP, now=begun, free_before=begun))
    cut_off, written = shelf / ".badgepin-1.backup.age.partial", shelf / ".badgepin-2.backup.age.partial"
    cut_off.touch()
    with written.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)

        async def start() -> None:
            keeper = asyncio.create_task(run_backups(node.installation))
            await asyncio.to_thread(_wait_for_a_backup, shelf)
            keeper.cancel()
            await asyncio.wait([keeper])

        node.run(start())
        assert list(data.glob(f"{BACKUP_SCRATCH}*")) == []
        assert sorted(shelf.glob(".*")) == [written]


def test_a_drill_that_was_killed_leaves_no_database_after_the_next_run(postgresql: Server, tmp_path: Path) -> None:
    url, name = postgresql.new_database(TEMPLATE), scratch_name()
    settings = Settings(data=str(tmp_path), database_url=url)
    create_scratch(url, name)
    left = tmp_path / f"{RESTORE_SCRATCH}left"
    left.mkdir()
    (left / DRILL).write_text(name)
    (left / "packed").write_text("in clear")
    # a server that starts clears what is in clear; the name is for the next restore
    clear_scratch(tmp_path)
    assert [path.name for path in left.iterdir()] == [DRILL]
    with scratch_folder(tmp_path, RESTORE_SCRATCH) as mine:
        _clear(settings)
        assert list(tmp_path.glob(f"{RESTORE_SCRATCH}*")) == [mine]
    assert postgresql.value(f"SELECT count(*) FROM pg_database WHERE datname = '{name}'") == "0"


def test_the_encryption_that_the_address_asks_for_is_asked_of_pg_dump_too(postgresql: Server, tmp_path: Path) -> None:
    url = postgresql.new_database(TEMPLATE)
    assert take_snapshot(f"{url}?ssl=prefer", tmp_path / "one") == "postgresql"
    several = url.replace(f"@127.0.0.1:{postgresql.port}", f"@127.0.0.1:1,127.0.0.1:{postgresql.port}")
    assert take_snapshot(f"{several}?ssl=disable", tmp_path / "several") == "postgresql"
    for address in (url, several):
        with pytest.raises(SnapshotRefused, match="does not support SSL"):
            take_snapshot(f"{address}?ssl=require", tmp_path / "never")
