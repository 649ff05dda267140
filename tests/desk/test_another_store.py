"""A store's manager gets the same answer for somebody of another store as for somebody who does not exist."""

from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from badgepin.domain import directory_role as roles
from badgepin.graph.request import Route
from badgepin.graph.routes import ROUTES
from badgepin.store.tables import role_assignments
from badgepin.store.transaction import Transaction
from tests.desk.browser import DeskBrowser, at_desk
from tests.graph.world import APPLICATION, OTHER_STORE, PRINCIPAL, ROLE_GROUP, STORE, TENANT, World, guid, upn

# what exists and is none of a store manager's business, by the key that names it
FOREIGN = {
    "unit": OTHER_STORE,
    "group": ROLE_GROUP,
    "application": APPLICATION,
    "principal": PRINCIPAL,
    "member": guid("other_store_worker"),
}
NOBODY = guid("nobody at all")
BODY = {
    "expireDateTime": "2026-11-23T12:00:00Z",
    "standardQRCode": {},
    "pin": {"code": "13572468"},
    "currentPin": "13572468",
    "newPin": "86420975",
    "@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{guid('other_store_worker')}",
}
OF_PEOPLE = tuple(route for route in ROUTES if "{user}" in route.path)
OF_OTHERS = tuple(route for route in ROUTES if any(f"{{{key}}}" in route.path for key in FOREIGN))


@pytest.fixture(params=[roles.BADGE_MANAGER, roles.AUTHENTICATION_ADMINISTRATOR], ids=["Badge Manager", "in a unit"])
def browser(world: World, request: pytest.FixtureRequest) -> DeskBrowser:
    """The desk of somebody who looks after one store and holds no other role."""

    def work(tx: Transaction) -> None:
        held = role_assignments.c
        tx.execute(
            sa.update(role_assignments)
            .where(held.principal_id == guid("manager"))
            .values(role_definition_id=request.param, administrative_unit_id=STORE)
        )

    world.transact(work)
    return at_desk(world, "manager")[0]


def _told(answer: httpx.Response, *names: str) -> tuple[int, Any]:
    if not answer.content:
        return answer.status_code, None
    body = answer.json()
    for name in names:
        body = _without(body, name)
    return answer.status_code, {key: value for key, value in body["error"].items() if key != "innerError"}


def _without(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        return {key: _without(item, name) for key, item in value.items()}
    return value.lower().replace(name.lower(), "?") if isinstance(value, str) else value


def _ask(browser: DeskBrowser, route: Route, keys: dict[str, str]) -> httpx.Response:
    path = route.path
    for part in [part for part in path.split("/") if part.startswith("{")]:
        path = path.replace(part, keys.get(part[1:-1], NOBODY))
    body = BODY if route.verb in {"PUT", "PATCH", "POST"} else None
    return browser.api(route.verb, path, body)


def test_no_url_of_a_person_tells_whether_somebody_works_in_another_store(world: World, browser: DeskBrowser) -> None:
    world.create_method("other_store_worker")
    assert len(OF_PEOPLE) > 30
    for route in OF_PEOPLE:
        for known, unknown in ((guid("other_store_worker"), NOBODY), (upn("other_store_worker"), upn("nobody"))):
            there = _told(_ask(browser, route, {"user": known}), known, unknown)
            nowhere = _told(_ask(browser, route, {"user": unknown}), known, unknown)
            assert there == nowhere, (route.verb, route.path)
            assert there[0] in {400, 403, 404}, (route.verb, route.path)


def test_no_other_url_tells_what_there_is_outside_of_the_store(browser: DeskBrowser) -> None:
    assert len(OF_OTHERS) > 30
    for route in OF_OTHERS:
        known = {key: value for key, value in FOREIGN.items() if f"{{{key}}}" in route.path}
        there = _told(_ask(browser, route, known), *known.values(), NOBODY)
        nowhere = _told(_ask(browser, route, {}), *known.values(), NOBODY)
        assert there == nowhere, (route.verb, route.path)
        assert there[0] in {400, 403, 404}, (route.verb, route.path)


def test_the_same_probing_finds_the_people_of_ones_own_store(world: World, browser: DeskBrowser) -> None:
    """The control: the comparison does see a difference where there is one."""
    world.create_method("worker")
    differing = [
        route
        for route in OF_PEOPLE
        if route.verb == "GET"
        and _ask(browser, route, {"user": guid("worker")}).status_code
        != _ask(browser, route, {"user": NOBODY}).status_code
    ]
    assert len(differing) > 5


def test_a_list_of_the_desk_never_holds_anybody_of_another_store(world: World, browser: DeskBrowser) -> None:
    for name in ("worker", "other_store_worker"):
        world.create_method(name)
    for path in ("/badgepin/people", "/badgepin/activity", "/badgepin/reports/expiringCodes", "/badgepin/desk"):
        answer = browser.api("GET", path)
        assert answer.status_code == 200, path
        assert TENANT not in answer.text.replace(f'"{TENANT}"', "")
        for secret in (guid("other_store_worker"), upn("other_store_worker"), OTHER_STORE, "Other store"):
            assert secret not in answer.text, path
