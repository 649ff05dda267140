"""Whatever is wrong with an answer of an authenticator, nobody gets in, and strangers leave nothing behind."""

from collections.abc import Callable
from typing import Any

import pytest

from badgepin.store import desk_tables
from badgepin.store.tables import audit_events
from badgepin.web.cookies import BROWSER, DESK, new_browser
from tests.desk.authenticator import Authenticator, encode
from tests.desk.browser import DeskBrowser, at_desk, authenticator, invite
from tests.graph.world import World, guid

Bend = Callable[[Authenticator], None]


def _bent(**values: Any) -> Bend:
    def bend(device: Authenticator) -> None:
        for name, value in values.items():
            setattr(device, name, value)

    return bend


WRONG: dict[str, Bend] = {
    "another origin": _bent(origin="https://evil.example"),
    "a deeper origin": _bent(origin="http://badgepin.test.evil.example"),
    "another host": _bent(rp_id="evil.example"),
    "nobody verified": _bent(verifies=False),
    "inside another site's frame": _bent(cross_origin=True),
    "another key": lambda device: setattr(device, "key", authenticator().key),
}


@pytest.mark.parametrize("bend", WRONG.values(), ids=WRONG.keys())
def test_a_wrong_assertion_opens_nothing(world: World, bend: Bend) -> None:
    _, device = at_desk(world)
    events = len(world.rows(audit_events))
    bend(device)
    browser = DeskBrowser(world)
    answer = browser.sign_in(device)
    assert answer.status_code == 403
    assert not browser.is_at_desk
    assert len(world.rows(desk_tables.desk_sessions)) == 1
    assert len(world.rows(audit_events)) == events


@pytest.mark.parametrize("name", [name for name in WRONG if name != "another key"])
def test_a_wrong_registration_keeps_no_passkey_and_uses_no_invitation_up(world: World, name: str) -> None:
    secret, device = invite(world, "global_reader"), authenticator()
    WRONG[name](device)
    assert DeskBrowser(world).register(secret, device)[0].status_code == 403
    assert world.rows(desk_tables.passkeys) == []
    assert DeskBrowser(world).register(secret)[0].status_code == 200


def test_refusals_before_a_passkey_is_proven_look_all_the_same(world: World) -> None:
    _, device = at_desk(world)
    somebody_else = at_desk(world, "global_reader")[1]
    somebody_else.user_handle = device.user_handle
    no_uv = authenticator(key=device.key, credential_id=device.credential_id, verifies=False, count=50)
    answers = set()
    for each in (authenticator(), somebody_else, no_uv):
        error = DeskBrowser(world).sign_in(each).json()["error"]
        answers.add((error["code"], error["message"]))
    assert len(answers) == 1


def test_an_answer_counts_once(world: World) -> None:
    _, device = at_desk(world)
    # without a count there is nothing else that could tell the second from the first
    world.transact(lambda tx: tx.execute(desk_tables.passkeys.update().values(sign_count=0)))
    device.counts, device.count = False, 0
    browser = DeskBrowser(world)
    browser.get("sign-in")
    options = browser.post("sign-in/options", {}).json()["options"]
    body = {"credential": device.get(options)}
    assert browser.post("sign-in", body).status_code == 200
    assert browser.post("sign-in", body).status_code == 403


def test_a_challenge_is_for_the_browser_that_asked_and_for_two_minutes(world: World) -> None:
    _, device = at_desk(world)
    browser = DeskBrowser(world)
    browser.get("sign-in")
    options = browser.post("sign-in/options", {}).json()["options"]
    other = DeskBrowser(world, {BROWSER: new_browser()})
    assert other.post("sign-in", {"credential": device.get(options)}).status_code == 403
    world.clock.move(seconds=120)
    late = browser.post("sign-in", {"credential": device.get(options)})
    assert late.status_code == 403
    assert "too long" in late.json()["error"]["message"]


def test_a_challenge_for_one_purpose_is_good_for_no_other(world: World) -> None:
    browser, device = at_desk(world)
    for_step_up = browser.post("step-up/options", {}).json()["options"]
    assert browser.post("sign-in", {"credential": device.get(for_step_up)}).status_code == 403
    for_sign_in = browser.post("sign-in/options", {}).json()["options"]
    assert browser.post("step-up", {"credential": device.get(for_sign_in)}).status_code == 403


def test_a_challenge_for_one_invitation_is_good_for_no_other(world: World) -> None:
    first, second = invite(world, "global_administrator"), invite(world, "global_reader")
    browser = DeskBrowser(world)
    browser.get("invitation")
    options = browser.post("invitation/options", {"secret": first}).json()["options"]
    body = {"secret": second, "credential": authenticator().create(options)}
    assert browser.post("invitation/register", body).status_code == 403
    assert world.rows(desk_tables.passkeys) == []


def test_a_count_that_goes_backwards_is_refused_and_written_down(world: World) -> None:
    _, device = at_desk(world)
    copy = authenticator(key=device.key, credential_id=device.credential_id, user_handle=device.user_handle)
    for _ in range(3):
        assert DeskBrowser(world).sign_in(device).status_code == 200
    refused = DeskBrowser(world).sign_in(copy)
    assert refused.json()["error"]["code"] == "deskPasskeyCopied"
    [event] = [row for row in world.rows(audit_events) if row["result"] == "failure"]
    assert event["result_reason"] == "passkeyCopied"
    assert event["handle"] == refused.json()["error"]["handle"]


def test_authenticators_that_keep_no_count_are_welcome(world: World) -> None:
    browser = DeskBrowser(world)
    device = authenticator(counts=False)
    browser.register(invite(world, "global_reader"), device)
    assert [DeskBrowser(world).sign_in(device).status_code for _ in range(3)] == [200] * 3


def test_a_removed_passkey_opens_nothing_and_what_it_opened_is_over(world: World) -> None:
    browser, device = at_desk(world)
    [row] = world.rows(desk_tables.passkeys)
    path = f"/users/{guid('global_administrator')}/authentication/fido2Methods/{row['id']}"
    assert world.request("DELETE", path, token=world.admin).status_code == 204
    assert browser.api("GET", "/badgepin/desk").status_code == 401
    assert DeskBrowser(world).sign_in(device).status_code == 403


def test_a_cookie_that_was_there_before_signing_in_is_never_signed_in(world: World) -> None:
    planted = new_browser()
    browser = DeskBrowser(world, {DESK: planted})
    _, device = browser.register(invite(world, "global_administrator"))
    assert browser.sign_in(device).status_code == 200
    assert browser.cookies[DESK] != planted
    assert DeskBrowser(world, {DESK: planted}).api("GET", "/badgepin/desk").status_code == 401


def test_signing_in_again_ends_the_session_that_the_browser_had(world: World) -> None:
    browser, device = at_desk(world)
    old = DeskBrowser(world, dict(browser.cookies))
    assert browser.sign_in(device).status_code == 200
    assert old.api("GET", "/badgepin/desk").status_code == 401
    assert browser.api("GET", "/badgepin/desk").status_code == 200


FOREIGN: dict[str, dict[str, str | None]] = {
    "another origin": {"origin": "https://evil.example"},
    "no origin": {"origin": None},
    "another site, says the browser": {"sec-fetch-site": "cross-site"},
    "a sibling, says the browser": {"sec-fetch-site": "same-site"},
}


@pytest.mark.parametrize("headers", FOREIGN.values(), ids=FOREIGN.keys())
def test_ceremonies_are_held_with_our_own_pages_only(world: World, headers: dict[str, str | None]) -> None:
    browser, device = at_desk(world)
    options = browser.post("sign-in/options", {}).json()["options"]
    bodies: dict[str, dict[str, Any]] = {
        "sign-in/options": {},
        "sign-in": {"credential": device.get(options)},
        "step-up/options": {},
        "sign-out": {},
        "invitation/options": {"secret": invite(world, "global_reader")},
    }
    browser.headers = headers
    assert {browser.post(step, body).status_code for step, body in bodies.items()} == {403}
    browser.headers = {}
    assert browser.api("GET", "/badgepin/desk").status_code == 200


GARBAGE: tuple[Any, ...] = (
    None,
    [],
    "text",
    {},
    {"id": 1, "rawId": [], "type": "public-key", "response": {}},
    {"id": "AA", "rawId": "AA", "type": "public-key", "response": {"clientDataJSON": encode(b"[]")}},
    {"id": "AA", "rawId": "AA", "type": "public-key", "response": {"clientDataJSON": encode(b'{"challenge": 1}')}},
    {"id": "A" * 9000, "rawId": "AA", "type": "public-key", "response": {"clientDataJSON": encode(b"{}")}},
    {"id": "é", "rawId": "é", "type": {}, "response": []},
)


@pytest.mark.parametrize("credential", GARBAGE, ids=range(len(GARBAGE)))
def test_what_is_no_credential_is_refused_like_any_other(world: World, credential: Any) -> None:
    browser = DeskBrowser(world)
    browser.get("sign-in")
    assert browser.post("sign-in", {"credential": credential}).status_code == 403
    secret = invite(world, "global_reader")
    assert browser.post("invitation/register", {"secret": secret, "credential": credential}).status_code == 403


PARTS = ("clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle")


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("broken", ["", "AAAA", "not base64 at all é", encode(b"\xff" * 300), None, 7, {}])
def test_a_credential_with_a_broken_part_is_refused(world: World, part: str, broken: Any) -> None:
    secret, device = invite(world, "global_reader"), authenticator()
    browser = DeskBrowser(world)
    browser.get("invitation")
    made = device.create(browser.post("invitation/options", {"secret": secret}).json()["options"])
    if part in made["response"]:
        made["response"][part] = broken
        body = {"secret": secret, "credential": made}
        assert browser.post("invitation/register", body).status_code == 403
        return
    browser.register(secret, device)
    answer = device.get(browser.post("sign-in/options", {}).json()["options"])
    answer["response"][part] = broken
    assert browser.post("sign-in", {"credential": answer}).status_code == 403
