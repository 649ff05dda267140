"""One invitation makes one passkey however many hurry, and what opens the desk lies nowhere."""

import asyncio
import base64
import logging

import pytest
import sqlalchemy as sa

from badgepin.services import invitation
from badgepin.store import desk_tables
from badgepin.store.purge import purge
from badgepin.store.schema import schema
from badgepin.web.cookies import BROWSER, DESK
from tests.desk.browser import DeskBrowser, at_desk, authenticator, invite, operator
from tests.graph.world import TENANT, World, guid

CALLERS = 12


def test_of_many_who_take_up_one_invitation_at_once_exactly_one_gets_in(world: World) -> None:
    secret = invite(world, "global_administrator")
    prepared = []
    for _ in range(CALLERS):
        browser = DeskBrowser(world)
        browser.get("invitation")
        options = browser.post("invitation/options", {"secret": secret}).json()["options"]
        prepared.append((browser, {"secret": secret, "credential": authenticator().create(options)}))

    async def all_at_once() -> list[int]:
        path = f"/{TENANT}/desk/invitation/register"
        answers = await asyncio.gather(*(browser.send("POST", path, body) for browser, body in prepared))
        return sorted(answer.status_code for answer in answers)

    assert world.run(all_at_once()) == [200] + [403] * (CALLERS - 1)
    assert len(world.rows(desk_tables.passkeys)) == 1


def test_of_many_invitations_made_at_once_the_last_alone_is_open(world: World) -> None:
    call, person = operator(world), guid("global_administrator")

    async def all_at_once() -> None:
        write = world.installation.database.write
        await asyncio.gather(*(write(lambda tx: invitation.invite(tx, call, person)) for _ in range(CALLERS)))

    world.run(all_at_once())
    assert len(world.rows(desk_tables.desk_invitations)) == 1


def test_reading_first_and_using_up_without_a_condition_lets_many_in(world: World) -> None:
    invite(world, "global_administrator")
    table = desk_tables.desk_invitations
    is_open = sa.select(table.c.id).where(table.c.used_at.is_(None))
    use = sa.update(table).values(used_at=world.clock.now)

    async def naive(meet: asyncio.Barrier) -> bool:
        found = await world.installation.database.read(lambda tx: tx.execute(is_open).first())
        await meet.wait()
        return found is not None and await world.installation.database.write(lambda tx: tx.execute(use).rowcount) == 1

    async def all_at_once() -> list[bool]:
        meet = asyncio.Barrier(CALLERS)
        return await asyncio.gather(*(naive(meet) for _ in range(CALLERS)))

    assert sum(world.run(all_at_once())) > 1


def test_of_many_who_send_one_answer_at_once_exactly_one_signs_in(world: World) -> None:
    _, device = at_desk(world)
    browser = DeskBrowser(world)
    browser.get("sign-in")
    body = {"credential": device.get(browser.post("sign-in/options", {}).json()["options"])}
    same = [DeskBrowser(world, {BROWSER: browser.cookies[BROWSER]}) for _ in range(CALLERS)]

    async def all_at_once() -> list[int]:
        answers = await asyncio.gather(*(each.send("POST", f"/{TENANT}/desk/sign-in", body) for each in same))
        return sorted(answer.status_code for answer in answers)

    assert world.run(all_at_once()) == [200] + [403] * (CALLERS - 1)


def test_neither_links_nor_cookies_are_kept_or_logged(world: World, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        secret = invite(world, "global_administrator")
        browser = DeskBrowser(world)
        _, device = browser.register(secret)
        assert browser.sign_in(device).status_code == 200
        assert browser.api("GET", "/badgepin/desk").status_code == 200
    kept = str([world.rows(table) for table in schema.tables.values()]) + caplog.text
    for hidden in (secret, browser.cookies[DESK], browser.cookies[BROWSER]):
        raw = base64.urlsafe_b64decode(hidden + "=")
        assert hidden not in kept
        assert raw.hex() not in kept
        assert str(raw)[2:-1] not in kept


def test_the_page_of_an_invitation_is_asked_for_without_its_secret(world: World) -> None:
    browser = DeskBrowser(world)
    secret = invite(world, "global_administrator")
    browser.register(secret)
    asked = [sent for sent in browser.sent if sent.startswith(b"GET")]
    assert asked
    assert not any(secret.encode() in sent for sent in asked)


def test_ended_rows_are_forgotten_after_a_week(world: World) -> None:
    at_desk(world)
    world.clock.move(days=9)
    world.transact(lambda tx: purge(tx, world.clock.now))
    assert world.rows(desk_tables.desk_sessions) == world.rows(desk_tables.desk_invitations) == []
    assert [row["user_id"] for row in world.rows(desk_tables.passkeys)] == [guid("global_administrator")]
