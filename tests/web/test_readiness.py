"""`/readyz` tells of the last durable write and never makes one."""

import asyncio
from typing import Any

import pytest
import sqlalchemy as sa

from badgepin.app import create_app
from badgepin.store.transaction import PostgreSQLDatabase, StoreUnavailable
from badgepin.web import probe as probing
from badgepin.web.probe import probe, run_probe
from badgepin.web.readiness import STALE, Readiness
from tests.graph.world import World


class _Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def _status(readiness: Readiness) -> str:
    problem = readiness.judge()
    return "ready" if problem is None else problem.status


def test_a_node_is_ready_from_its_first_write_until_the_writes_stop() -> None:
    clock = _Clock()
    readiness = Readiness(clock)
    assert _status(readiness) == "starting"
    readiness.note_write(0.01, 0.0)
    assert _status(readiness) == "ready"
    clock.now = STALE
    assert _status(readiness) == "ready"
    clock.now = STALE + 2
    assert _status(readiness) == "database unavailable"
    problem = readiness.judge()
    assert problem is not None
    assert "17 seconds" in problem.reason


def test_a_failed_write_shows_at_once_and_a_good_one_mends_it() -> None:
    readiness = Readiness(_Clock())
    readiness.note_failure()
    assert _status(readiness) == "database unavailable"
    readiness.note_write(0.01, None)
    assert _status(readiness) == "ready"


def test_an_order_to_stop_outweighs_everything() -> None:
    readiness = Readiness(_Clock())
    readiness.note_write(0.01, None)
    readiness.is_stopping = True
    assert _status(readiness) == "stopping"


def _place(world: World) -> Any:
    """How far the database's own record of writes is."""
    database = world.installation.database
    if isinstance(database, PostgreSQLDatabase):
        written = sa.text("SELECT pg_current_wal_insert_lsn()::text")
        return world.run(database.read(lambda tx: tx.execute(written).scalar_one()))
    return world.run(database.read(lambda tx: tx.execute(sa.text("PRAGMA user_version")).scalar_one()))


def test_the_probe_writes_something_durable_and_a_request_does_not(world: World) -> None:
    before = _place(world)
    world.run(probe(world.installation))
    after = _place(world)
    assert before != after
    statements: list[str] = []
    engine: Any = world.installation.database.engine  # type: ignore[attr-defined] # both kinds have one
    sa.event.listen(
        getattr(engine, "sync_engine", engine), "before_cursor_execute", lambda *given: statements.append(given[2])
    )
    assert world.request("GET", "/readyz", plain=True).json() == {"status": "ready"}
    assert statements == []


def test_a_database_that_takes_no_write_makes_the_node_unready_and_leaves_it_alive(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.run(probe(world.installation))
    database = world.installation.database

    async def away(_: object) -> None:
        raise StoreUnavailable

    monkeypatch.setattr(database, "write", away)
    world.run(probe(world.installation))
    answer = world.request("GET", "/readyz", plain=True)
    assert (answer.status_code, answer.json()["status"]) == (503, "database unavailable")
    assert answer.json()["reason"].endswith(".")
    assert int(answer.headers["retry-after"]) > 0
    assert world.request("GET", "/livez", plain=True).status_code == 200


def test_whatever_breaks_the_probe_does_not_end_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    beats: list[int] = []

    async def broken(_: object) -> None:
        beats.append(1)
        raise RuntimeError

    monkeypatch.setattr(probing, "probe", broken)
    monkeypatch.setattr(probing, "EVERY", 0.0)

    async def scene() -> None:
        running = asyncio.create_task(run_probe(world.installation))
        async with asyncio.timeout(30):
            while len(beats) < 3:  # noqa: ASYNC110 - the chore has no event
                await asyncio.sleep(0)
        running.cancel()
        await asyncio.wait([running])

    world.run(scene())
    assert world.installation.readiness.judge() is not None


def test_an_order_to_stop_is_told_and_requests_are_still_answered(world: World) -> None:
    world.run(probe(world.installation))
    create_app(world.installation).prepare_to_stop()
    assert world.request("GET", "/readyz", plain=True).json()["status"] == "stopping"
    assert world.request("GET", world.method_path("worker"), token=world.admin).status_code == 404
