"""The verifier neither disturbs a server nor is disturbed by it: no false alarm while events come and go."""

import asyncio
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from badgepin.cli.audit_verification import Report, Trust, Verification
from badgepin.domain.audit_chain import Verdict
from badgepin.services import audit_chain as services
from badgepin.store import audit
from badgepin.store import audit_chain as store
from badgepin.store.transaction import Transaction
from tests.audit.ledger import Ledger
from tests.audit.test_keeping import keeper_of
from tests.graph.world import TENANT


@pytest.mark.parametrize("portion", [7, 1000], ids=["small portions", "one portion"])
def test_no_false_alarm_while_events_are_written_chained_signed_and_purged(
    empty_ledger: Ledger, portion: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("badgepin.cli.audit_verification._PORTION", portion)
    monkeypatch.setattr("badgepin.services.audit_chain._PURGED_AT_ONCE", 20)
    world = empty_ledger.world
    database = world.installation.database
    empty_ledger.append(400)
    while empty_ledger.chain():
        pass
    world.clock.move(days=40)
    keeper = keeper_of(empty_ledger, audit_retention_days=30)
    verdicts: list[Report] = []

    async def write(stopping: asyncio.Event) -> None:
        while not stopping.is_set():
            now = world.clock.now
            rows = empty_ledger.rows(3)
            world.clock.now = now + timedelta(milliseconds=10)
            await database.write(partial(audit.append_rows, rows=rows))
            await asyncio.sleep(0.01)

    def sign(tx: Transaction) -> None:
        store.wait_for_turn(tx)
        services.sign_checkpoint(tx, empty_ledger.key, TENANT, world.clock.now)

    async def keep(stopping: asyncio.Event) -> None:
        while not stopping.is_set():
            await keeper.chain()
            await database.write(sign)
            await keeper.sign()
            await keeper.purge()
            await asyncio.sleep(0.005)

    async def verify(stopping: asyncio.Event) -> None:
        while len(verdicts) < 6 or verdicts[-1].purged < 400:
            trust = Trust(empty_ledger.key, world.clock.now, empty_ledger.files)
            verdicts.append(await Verification(database.read, trust, TENANT).run())
        stopping.set()

    async def scene() -> None:
        stopping = asyncio.Event()
        work: list[Any] = [write(stopping), keep(stopping), verify(stopping)]
        await asyncio.wait_for(asyncio.gather(*work), 300)

    world.run(scene())
    assert [report.finding for report in verdicts if report.verdict is not Verdict.HOLDS] == []
    assert verdicts[-1].purged == 400
    assert verdicts[-1].events > verdicts[0].events
