"""Whatever happens in a sign-in, no secret, name or badge reaches the log, at its most talkative."""

import logging

import pytest

from badgepin.cli.log import JsonLines
from badgepin.store.tables import users
from badgepin.store.transaction import StoreUnavailable
from tests.graph.world import World
from tests.portal.screen import CHOSEN, PIN, Screen, badge_of

WRONG = "11112222"


def test_a_sign_in_logs_no_secret(
    world: World, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    with caplog.at_level(logging.DEBUG):
        created = world.create_method("worker")
        badge = badge_of(created)
        Screen(world).sign_in(badge)
        for _ in range(3):
            Screen(world).sign_in(badge, WRONG)

        async def away(_: object) -> None:
            raise StoreUnavailable

        monkeypatch.setattr(world.installation.database, "write", away)
        monkeypatch.setattr(world.installation.database, "write_once", away)
        Screen(world).get("/")
        world.request("PUT", world.method_path("worker"), token=world.admin, json={"pin": {"code": CHOSEN}})
        monkeypatch.undo()
    text = "\n".join(JsonLines().format(record) for record in caplog.records)
    assert text
    person = next(row for row in world.rows(users) if row["id"] in world.method_path("worker"))
    planted = [PIN, CHOSEN, WRONG, badge, world.admin, person["user_principal_name"], person["display_name"]]
    assert [each for each in planted if each in text] == []


def test_the_test_above_would_notice(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("badgepin.portal").debug("checking %s", CHOSEN)
    assert CHOSEN in "\n".join(JsonLines().format(record) for record in caplog.records)
