"""The database killed and started again under load: clear refusals, nothing acknowledged lost, no restart of ours."""

import asyncio
from collections import Counter

import pytest
import sqlalchemy as sa

from badgepin.crypto.key_ring import KeyRing
from badgepin.store import migrate, tables
from tests.graph.world import World, build, guid
from tests.postgres import server

PEOPLE = ("worker", "colleague", "other_store_worker", "manager")


async def _churn(world: World, name: str, outcomes: list[tuple[int, str]], stopping: asyncio.Event) -> None:
    """Issue and revoke temporary codes, noting every answer and the last acknowledged state."""
    path, body = world.method_path(name, "/temporaryQRCode"), {"expireDateTime": "2026-11-23T17:00:00Z"}
    token = world.admin
    while not stopping.is_set():
        made = await world.send("PATCH", path, token=token, json=body)
        outcomes.append((made.status_code, made.json().get("id", "")))
        gone = await world.send("DELETE", path, token=token)
        outcomes.append((gone.status_code, ""))
        await asyncio.sleep(0)


@pytest.mark.parametrize("durable", [True], ids=["fsync on"])
def test_a_killed_database_loses_nothing_acknowledged(ring: KeyRing, runner: asyncio.Runner, durable: bool) -> None:
    with server(durable=durable) as postgresql:
        url = postgresql.new_database()
        migrate.upgrade(url)
        world = build(url, ring, runner)
        for name in PEOPLE:
            world.create_method(name)
        outcomes: list[tuple[int, str]] = []

        async def scene() -> None:
            stopping = asyncio.Event()
            load = [asyncio.create_task(_churn(world, name, outcomes, stopping)) for name in PEOPLE]
            for _ in range(3):
                await asyncio.sleep(0.7)
                await asyncio.to_thread(postgresql.stop, "immediate")
                await asyncio.sleep(0.3)
                await asyncio.to_thread(postgresql.start)
            await asyncio.sleep(1)
            stopping.set()
            await asyncio.gather(*load)

        world.run(scene())
        statuses = Counter(status for status, _ in outcomes)
        assert set(statuses) <= {201, 204, 400, 404, 503}, statuses
        assert statuses[503] > 0, "the database was never missed: the test proves nothing"
        assert statuses[201] >= 10
        assert [status for status, _ in outcomes[-4:]].count(503) == 0, "it did not recover by itself"
        kept = {row["id"] for row in world.rows(tables.qr_codes)}
        acknowledged = {identifier for status, identifier in outcomes if status == 201}
        assert acknowledged <= kept, "an acknowledged code is gone"
        world.close()


def test_every_change_has_exactly_one_event_after_a_crash(ring: KeyRing, runner: asyncio.Runner) -> None:
    with server(durable=True) as postgresql:
        url = postgresql.new_database()
        migrate.upgrade(url)
        world = build(url, ring, runner)
        world.create_method()
        outcomes: list[tuple[int, str]] = []

        async def scene() -> None:
            stopping = asyncio.Event()
            load = asyncio.create_task(_churn(world, "worker", outcomes, stopping))
            await asyncio.sleep(0.5)
            await asyncio.to_thread(postgresql.stop, "immediate")
            await asyncio.to_thread(postgresql.start)
            await asyncio.sleep(0.5)
            stopping.set()
            await load

        world.run(scene())
        codes = [row for row in world.rows(tables.qr_codes) if row["kind"] == "temporary"]
        events = Counter(event["activity"] for event in world.rows(tables.audit_events))
        assert events["Admin registered security info"] == len(codes) + 1
        assert events["Admin deleted security info"] == sum(row["revoked_at"] is not None for row in codes)
        world.close()


def test_an_action_without_its_audit_event_does_not_happen(ring: KeyRing, runner: asyncio.Runner) -> None:
    with server() as postgresql:
        url = postgresql.new_database()
        migrate.upgrade(url)
        world = build(url, ring, runner)
        world.create_method()
        world.create_temporary()
        world.transact(lambda tx: tx.execute(sa.text("ALTER TABLE audit_events RENAME TO audit_gone")))
        path = world.method_path("worker")
        for verb, below, body in (
            ("DELETE", "/temporaryQRCode", None),
            ("DELETE", "/standardQRCode", None),
            ("DELETE", "", None),
            ("PATCH", "/standardQRCode", {"expireDateTime": "2027-01-01T00:00:00Z"}),
        ):
            answer = world.request(verb, path + below, token=world.admin, json=body)
            assert answer.status_code == 503, (verb, below)
            assert "audit" not in answer.text
        world.transact(lambda tx: tx.execute(sa.text("ALTER TABLE audit_gone RENAME TO audit_events")))
        method = world.request("GET", path, token=world.admin).json()
        assert method["temporaryQRCode"] is not None
        assert method["standardQRCode"]["expireDateTime"] == "2027-11-23T09:00:00Z"
        done = [event for event in world.rows(tables.audit_events) if event["activity"] != "Dual control alert"]
        assert len(done) == 2
        assert guid("worker") in {event["target_id"] for event in world.rows(tables.audit_events)}
        world.close()
