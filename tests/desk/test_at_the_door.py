"""What the door of the desk does for whoever knocks: limits, languages, cookies on several lines."""

import asyncio
import dataclasses

import httpx
import msgspec
import pytest

from badgepin.app import create_app
from badgepin.portal.words import LANGUAGES, words
from badgepin.web.cookies import BROWSER, DESK
from badgepin.web.desk_caller import page_token
from tests.desk.browser import DeskBrowser, at_desk
from tests.graph.world import BASE, TENANT, World, guid


def test_one_network_is_told_to_wait_and_the_others_are_not(world: World) -> None:
    settings = msgspec.structs.replace(world.installation.settings, sign_ins_per_second=10)
    application = create_app(dataclasses.replace(world.installation, settings=settings))
    path = f"/{TENANT}/desk/sign-in/options"

    async def ask(address: str, times: int) -> list[int]:
        transport = httpx.ASGITransport(application, client=(address, 1))
        async with httpx.AsyncClient(transport=transport, base_url=BASE, headers={"origin": BASE}) as client:
            answers = await asyncio.gather(*(client.post(path, json={}) for _ in range(times)))
        return [answer.status_code for answer in answers]

    hasty = world.run(ask("192.0.2.7", 120))
    assert set(hasty) == {200, 429}
    assert world.run(ask("198.51.100.7", 1)) == [200]


@pytest.mark.parametrize("language", LANGUAGES)
def test_refusals_and_pages_speak_the_browsers_language(world: World, language: str) -> None:
    browser = DeskBrowser(world, headers={"accept-language": language})
    assert words(language)["deskSignInTitle"] in browser.get("sign-in").text
    refused = browser.post("invitation/options", {"secret": "x"}).json()["error"]
    assert refused["message"] == words(language)["deskInvitationOver"]


def test_cookies_that_come_on_lines_of_their_own_are_read_together(world: World) -> None:
    browser, _ = at_desk(world)
    cookies = [("cookie", f"{name}={value}") for name, value in browser.cookies.items()]
    headers = [*cookies, ("x-badgepin-desk", page_token(TENANT, browser.cookies[DESK])), ("origin", BASE)]

    async def ask() -> tuple[int, int]:
        transport = httpx.ASGITransport(create_app(world.installation))
        async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
            api = await client.get("/v1.0/badgepin/desk", headers=headers)
            door = await client.post(f"/{TENANT}/desk/step-up/options", headers=headers, json={})
        return api.status_code, door.status_code

    assert {BROWSER, DESK} == set(browser.cookies)
    assert world.run(ask()) == (200, 200)


def test_signing_out_without_the_pages_token_leaves_the_session_as_it_is(world: World) -> None:
    browser, _ = at_desk(world)
    browser.headers = {"x-badgepin-desk": page_token(guid("elsewhere"), browser.cookies[DESK])}
    assert browser.post("sign-out", {}).status_code == 403
    browser.headers = {}
    assert browser.api("GET", "/badgepin/desk").status_code == 200


def test_proving_again_takes_a_session(world: World) -> None:
    browser, device = at_desk(world)
    world.clock.move(minutes=31)
    refused = browser.step_up(device)
    assert refused.status_code == 403
    assert refused.json()["error"]["code"] == "deskSessionOver"
