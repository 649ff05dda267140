"""When the audit event cannot be written, nothing happens, and the caller is told to come again (threat 31)."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
import sqlalchemy as sa

from badgepin.domain.method_policy import MethodPolicy, PolicyState
from badgepin.reference_client import Proven
from badgepin.store import audit, method_policy
from badgepin.store.audit_tables import audit_chain, audit_outbox
from badgepin.store.schema import schema
from badgepin.store.tables import audit_events, users
from badgepin.store.transaction import StoreUnavailable, Transaction
from tests.audit.ledger import Ledger
from tests.figures import Figure, record
from tests.graph.world import START, TENANT, World, guid
from tests.portal.screen import CHOSEN, PATH, Screen, settled_badge

_REFUSING = {
    "sqlite": (
        "CREATE TRIGGER refusing BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'no more room for events'); END",
    ),
    "postgresql": (
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'no more room for events'; END $$",
        "CREATE TRIGGER refusing BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION refuse()",
    ),
}
_AGAIN = {
    "sqlite": ("DROP TRIGGER refusing",),
    "postgresql": ("DROP TRIGGER refusing ON {table}", "DROP FUNCTION refuse"),
}


def _run(world: World, statements: tuple[str, ...], table: str) -> None:
    def work(tx: Any) -> None:
        for statement in statements:
            tx.execute(sa.text(statement.format(table=table)))

    world.transact(work)


@contextmanager
def refusing(world: World, table: str) -> Iterator[None]:
    """The database refuses new rows of a table."""
    dialect = world.installation.database.dialect
    _run(world, _REFUSING[dialect], table)
    try:
        yield
    finally:
        _run(world, _AGAIN[dialect], table)


def _everything(world: World) -> dict[str, list[str]]:
    return {table.name: sorted(map(repr, world.rows(table))) for table in schema.sorted_tables}


@pytest.fixture(params=["event", "chain"])
def refused_table(request: pytest.FixtureRequest, world: World) -> str:
    """Where the row of an event goes: to the log, and to the chain or what waits for it."""
    after = audit_outbox if world.installation.database.dialect == "postgresql" else audit_chain
    return str({"event": audit_events, "chain": after}[request.param].name)


def _changes_when_the_error_is_swallowed(ledger: Ledger) -> int:
    """A weaker rule: the event is tried, and the change stays when it fails."""
    [row] = ledger.rows(1)

    def work(tx: Transaction) -> None:
        tx.execute(sa.update(users).where(users.c.id == guid("colleague")).values(display_name="Changed"))
        with suppress(StoreUnavailable), tx.begin_nested():
            audit.append_row(tx, row)

    ledger.world.transact(work)
    return sum(each["display_name"] == "Changed" for each in ledger.world.rows(users))


def test_a_change_through_graph_without_its_event_does_not_happen(
    world: World, refused_table: str, empty_ledger: Ledger
) -> None:
    world.create_method()
    world.create_temporary()
    changes: tuple[tuple[str, str, dict[str, Any] | None], ...] = (
        ("DELETE", world.method_path("worker", "/temporaryQRCode"), None),
        ("DELETE", world.method_path("worker", "/standardQRCode"), None),
        ("PATCH", world.method_path("worker", "/pin"), {}),
        ("DELETE", world.method_path("worker"), None),
        ("PUT", world.method_path("colleague"), {"standardQRCode": {}, "pin": {"code": "13572468"}}),
    )
    token, before = world.admin, _everything(world)
    with refusing(world, refused_table):
        for verb, path, body in changes:
            answer = world.request(verb, path, token=token, json=body)
            assert answer.status_code == 503, (verb, path, answer.text)
            assert answer.json()["error"]["code"] == "serviceNotAvailable"
            assert "retry-after" in answer.headers
            assert "room" not in answer.text
            assert _everything(world) == before, (verb, path)
        swallowed = _changes_when_the_error_is_swallowed(empty_ledger)
    dialect = world.installation.database.dialect
    assert swallowed == 1
    assert world.request("DELETE", changes[0][1], token=token).status_code == 204
    what = f"changes made while {refused_table} takes no row, {dialect}"
    record(Figure("I9", what, len(changes), 0, f"the error swallowed: {swallowed} of 1 made"))


def test_a_sign_in_without_its_event_does_not_happen(world: World, refused_table: str) -> None:
    policy = MethodPolicy(state=PolicyState.ENABLED)
    world.transact(lambda tx: method_policy.save(tx, TENANT, policy, START))
    badge = settled_badge(world)
    screen = Screen(world)
    proven = screen.scan(badge)
    assert isinstance(proven, Proven)
    body = json.dumps({"request": "", "proof": proven.handle, "pin": CHOSEN}).encode()
    kept = ("sessions", "audit_events", "audit_chain", "audit_outbox", "qr_uses")
    before = _everything(world)
    with refusing(world, refused_table):
        answer = world.run(screen.send("POST", f"{PATH}/pin", body, {"content-type": "application/json"}))
        assert answer.status == 503
        assert b"room" not in answer.body
        assert not any("session" in name for name in screen.cookies)
        after = _everything(world)
        assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
        # the guess stays charged: it was committed before the PIN was looked at
        assert len(after["pin_charges"]) == len(before["pin_charges"]) + 1
    again = world.run(screen.send("POST", f"{PATH}/pin", body, {"content-type": "application/json"}))
    assert again.status == 200


def test_what_the_trigger_said_is_not_in_the_log(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.create_method()
    with refusing(world, "audit_events"):
        world.request("DELETE", world.method_path("worker", "/standardQRCode"), token=world.admin)
    assert "An audit event cannot be written" in caplog.text
    assert "worker" not in caplog.text
