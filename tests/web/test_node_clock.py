"""Several nodes have one time: the database's."""

import asyncio
import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from badgepin.store.transaction import open_database
from badgepin.web.node_clock import NodeClock

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)


@dataclass
class Host:
    time: datetime = NOON
    steady: float = 100.0

    def clock(self) -> NodeClock:
        return NodeClock(lambda: self.time, lambda: self.steady)


def test_until_a_database_has_told_its_time_the_hosts_counts() -> None:
    host = Host()
    clock = host.clock()
    host.time += timedelta(minutes=1)
    assert clock() == NOON + timedelta(minutes=1)


@pytest.mark.parametrize("jump", [timedelta(hours=-3), timedelta(days=400)], ids=["back", "forward"])
def test_a_jump_of_the_hosts_clock_moves_nothing(jump: timedelta) -> None:
    host = Host()
    clock = host.clock()
    clock.hear(NOON, 100, 100)
    host.time, host.steady = host.time + jump, 107
    assert clock() == NOON + timedelta(seconds=7)


def test_an_answer_counts_from_the_middle_of_its_way() -> None:
    host = Host(steady=100.2)
    clock = host.clock()
    clock.hear(NOON, 100, 100.2)
    assert clock() == NOON + timedelta(seconds=0.1)


def test_an_answer_that_was_long_on_its_way_does_not_replace_a_good_one() -> None:
    # a node that was paused between question and answer
    host = Host(steady=130)
    clock = host.clock()
    clock.hear(NOON, 100, 100)
    clock.hear(NOON + timedelta(seconds=1), 101, 130)
    assert clock() == NOON + timedelta(seconds=30)


def test_after_a_minute_without_a_better_one_it_does() -> None:
    host = Host(steady=170)
    clock = host.clock()
    clock.hear(NOON, 100, 100)
    clock.hear(NOON, 168, 170)
    assert clock() == NOON + timedelta(seconds=1)


def test_a_host_that_is_off_by_more_than_two_seconds_is_told_so_once(caplog: pytest.LogCaptureFixture) -> None:
    clock = Host(time=NOON + timedelta(seconds=3)).clock()
    with caplog.at_level(logging.WARNING):
        clock.hear(NOON, 100, 100)
        clock.hear(NOON, 100, 100)
    assert [record.message.count("differ by more than 2 seconds") for record in caplog.records] == [1]


def test_the_time_is_the_databases_on_postgresql_and_the_hosts_on_sqlite(database_url: str) -> None:
    wrong = datetime(2001, 1, 1, tzinfo=UTC)

    async def ask() -> tuple[str, datetime]:
        database, clock = open_database(database_url), NodeClock(lambda: wrong)
        await clock.ask(database)
        told = clock()
        await database.close()
        return database.dialect, told

    dialect, told = asyncio.run(ask())
    if dialect == "sqlite":
        assert told == wrong
    else:
        assert abs(told - datetime.now(UTC)) < timedelta(seconds=5)
