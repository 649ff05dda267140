"""The same races against the naive way of doing it: they must go wrong, or the tests of the right way prove nothing."""

import asyncio

import sqlalchemy as sa

from badgepin.domain.authentication_strength import MOST_CUSTOM, AuthenticationStrength
from badgepin.store import authentication_strength, tables
from badgepin.store.transaction import Transaction
from tests.graph.world import START, TENANT, World, guid

CALLERS = 20


def test_reading_first_and_writing_without_a_condition_lets_many_callers_revoke(world: World) -> None:
    world.create_method()
    code = world.create_temporary()["id"]
    live = sa.select(tables.qr_codes.c.id).where(tables.qr_codes.c.id == code, tables.qr_codes.c.revoked_at.is_(None))

    def write(tx: Transaction) -> int:
        change = sa.update(tables.qr_codes).where(tables.qr_codes.c.id == code).values(revoked_at=world.clock.now)
        return tx.execute(change).rowcount

    async def naive(meet: asyncio.Barrier) -> bool:
        found = await world.installation.database.read(lambda tx: tx.execute(live).first())
        await meet.wait()
        return found is not None and await world.installation.database.write(write) == 1

    async def all_at_once() -> list[bool]:
        meet = asyncio.Barrier(CALLERS)
        return await asyncio.gather(*(naive(meet) for _ in range(CALLERS)))

    assert sum(world.run(all_at_once())) > 1


def test_checking_a_pin_before_counting_the_guess_gives_more_guesses_than_five(world: World) -> None:
    world.create_method()
    failures = sa.select(tables.pins.c.life_failures)

    async def naive(meet: asyncio.Barrier) -> bool:
        counted = await world.installation.database.read(lambda tx: tx.execute(failures).scalar_one())
        await meet.wait()
        if counted >= 5:
            return False
        evaluated = True
        await world.installation.database.write(
            lambda tx: tx.execute(sa.update(tables.pins).values(life_failures=tables.pins.c.life_failures + 1))
        )
        return evaluated

    async def all_at_once() -> list[bool]:
        meet = asyncio.Barrier(CALLERS)
        return await asyncio.gather(*(naive(meet) for _ in range(CALLERS)))

    assert sum(world.run(all_at_once())) > 5


def test_without_the_unique_index_a_person_gets_two_live_codes(world: World) -> None:
    world.create_method()
    world.transact(lambda tx: tx.execute(sa.text("DROP INDEX ux_qr_codes_live")))
    live = sa.select(sa.func.count()).select_from(tables.qr_codes).where(tables.qr_codes.c.kind == "temporary")
    (kept,) = world.rows(tables.qr_codes)

    async def naive(meet: asyncio.Barrier, number: int) -> None:
        found = await world.installation.database.read(lambda tx: tx.execute(live).scalar_one())
        await meet.wait()
        if found == 0:
            row = {**kept, "id": f"{number:036d}", "kind": "temporary"}
            await world.installation.database.write(lambda tx: tx.execute(sa.insert(tables.qr_codes).values(row)))

    async def all_at_once() -> None:
        meet = asyncio.Barrier(CALLERS)
        await asyncio.gather(*(naive(meet, number) for number in range(CALLERS)))

    world.run(all_at_once())
    assert sum(row["kind"] == "temporary" for row in world.rows(tables.qr_codes)) > 1


def test_counting_strengths_before_the_lock_makes_more_than_fifteen(world: World) -> None:
    def made(number: int) -> AuthenticationStrength:
        return AuthenticationStrength(guid(f"strength {number}"), "One of many", None, ("qrCodePin",), START, START)

    async def naive(meet: asyncio.Barrier, number: int) -> None:
        found = await world.installation.database.read(lambda tx: authentication_strength.count(tx, TENANT))
        await meet.wait()
        if found < MOST_CUSTOM:
            await world.installation.database.write(lambda tx: authentication_strength.insert(tx, TENANT, made(number)))

    async def all_at_once() -> None:
        meet = asyncio.Barrier(CALLERS)
        await asyncio.gather(*(naive(meet, number) for number in range(CALLERS)))

    world.run(all_at_once())
    assert world.transact(lambda tx: authentication_strength.count(tx, TENANT)) > MOST_CUSTOM
