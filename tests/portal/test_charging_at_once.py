"""The charge in one statement counts as exactly as the one under the lock, and only ever says yes."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from badgepin.domain.lockout import LockoutRules
from badgepin.domain.sign_in import PROOF_TRIES
from badgepin.reference_client import Proven
from badgepin.store import charging
from badgepin.store import pin as pin_store
from badgepin.store.sign_in_tables import proofs
from badgepin.store.tables import pin_charges, pin_locks, pins
from badgepin.store.transaction import PostgreSQLDatabase, Transaction
from tests.graph.world import TENANT, World
from tests.portal.screen import Screen, settled_badge

RULES = LockoutRules()
ONE_A_DAY = LockoutRules(step=5, badge_day=1, pin_day=1)


@pytest.fixture
def proof(world: World) -> Mapping[str, Any]:
    """The row of an open proof."""
    assert isinstance(Screen(world).scan(settled_badge(world)), Proven)
    return next(row for row in world.rows(proofs) if row["consumed_at"] is None)


def _charge(tx: Transaction, proof: Mapping[str, Any], world: World, rules: LockoutRules, seen: Any = None) -> Any:
    found = seen or charging.find_seen_pin(tx, TENANT, proof["user_id"])
    assert found is not None
    code = {"qr_code_id": proof["qr_code_id"], "proof_id": proof["id"]}
    return charging.charge_at_once(tx, TENANT, found, **code, rules=rules, now=world.clock.now)


def _books(tx: Transaction) -> list[list[str]]:
    return [sorted(map(repr, tx.execute(sa.select(table)))) for table in (pins, pin_locks, pin_charges, proofs)]


def test_it_leaves_the_books_as_the_statements_one_after_another_do(world: World, proof: Mapping[str, Any]) -> None:
    def one_by_one(tx: Transaction) -> pin_store.Step | None:
        kept = pin_store.get_pin(tx, TENANT, proof["user_id"])
        assert kept is not None
        code = {"qr_code_id": proof["qr_code_id"], "proof_id": proof["id"]}
        return pin_store.charge(tx, TENANT, kept, **code, rules=RULES, now=world.clock.now)

    steps = []
    for turn in range(8):
        if turn % 2:
            steps.append(world.transact(one_by_one))
        else:
            world.transact(lambda tx: tx.execute(sa.update(proofs).values(tries_left=PROOF_TRIES)) and None)
            taken = world.transact(lambda tx: _charge(tx, proof, world, RULES))
            assert taken.tries_left == PROOF_TRIES - 1
            steps.append(taken.step)
        assert steps[-1] is not None
        if steps[-1].locked_until is not None:
            assert world.rows(pin_locks)[0]["locked_until"] == steps[-1].locked_until
            world.clock.move(minutes=1)
    assert [step.failures for step in steps if step] == list(range(1, 9))
    assert [turn + 1 for turn, step in enumerate(steps) if step and step.locked_until] == [5]
    assert world.rows(pins)[0]["life_failures"] == 8


def test_its_waits_are_the_rules_waits(world: World, proof: Mapping[str, Any]) -> None:
    pin_id, pin_day = world.rows(pins)[0]["id"], LockoutRules(badge_day=50, pin_day=100)

    def after(tx: Transaction, failures: int) -> Any:
        tx.execute(sa.delete(pin_locks))
        tx.execute(sa.update(proofs).values(tries_left=PROOF_TRIES))
        row = {"tenant_id": TENANT, "pin_id": pin_id, "qr_code_id": proof["qr_code_id"]}
        tx.execute(sa.insert(pin_locks).values(**row, failures=failures, locked_until=pin_store.NEVER_LOCKED))
        return _charge(tx, proof, world, pin_day)

    for failures in (4, 9, 14, 19, 24, 34):
        taken = world.transact(lambda tx, failures=failures: after(tx, failures))  # type: ignore[misc]
        wait = RULES.wait_after(failures + 1)
        assert wait is not None
        assert world.rows(pin_locks)[0]["locked_until"] == world.clock.now + wait == taken.step.locked_until


def _spent_life(_: World) -> sa.Executable:
    return sa.update(pins).values(life_failures=RULES.pin_life)


def _disabled(world: World) -> sa.Executable:
    return sa.update(pins).values(disabled_at=world.clock.now)


def _waiting(world: World) -> sa.Executable:
    return sa.update(pin_locks).values(locked_until=world.clock.now + timedelta(seconds=1))


def _used_proof(world: World) -> sa.Executable:
    return sa.update(proofs).values(consumed_at=world.clock.now)


def _no_try_left(_: World) -> sa.Executable:
    return sa.update(proofs).values(tries_left=0)


def _old_proof(world: World) -> sa.Executable:
    return sa.update(proofs).values(expires_at=world.clock.now)


_USED_UP = (_spent_life, _disabled, _waiting, _used_proof, _no_try_left, _old_proof)


def test_one_used_up_budget_charges_none_of_the_others(world: World, proof: Mapping[str, Any]) -> None:
    world.transact(lambda tx: _charge(tx, proof, world, RULES) and None)
    for change in _USED_UP:

        def attempt(tx: Transaction, change: Callable[[World], sa.Executable] = change) -> tuple[Any, Any, Any]:
            with tx.begin_nested() as undone:
                tx.execute(change(world))
                before = _books(tx)
                charged = _charge(tx, proof, world, RULES)
                after = _books(tx)
                undone.rollback()
            return charged, before, after

        charged, before, after = world.transact(attempt)
        assert charged is None, change.__name__
        assert before == after


def test_a_full_day_charges_nothing(world: World, proof: Mapping[str, Any]) -> None:
    assert world.transact(lambda tx: _charge(tx, proof, world, ONE_A_DAY)) is not None
    before = world.transact(_books)
    assert world.transact(lambda tx: _charge(tx, proof, world, ONE_A_DAY)) is None
    assert world.transact(_books) == before


async def _two_at_once(database: PostgreSQLDatabase, proof: Mapping[str, Any], world: World) -> list[Any]:
    """One charge commits while the other waits for its lock, with a snapshot from before."""
    async with database.engine.connect() as first, database.engine.connect() as second:
        seen = await second.run_sync(lambda tx: charging.find_seen_pin(tx, TENANT, proof["user_id"]))
        await second.commit()
        earlier = await first.run_sync(lambda tx: _charge(tx, proof, world, ONE_A_DAY))
        waiting = asyncio.create_task(second.run_sync(lambda tx: _charge(tx, proof, world, ONE_A_DAY, seen)))
        await _waits_for_a_lock(database)
        await first.commit()
        later = await waiting
        await second.commit()
    return [earlier, later]


async def _waits_for_a_lock(database: PostgreSQLDatabase) -> None:
    waiting = sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    async with asyncio.timeout(20):
        while not await database.read(lambda tx: tx.execute(waiting).scalar_one()):  # noqa: ASYNC110 - the database's event
            await asyncio.sleep(0.01)


def test_a_charge_that_waited_for_another_is_not_counted_by_what_it_saw_before(
    world: World, proof: Mapping[str, Any]
) -> None:
    database = world.installation.database
    if not isinstance(database, PostgreSQLDatabase):
        pytest.skip("SQLite has one writer")
    earlier, later = world.run(_two_at_once(database, proof, world))
    assert earlier is not None
    assert later is None
    assert len([row for row in world.rows(pin_charges) if row["cleared_at"] is None]) == 1


def test_without_the_rows_version_a_second_charge_slips_through(
    world: World, proof: Mapping[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    # the negative control of the test above
    database = world.installation.database
    if not isinstance(database, PostgreSQLDatabase):
        pytest.skip("SQLite has one writer")
    monkeypatch.setattr(charging, "is_unchanged", sa.true)
    charging._charging.cache_clear()
    try:
        _, later = world.run(_two_at_once(database, proof, world))
    finally:
        charging._charging.cache_clear()
    assert later is not None
