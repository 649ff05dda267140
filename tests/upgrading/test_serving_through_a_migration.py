"""This version goes on serving while a newer one migrates its database, whether that works or fails."""

import asyncio
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
import sqlalchemy as sa

from badgepin.services.health import check_schema
from badgepin.store import migrate
from badgepin.store.health import newest_revision
from badgepin.store.migrate import MigrationRefused
from badgepin.web.probe import probe
from tests.graph.world import World
from tests.postgres import Server
from tests.upgrading.next_version import ADDS, FAILS, NEXT, TAKES_AWAY, counts, hangs, next_migrations

_UPGRADE = "import sys; from pathlib import Path; from badgepin.store import migrate; "
_UPGRADE += "migrate.upgrade(sys.argv[1], folder=Path(sys.argv[2]))"


def _url(world: World) -> str:
    return world.installation.settings.database_url


async def _work(world: World, statuses: Counter[int]) -> None:
    """A person gets a temporary code, is looked at, and loses it."""
    temporary, person = world.method_path("worker", "/temporaryQRCode"), world.person("global_administrator")
    ends = {"expireDateTime": "2026-11-23T17:00:00Z"}
    for answer in (
        await world.send("PATCH", temporary, token=world.admin, json=ends),
        await world.send("GET", world.method_path("worker"), token=world.admin),
        await world.send("GET", "/users?$select=id,displayName&$top=5", token=person),
        await world.send("DELETE", temporary, token=world.admin),
    ):
        statuses[answer.status_code] += 1


def _serve_through(world: World, folder: Path) -> tuple[Counter[int], BaseException | None]:
    """Requests of every kind before, during and after a migration; how they were answered, and how that ended."""
    statuses: Counter[int] = Counter()

    async def scene() -> BaseException | None:
        migration = asyncio.create_task(asyncio.to_thread(migrate.upgrade, _url(world), folder=folder))
        rounds = 0
        while not migration.done() or rounds < 4:
            await _work(world, statuses)
            rounds += migration.done()
        return migration.exception()

    world.create_method()
    world.run(_work(world, statuses))
    return statuses, world.run(scene())


def _is_well(statuses: Counter[int]) -> bool:
    return statuses.total() >= 12 and set(statuses) <= {200, 201, 204}


def _tables(world: World) -> dict[str, list[str]]:
    def look(tx: sa.Connection) -> dict[str, list[str]]:
        inspector = sa.inspect(tx)
        return {name: [each["name"] for each in inspector.get_columns(name)] for name in inspector.get_table_names()}

    return world.transact(look)


def test_requests_are_answered_while_a_newer_version_adds_to_the_database(world: World, tmp_path: Path) -> None:
    folder = next_migrations(tmp_path, ADDS)
    statuses, refusal = _serve_through(world, folder)
    assert refusal is None
    assert _is_well(statuses), statuses
    assert "nickname" in _tables(world)["users"]
    # and a node of this version may start again: the way back
    assert world.transact(check_schema) is None
    world.run(probe(world.installation))
    assert world.installation.readiness.judge() is None
    state = migrate.inspect(_url(world))
    assert (state.current, state.is_newer, state.is_current) == (NEXT, True, False)
    migrate.downgrade(_url(world), newest_revision(), folder=folder)
    assert migrate.inspect(_url(world)).is_current
    assert world.transact(check_schema) is None


def test_the_control_a_migration_that_takes_away_what_is_in_use_is_noticed(world: World, tmp_path: Path) -> None:
    folder = next_migrations(tmp_path, TAKES_AWAY, oldest_served=NEXT)
    statuses, refusal = _serve_through(world, folder)
    assert refusal is None
    assert not _is_well(statuses)
    refused = world.transact(check_schema) or ""
    assert NEXT in refused
    assert "newer version" in refused
    # a node that is caught by it says so, and a balancer sends nobody there
    world.run(probe(world.installation))
    problem = world.installation.readiness.judge()
    assert problem is not None
    assert (problem.status, problem.reason) == ("schema", refused)


def test_a_migration_that_takes_away_what_this_version_does_without_is_served(world: World, tmp_path: Path) -> None:
    folder = next_migrations(tmp_path, ADDS, oldest_served=newest_revision())
    migrate.upgrade(_url(world), folder=folder)
    assert world.transact(check_schema) is None


def test_a_migration_that_fails_changes_nothing_and_nobody_notices(world: World, tmp_path: Path) -> None:
    before = _tables(world)
    statuses, refusal = _serve_through(world, next_migrations(tmp_path, FAILS))
    assert isinstance(refusal, MigrationRefused)
    assert "nothing was changed" in str(refusal)
    assert _is_well(statuses), statuses
    assert _tables(world) == before
    assert migrate.inspect(_url(world)).is_current


def test_a_migration_that_is_killed_changes_nothing_and_can_be_run_again(world: World, tmp_path: Path) -> None:
    before, begun = _tables(world), tmp_path / "begun"
    folder = next_migrations(tmp_path, hangs(begun))
    with subprocess.Popen([sys.executable, "-c", _UPGRADE, _url(world), str(folder)]) as process:
        until = time.monotonic() + 60
        while not begun.exists():
            assert time.monotonic() < until
            assert process.poll() is None
            time.sleep(0.01)
        process.kill()
    world.create_method()
    assert _tables(world) == before
    assert migrate.inspect(_url(world)).is_current
    again = tmp_path / "again"
    again.mkdir()
    migrate.upgrade(_url(world), folder=next_migrations(again, ADDS))
    assert migrate.inspect(_url(world)).current == NEXT


def _at_once(url: str, folder: Path, prelude: str = "") -> list[int]:
    command = [sys.executable, "-c", prelude + _UPGRADE, url, str(folder)]
    processes = [subprocess.Popen(command, stderr=subprocess.DEVNULL) for _ in range(2)]
    return [process.wait(60) for process in processes]


def test_of_migrations_at_once_one_runs_and_the_other_finds_its_work_done(database_url: str, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    assert _at_once(database_url, next_migrations(tmp_path, counts(ran))) == [0, 0]
    assert ran.read_text() == "x"


def test_the_control_without_the_lock_they_run_into_each_other(postgresql: Server, tmp_path: Path) -> None:
    url = postgresql.new_database("badgepin_template")
    without = "from badgepin.store import migrate; migrate._take_turn = lambda _: None; "
    assert any(_at_once(url, next_migrations(tmp_path, counts(tmp_path / "ran")), without))


def test_a_table_that_somebody_holds_is_not_waited_for_long(postgresql: Server, tmp_path: Path) -> None:
    url = postgresql.new_database("badgepin_template")
    place = ["-h", "127.0.0.1", "-p", str(postgresql.port), "-U", "postgres", "-d", url.rpartition("/")[2]]
    holding = "BEGIN; LOCK TABLE users; SELECT pg_sleep(30)"
    command = [str(postgresql.binaries / "psql"), "-qX", *place, "-c", holding]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL):
        while postgresql.value("SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock'") == "0":
            time.sleep(0.01)
        began = time.monotonic()
        with pytest.raises(MigrationRefused, match="in use"):
            migrate.upgrade(url, folder=next_migrations(tmp_path, ADDS))
        assert time.monotonic() - began < 8
        postgresql.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'BEGIN; LOCK TABLE%'")
    assert migrate.inspect(url).is_current
