"""While a session is being opened nobody can take away what it rests on, and the other way round (security design 5.1).

PostgreSQL alone: SQLite lets one writer in at a time.
"""

import asyncio
import json
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from badgepin.crypto.key_ring import KeyRing
from badgepin.domain.method_policy import MethodPolicy, PolicyState
from badgepin.reference_client import Answer, Proven
from badgepin.store import method_policy
from badgepin.store.sign_in_tables import sessions
from badgepin.store.tables import qr_codes, users
from tests.conftest import TEMPLATE
from tests.graph.world import START, TENANT, World, build, guid
from tests.portal.screen import CHOSEN, PATH, Screen, settled_badge
from tests.postgres import Server

ENDING = {
    "the code revoked": sa.update(qr_codes).values(revoked_at=START),
    "the person disabled": sa.update(users).where(users.c.id == guid("worker")).values(account_enabled=False),
}
_WAITING = sa.text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


@pytest.fixture
def postgresql_world(postgresql: Server, ring: KeyRing, runner: asyncio.Runner) -> Iterator[World]:
    """A tenant on PostgreSQL in which everybody may use the method."""
    made = build(postgresql.new_database(TEMPLATE), ring, runner)
    policy = MethodPolicy(state=PolicyState.ENABLED)
    made.transact(lambda tx: method_policy.save(tx, TENANT, policy, START))
    yield made
    made.close()


async def _ended_meanwhile(engine: AsyncEngine, screen: Screen, proven: Proven, ending: sa.Update) -> Answer:
    """The PIN is entered while a change is made that is not committed yet; it is once the sign-in waits or is done."""
    body = json.dumps({"request": "", "proof": proven.handle, "pin": CHOSEN}).encode()
    async with engine.connect() as other, engine.connect() as observer:
        await other.execute(ending)
        entering = asyncio.ensure_future(screen.send("POST", f"{PATH}/pin", body, {"content-type": "application/json"}))
        while not entering.done() and not (await observer.execute(_WAITING)).scalar_one():
            await observer.rollback()
            await asyncio.sleep(0.01)
        await other.commit()
        return await entering


@pytest.mark.parametrize("what", ENDING)
def test_a_session_is_not_opened_on_what_ends_at_the_same_moment(postgresql_world: World, what: str) -> None:
    world = postgresql_world
    screen = Screen(world)
    badge = settled_badge(world)
    before = len(world.rows(sessions))
    proven = screen.scan(badge)
    assert isinstance(proven, Proven)
    url = world.installation.settings.database_url.replace("postgresql://", "postgresql+asyncpg://")
    engine = create_async_engine(url)
    try:
        answer = world.run(_ended_meanwhile(engine, screen, proven, ENDING[what]))
    finally:
        world.run(engine.dispose())
    assert answer.status == 403, answer.body
    assert len(world.rows(sessions)) == before
