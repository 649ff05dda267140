"""Every event gets exactly one place in the chain, without a gap, whoever writes and however many nodes give places."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy.exc import IntegrityError

from badgepin.domain.audit_chain import Verdict
from badgepin.services import audit_chain as services
from badgepin.store import audit, migrate
from badgepin.store import audit_chain as store
from badgepin.store.audit_tables import audit_chain, audit_outbox
from badgepin.store.tables import audit_events
from badgepin.store.transaction import Database, Transaction, open_database
from tests.audit.ledger import Ledger
from tests.audit.tampering import OTHER_TENANT, another_tenant
from tests.figures import Figure, record
from tests.graph.world import TENANT, World

COUNTS = st.lists(st.integers(0, 4), min_size=4, max_size=4)


class _GivenUp(Exception):
    """A writer changed its mind."""


@pytest.fixture
def node(world: World) -> Iterator[Database]:
    """A second node on the same database."""
    database = open_database(world.installation.settings.database_url)
    yield database
    world.run(database.close())


def _on_postgresql(world: World) -> None:
    if world.installation.database.dialect != "postgresql":
        pytest.skip("On SQLite there is one writer, and no event waits.")


class _Writing(RuleBasedStateMachine):
    """Four writers, some of whom give up, and two nodes that give places at the same time."""

    ledger: Ledger
    node: Database
    trials = 0

    @rule(counts=COUNTS, giving_up=st.integers(0, 4))
    def write(self, counts: list[int], giving_up: int) -> None:
        rows = [self.ledger.rows(count) for count in counts]
        self._together(*(self._append(each, gives_up=place == giving_up) for place, each in enumerate(rows)))

    @rule(counts=COUNTS)
    def write_while_both_nodes_give_places(self, counts: list[int]) -> None:
        writers = [self._append([row], gives_up=False) for count in counts for row in self.ledger.rows(count)]
        self._together(*writers, self._give_places(0), self._give_places(1), self._give_places(0))

    @rule()
    def give_places(self) -> None:
        self._together(self._give_places(0), self._give_places(1))

    @rule()
    def sign(self) -> None:
        while self.ledger.chain():
            pass
        self.ledger.sign()

    @invariant()
    def every_event_has_one_place_or_waits(self) -> None:
        events = {row["id"] for row in self.ledger.world.rows(audit_events)}
        places = self.ledger.places()
        chained, waiting = Counter(event for _, event in places), Counter(_waiting(self.ledger.world))
        assert [seq for seq, _ in places] == list(range(1, len(places) + 1))
        assert chained + waiting == Counter(events)
        type(self).trials = max(self.trials, len(events))

    def teardown(self) -> None:
        while self.ledger.chain():
            pass
        report = self.ledger.verify()
        assert report.verdict is Verdict.HOLDS, report.finding
        assert report.events == len(self.ledger.world.rows(audit_events))

    async def _append(self, rows: list[dict[str, Any]], *, gives_up: bool) -> None:
        def work(tx: Transaction) -> None:
            audit.append_rows(tx, rows)
            if gives_up:
                raise _GivenUp

        with suppress(_GivenUp):
            await self.ledger.world.installation.database.write(work)

    async def _give_places(self, which: int) -> int:
        node = (self.ledger.world.installation.database, self.node)[which]
        return await node.write(services.chain_portion)

    def _together(self, *work: Any) -> None:
        async def run() -> None:
            await asyncio.gather(*work)

        self.ledger.world.run(run())


def _waiting(world: World) -> list[str]:
    return [row["event_id"] for row in world.rows(audit_outbox)]


def test_every_event_of_four_writers_has_one_place_while_two_nodes_give_them(
    empty_ledger: Ledger, node: Database
) -> None:
    _on_postgresql(empty_ledger.world)

    class Writing(_Writing):
        ledger = empty_ledger

    Writing.node = node
    chosen = settings(max_examples=12, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(Writing, settings=chosen)
    crashed = _crashes_without_turns(empty_ledger, node)
    control = f"two nodes that do not take turns: {crashed} of 5 portions collide"
    record(Figure("I9", "events of 4 writers without exactly one place, 2 nodes", Writing.trials, 0, control))
    assert crashed > 0


def _crashes_without_turns(ledger: Ledger, node: Database) -> int:
    """Both nodes give places to the same events, without asking whose turn it is."""
    crashed = 0
    for _ in range(5):
        ledger.append(200)

        async def both() -> list[Any]:
            nodes = (ledger.world.installation.database, node)
            work = (each.write(lambda tx: store.chain_waiting(tx, 500)) for each in nodes)
            return await asyncio.gather(*work, return_exceptions=True)

        outcomes = ledger.world.run(both())
        crashed += any(isinstance(outcome, IntegrityError) for outcome in outcomes)
        while ledger.chain():
            pass
    return crashed


def test_two_signers_do_not_sign_the_same(empty_ledger: Ledger, node: Database) -> None:
    empty_ledger.append(3)
    empty_ledger.chain()
    now = empty_ledger.world.clock.now
    if empty_ledger.world.installation.database.dialect != "postgresql":
        pytest.skip("On SQLite there is one writer.")

    async def both() -> list[Any]:
        nodes = (empty_ledger.world.installation.database, node)
        return await asyncio.gather(
            *(each.write(lambda tx: services.sign_due(tx, empty_ledger.key, now)) for each in nodes)
        )

    assert sorted(len(signed) for signed in empty_ledger.world.run(both())) == [0, 1]
    assert empty_ledger.verify().verdict is Verdict.HOLDS


def test_a_chain_belongs_to_one_tenant(empty_ledger: Ledger) -> None:
    empty_ledger.world.transact(another_tenant)
    for _ in range(3):
        empty_ledger.append(2)
        empty_ledger.append(1, OTHER_TENANT)
    empty_ledger.world.transact(lambda tx: audit.append_rows(tx, _mixed(empty_ledger)))
    empty_ledger.chain()
    seqs: dict[str, list[int]] = {TENANT: [], OTHER_TENANT: []}
    for row in empty_ledger.world.rows(audit_chain):
        seqs[row["tenant_id"]].append(row["seq"])
    assert {tenant: sorted(places) for tenant, places in seqs.items()} == {
        TENANT: list(range(1, 9)),
        OTHER_TENANT: list(range(1, 6)),
    }
    assert empty_ledger.verify().events == 8


def _mixed(ledger: Ledger) -> list[dict[str, Any]]:
    return [row for pair in zip(ledger.rows(2), ledger.rows(2, OTHER_TENANT), strict=True) for row in pair]


def test_an_import_reads_the_end_of_the_chain_once(empty_ledger: Ledger) -> None:
    world, seen = empty_ledger.world, []
    rows = empty_ledger.rows(300)
    engine: Any = world.installation.database.engine  # type: ignore[attr-defined] # both kinds have one
    engine = getattr(engine, "sync_engine", engine)
    note = lambda *given: seen.append(given[2])  # noqa: E731 - to be removed again
    sa.event.listen(engine, "before_cursor_execute", note)
    world.transact(lambda tx: audit.append_rows(tx, rows))
    sa.event.remove(engine, "before_cursor_execute", note)
    statements = [each for each in seen if not each.startswith(("PRAGMA", "BEGIN"))]
    assert len(statements) == (1 if world.installation.database.dialect == "postgresql" else 3)
    while empty_ledger.chain():
        pass
    assert empty_ledger.verify().events == 300


def test_events_from_before_the_chain_are_chained(empty_ledger: Ledger) -> None:
    world = empty_ledger.world
    empty_ledger.append(7)
    empty_ledger.chain()
    before = {row["event_digest"] for row in world.rows(audit_chain)}
    url = world.installation.settings.database_url
    migrate.downgrade(url, "2026_11_23_sign_in")
    migrate.upgrade(url)
    assert len(_waiting(world)) + len(world.rows(audit_chain)) == 7
    empty_ledger.chain()
    assert {row["event_digest"] for row in world.rows(audit_chain)} == before
    assert (empty_ledger.verify().verdict, empty_ledger.verify().events) == (Verdict.HOLDS, 7)
