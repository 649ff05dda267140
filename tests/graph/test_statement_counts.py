"""How many statements each hot path takes: a number here that grows is a decision, not an accident."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa

from badgepin.store.transaction import PostgreSQLDatabase, SQLiteDatabase
from tests.graph.world import World

METHOD = "/me/authentication/qrCodePinMethod"


@contextmanager
def counted(world: World) -> Iterator[list[str]]:
    """Every statement that reaches the database, BEGIN and COMMIT too."""
    database = world.installation.database
    assert isinstance(database, SQLiteDatabase | PostgreSQLDatabase)
    engine = database.engine if isinstance(database, SQLiteDatabase) else database.engine.sync_engine
    seen: list[str] = []

    def note(*arguments: Any) -> None:
        seen.append(str(arguments[2]).partition("\n")[0])

    def begun(connection: sa.Connection) -> None:
        if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
            seen.append("BEGIN")

    sa.event.listen(engine, "before_cursor_execute", note)
    sa.event.listen(engine, "begin", begun)
    try:
        yield seen
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)
        sa.event.remove(engine, "begin", begun)


def statements(world: World, work: Callable[[], Any]) -> list[str]:
    """What the second run of something sends to the database."""
    work()
    with counted(world) as seen:
        work()
    return [statement for statement in seen if not statement.startswith("BEGIN")]


def test_reading_a_method_is_one_statement(world: World) -> None:
    world.create_method()
    token = world.admin
    path = world.method_path("worker")
    assert len(statements(world, lambda: world.request("GET", path, token=token))) == 1


def test_revoking_a_temporary_code_is_two_round_trips_on_postgresql(world: World) -> None:
    world.create_method()
    world.create_temporary()
    path = world.method_path("worker", "/temporaryQRCode")
    with counted(world) as seen:
        assert world.request("DELETE", path, token=world.admin).status_code == 204
    on_postgresql = world.installation.database.dialect == "postgresql"
    statements = [statement for statement in seen if not statement.startswith("BEGIN")]
    # on SQLite the event gets its place in the chain at once: where it ends, and the next place
    assert len(statements) == (2 if on_postgresql else 5), seen
    assert seen.count("BEGIN") == (0 if on_postgresql else 1)


@pytest.mark.parametrize(
    ("verb", "below", "body", "most"),
    [
        ("PATCH", "/temporaryQRCode", {"expireDateTime": "2026-11-23T17:00:00Z"}, 4),
        ("PATCH", "/standardQRCode", {"expireDateTime": "2027-01-01T00:00:00Z"}, 5),
        ("PATCH", "/pin", {}, 8),
        ("DELETE", "", None, 6),
    ],
)
def test_other_changes_stay_within_their_budget(
    world: World, verb: str, below: str, body: dict[str, str] | None, most: int
) -> None:
    world.create_method()
    with counted(world) as seen:
        answer = world.request(verb, world.method_path("worker", below), token=world.admin, json=body)
    assert answer.status_code < 300, answer.text
    statements = [statement for statement in seen if not statement.startswith("BEGIN")]
    chained = 0 if world.installation.database.dialect == "postgresql" else 2
    assert len(statements) <= most + chained, statements


def test_one_statement_more_is_noticed(world: World) -> None:
    with counted(world) as seen:
        world.transact(lambda tx: tx.execute(sa.text("SELECT 1")))
        world.transact(lambda tx: tx.execute(sa.text("SELECT 2")))
    assert [statement for statement in seen if statement.startswith("SELECT")] == ["SELECT 1", "SELECT 2"]
