"""Badge and PIN from one hand are told of, or refused; so is one person who is unlocked again and again."""

import asyncio
from dataclasses import replace
from typing import Any

import httpx
import msgspec
import pytest
import sqlalchemy as sa

from badgepin.domain.dual_control import UNLOCKS_THAT_ALERT
from badgepin.store import qr_code_pin as store
from badgepin.store import tables
from tests.graph.batches import counts, create, named, rows, wait
from tests.graph.world import World, guid

BOTH_HANDS, UNLOCKS = "Dual control alert", "Repeated unlock alert"
TEMPORARY = {"expireDateTime": "2026-11-23T17:00:00Z"}
ALERTS = "/badgepin/activity?onlyAlerts=true"


def _alerts(world: World, activity: str = BOTH_HANDS) -> list[tuple[str, str]]:
    rows = world.rows(tables.audit_events)
    return [(row["actor_id"], row["target_id"]) for row in rows if row["activity"] == activity]


def _ask(world: World, name: str, verb: str, below: str, body: Any = None) -> httpx.Response:
    return world.request(verb, world.method_path("worker", below), token=world.person(name), json=body)


def _reset(world: World, name: str = "authentication_administrator") -> httpx.Response:
    return _ask(world, name, "PATCH", "/pin", {})


def _temporary(world: World, name: str = "authentication_administrator") -> httpx.Response:
    return _ask(world, name, "PATCH", "/temporaryQRCode", TEMPORARY)


def _with(world: World, **settings: Any) -> None:
    changed = msgspec.structs.replace(world.installation.settings, **settings)
    object.__setattr__(world.installation, "settings", changed)


@pytest.fixture
def onboarded(world: World) -> World:
    """A worker whose method was made by an application, long ago."""
    world.create_method()
    world.clock.move(hours=-1)
    world.transact(lambda tx: tx.execute(sa.delete(tables.audit_events)))
    world.clock.move(hours=1)
    return world


@pytest.mark.parametrize("pin_first", [True, False])
def test_whoever_gives_both_within_a_day_is_named_once(onboarded: World, pin_first: bool) -> None:
    first, second = (_reset, _temporary) if pin_first else (_temporary, _reset)
    assert first(onboarded).status_code == 201
    assert _alerts(onboarded) == []
    assert second(onboarded).status_code == 201
    assert _reset(onboarded).status_code == 201
    assert _alerts(onboarded) == [(guid("authentication_administrator"), guid("worker"))]


def test_two_people_or_two_days_are_no_alert(onboarded: World) -> None:
    assert _reset(onboarded).status_code == 201
    assert _temporary(onboarded, "privileged_authentication_administrator").status_code == 201
    onboarded.clock.move(hours=24, seconds=1)
    body = {"expireDateTime": "2026-11-24T17:00:00Z"}
    assert _ask(onboarded, "authentication_administrator", "PATCH", "/temporaryQRCode", body).status_code == 201
    assert _alerts(onboarded) == []


def test_moving_an_end_revoking_and_unlocking_give_nothing(onboarded: World) -> None:
    assert _reset(onboarded).status_code == 201
    end = {"expireDateTime": "2027-01-01T00:00:00Z"}
    name = "authentication_administrator"
    assert _ask(onboarded, name, "PATCH", "/standardQRCode", end).status_code == 200
    assert _ask(onboarded, name, "POST", "/pin/unlock", {}).status_code == 204
    assert _ask(onboarded, name, "DELETE", "/standardQRCode").status_code == 204
    assert _alerts(onboarded) == []


def test_a_new_badge_for_an_old_one_counts_as_a_code(onboarded: World) -> None:
    assert _reset(onboarded).status_code == 201
    path = f"/badgepin/people/{guid('worker')}/replacement"
    token = onboarded.person("authentication_administrator")
    assert onboarded.request("POST", path, token=token, json={}).status_code == 201
    assert len(_alerts(onboarded)) == 1


def test_a_new_method_gives_both_at_once(world: World) -> None:
    world.create_method()
    assert len(_alerts(world)) == 1


def test_a_person_who_gave_one_is_refused_the_other_where_that_is_set(onboarded: World) -> None:
    _with(onboarded, dual_control="block")
    assert _reset(onboarded).status_code == 201
    refused = _temporary(onboarded)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "dualControlRequired")
    assert "24 hours" in refused.json()["error"]["message"]
    assert not [row for row in onboarded.rows(tables.qr_codes) if row["kind"] == "temporary"]
    other = "privileged_authentication_administrator"
    assert _temporary(onboarded, other).status_code == 201
    before = onboarded.rows(tables.pins)
    assert _reset(onboarded, other).json()["error"]["code"] == "dualControlRequired"
    assert onboarded.rows(tables.pins) == before
    assert _alerts(onboarded) == []


def test_where_it_is_refused_people_make_no_method_and_applications_do_and_are_told_of(world: World) -> None:
    _with(world, dual_control="block")
    sent = {"standardQRCode": {}, "pin": {"code": "13572468"}}
    refused = _ask(world, "authentication_administrator", "PUT", "", sent)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "dualControlRequired")
    assert world.rows(tables.qr_codes) == []
    world.create_method()
    assert len(_alerts(world)) == 1


def _both_at_once(world: World) -> int:
    """How many of the two one person got by asking for both at the same moment."""

    async def send() -> list[httpx.Response]:
        token = world.person("authentication_administrator")
        pin, code = world.method_path("worker", "/pin"), world.method_path("worker", "/temporaryQRCode")
        first, second = await asyncio.gather(
            world.send("PATCH", pin, token=token, json={}), world.send("PATCH", code, token=token, json=TEMPORARY)
        )
        return [first, second]

    answers = world.run(send())
    assert {answer.status_code for answer in answers} <= {201, 403}
    return sum(answer.status_code == 201 for answer in answers)


def test_asking_for_both_at_the_same_moment_gets_one(onboarded: World) -> None:
    _with(onboarded, dual_control="block")
    assert _both_at_once(onboarded) == 1


def test_looking_only_before_the_lock_would_give_both(onboarded: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: what was given is read before the other act is committed."""
    _with(onboarded, dual_control="block")
    real = store.view

    def early(*given: Any, gives: bool = False) -> Any:
        found = real(*given, gives=gives)
        return found and replace(found, in_hand=frozenset())

    monkeypatch.setattr(store, "view", early)
    assert _both_at_once(onboarded) == 2


def test_the_third_unlock_of_a_day_is_told_of(onboarded: World) -> None:
    names = ("authentication_administrator", "privileged_authentication_administrator", "global_administrator")
    for number, name in enumerate(names):
        assert len(_alerts(onboarded, UNLOCKS)) == 0, number
        assert _ask(onboarded, name, "POST", "/pin/unlock", {"reason": "mistyped"}).status_code == 204
    assert _alerts(onboarded, UNLOCKS) == [(guid("global_administrator"), guid("worker"))]
    assert len(names) == UNLOCKS_THAT_ALERT


def test_alerts_stand_out_in_the_activity_and_can_be_asked_for_alone(onboarded: World) -> None:
    assert _reset(onboarded).status_code == 201
    assert _temporary(onboarded).status_code == 201
    token = onboarded.person("global_administrator")
    everything = onboarded.request("GET", "/badgepin/activity", token=token).json()["value"]
    assert [event["isAlert"] for event in everything].count(True) == 1
    (alert,) = onboarded.request("GET", ALERTS, token=token).json()["value"]
    assert (alert["activity"], alert["actorId"]) == (BOTH_HANDS, guid("authentication_administrator"))
    assert alert["userId"] == guid("worker")
    assert onboarded.request("GET", ALERTS.replace("true", "perhaps"), token=token).status_code == 400
    audits = "/auditLogs/directoryAudits?$filter=activityDisplayName eq 'Dual control alert'"
    assert len(onboarded.request("GET", audits, token=token).json()["value"]) == 1


def test_a_batch_of_one_hand_gives_nobody_both_where_that_is_refused(world: World) -> None:
    _with(world, dual_control="block")
    token = world.person("authentication_administrator")
    done = wait(world, create(world, named("worker", "colleague"), token), token)
    assert counts(done) == {"problem": 2}
    assert {row["problem"] for row in rows(world, done, token)} == {"dualControlRequired"}
    assert world.rows(tables.qr_codes) == []
    assert world.rows(tables.pins) == []
    # whose PIN is another's gets a badge of this hand
    world.create_method()
    assert world.request("DELETE", world.method_path("worker", "/standardQRCode"), token=world.admin).status_code == 204
    assert counts(wait(world, create(world, named("worker"), token), token)) == {"waiting": 1}
