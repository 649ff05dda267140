"""The API takes a session of the desk instead of a token: from its own page, while it lives, and freshly proven."""

from typing import Any

import pytest

from badgepin.domain.desk import DESK_SCOPES
from badgepin.domain.directory_role import BADGE_MANAGER
from badgepin.graph.routes import ROUTES
from badgepin.store import desk_tables
from badgepin.store.tables import applications, audit_events, role_assignments
from badgepin.web.cookies import DESK
from tests.desk.browser import DeskBrowser, at_desk
from tests.graph.test_statement_counts import statements
from tests.graph.world import START, STORE, TENANT, World, guid

ME = "/badgepin/desk"
UNITS = "/directory/administrativeUnits"

WRONG: dict[str, dict[str, str | None]] = {
    "no header": {"x_badgepin_desk": None},
    "an empty header": {"x_badgepin_desk": ""},
    "a wrong token": {"x_badgepin_desk": f"{TENANT}.{'0' * 64}"},
    "a token without its tenant": {"x_badgepin_desk": "0" * 64},
    "a tenant that is none": {"x_badgepin_desk": f"x'.{'0' * 64}"},
    "another origin": {"origin": "https://evil.example"},
    "the origin null": {"origin": "null"},
    "no origin": {"origin": None},
    "another site, says the browser": {"sec_fetch_site": "cross-site"},
    "a sibling, says the browser": {"sec_fetch_site": "same-site"},
    "an address typed by hand": {"sec_fetch_site": "none"},
}


@pytest.mark.parametrize("headers", WRONG.values(), ids=WRONG.keys())
def test_a_request_that_is_not_from_the_desks_own_page_changes_nothing(
    world: World, headers: dict[str, str | None]
) -> None:
    browser, _ = at_desk(world)
    answer = browser.api("POST", UNITS, {"displayName": "North"}, **headers)
    assert answer.status_code == 401, answer.text
    assert answer.json()["error"]["code"] == "InvalidAuthenticationToken"
    assert browser.api("POST", UNITS, {"displayName": "North"}).status_code == 201


@pytest.mark.parametrize("name", ["no header", "a wrong token", "another site, says the browser"])
def test_reading_takes_the_page_as_well(world: World, name: str) -> None:
    browser, _ = at_desk(world)
    assert browser.api("GET", ME, **WRONG[name]).status_code == 401
    assert browser.api("GET", ME).status_code == 200


def test_a_request_with_a_token_is_judged_by_its_token_alone(world: World) -> None:
    browser, _ = at_desk(world)
    assert browser.api("GET", ME, authorization="Bearer a.b.c").status_code == 401
    as_worker = browser.api("GET", "/me", authorization=f"Bearer {world.person('worker')}")
    assert as_worker.json()["id"] == guid("worker")


def test_two_cookies_of_the_name_are_as_good_as_none(world: World) -> None:
    browser, _ = at_desk(world)
    value = browser.cookies[DESK]
    assert browser.api("GET", ME, cookie=f"{DESK}={value}; {DESK}={value}").status_code == 401


def test_items_of_a_batch_are_asked_by_the_person_at_the_desk_and_nobody_else(world: World) -> None:
    browser, _ = at_desk(world)
    worker = {"authorization": f"Bearer {world.person('worker')}"}
    items = [
        {"id": "1", "method": "GET", "url": ME},
        {"id": "2", "method": "POST", "url": UNITS, "body": {"displayName": "North"}},
        {"id": "3", "method": "GET", "url": "/me", "headers": worker},
    ]
    answers = browser.api("POST", "/$batch", {"requests": items}).json()["responses"]
    assert [answer["status"] for answer in answers] == [200, 201, 200]
    assert answers[2]["body"]["id"] == guid("global_administrator")


def test_a_session_ends_after_thirty_minutes_without_use(world: World) -> None:
    browser, _ = at_desk(world)
    for _ in range(3):
        world.clock.move(minutes=29)
        assert browser.api("GET", ME).status_code == 200
    world.clock.move(minutes=30)
    assert browser.api("GET", ME).status_code == 401


def test_a_session_ends_after_twelve_hours_however_much_it_is_used(world: World) -> None:
    browser, _ = at_desk(world)
    for _ in range(12 * 3 - 1):
        world.clock.move(minutes=20)
        assert browser.api("GET", ME).status_code == 200
    world.clock.move(minutes=20)
    assert browser.api("GET", ME).status_code == 401


def test_signing_out_ends_it_at_the_back_end_and_clears_the_browser(world: World) -> None:
    browser, _ = at_desk(world)
    kept = DeskBrowser(world, dict(browser.cookies))
    answer = browser.post("sign-out", {})
    assert answer.status_code == 200
    assert answer.headers["clear-site-data"] == '"cache", "storage"'
    assert not browser.is_at_desk
    assert kept.api("GET", ME).status_code == 401
    assert [row["activity"] for row in world.rows(audit_events)][-1] == "User signed out"


def test_a_disabled_person_is_gone_at_once_and_for_good(world: World) -> None:
    browser, device = at_desk(world, "global_reader")
    token, path = world.application("User.ReadWrite.All"), f"/users/{guid('global_reader')}"
    assert world.request("PATCH", path, token=token, json={"accountEnabled": False}).status_code == 204
    assert browser.api("GET", ME).status_code == 401
    assert DeskBrowser(world).sign_in(device).json()["error"]["code"] == "deskAccountDisabled"
    assert world.request("PATCH", path, token=token, json={"accountEnabled": True}).status_code == 204
    assert browser.api("GET", ME).status_code == 401
    assert DeskBrowser(world).sign_in(device).status_code == 200


def test_a_deleted_person_is_gone_with_everything_of_theirs(world: World) -> None:
    browser, _ = at_desk(world, "global_reader")
    token = world.application("User.ReadWrite.All")
    assert world.request("DELETE", f"/users/{guid('global_reader')}", token=token).status_code == 204
    assert browser.api("GET", ME).status_code == 401
    assert world.rows(desk_tables.passkeys) == world.rows(desk_tables.desk_sessions) == []
    assert world.rows(desk_tables.desk_invitations) == []


def test_ending_all_sessions_of_a_person_ends_those_at_the_desk(world: World) -> None:
    browser, _ = at_desk(world)
    assert browser.api("POST", "/me/revokeSignInSessions", {}).status_code == 200
    assert browser.api("GET", ME).status_code == 401


def test_switching_the_desk_off_as_an_application_ends_every_session(world: World) -> None:
    browser, _ = at_desk(world)
    desk = applications.c.display_name == "Badgepin desk"
    world.transact(lambda tx: tx.execute(applications.update().where(desk).values(account_enabled=False)))
    assert browser.api("GET", ME).status_code == 401


def _method(name: str, below: str = "") -> str:
    return f"/users/{guid(name)}/authentication/qrCodePinMethod{below}"


def test_what_matters_most_needs_the_passkey_again_after_fifteen_minutes(world: World) -> None:
    browser, device = at_desk(world)
    body = {"standardQRCode": {}, "pin": {"code": "13572468"}}
    world.clock.move(minutes=15, microseconds=-1)
    assert browser.api("PUT", _method("colleague"), body).status_code == 201
    world.clock.move(microseconds=1)
    refused = browser.api("PUT", _method("worker"), body)
    assert refused.status_code == 403
    assert refused.json()["error"]["code"] == "stepUpRequired"
    assert "passkey" in refused.json()["error"]["message"]
    assert browser.step_up(device).status_code == 200
    assert browser.api("PUT", _method("worker"), body).status_code == 201
    assert [row["activity"] for row in world.rows(audit_events)].count("User proved identity again") == 1


def test_revoking_never_waits_for_a_passkey(world: World) -> None:
    world.create_method()
    browser, _ = at_desk(world)
    world.clock.move(minutes=20)
    assert browser.api("DELETE", _method("worker", "/standardQRCode")).status_code == 204
    assert browser.api("DELETE", _method("worker")).status_code == 204


def test_only_a_passkey_of_the_same_person_proves_again(world: World) -> None:
    browser, _ = at_desk(world)
    _, stranger = at_desk(world, "global_reader")
    assert browser.step_up(stranger).status_code == 403
    [row] = [row for row in world.rows(desk_tables.desk_sessions) if row["user_id"] == guid("global_administrator")]
    assert row["proven_at"] == START


def test_a_batch_is_no_way_around_the_passkey(world: World) -> None:
    browser, _ = at_desk(world)
    world.clock.move(minutes=15)
    item = {"id": "1", "method": "PATCH", "url": _method("worker", "/pin"), "body": {}}
    [answer] = browser.api("POST", "/$batch", {"requests": [item]}).json()["responses"]
    assert (answer["status"], answer["body"]["error"]["code"]) == (403, "stepUpRequired")


def test_tokens_are_not_asked_for_a_passkey(world: World) -> None:
    world.clock.move(hours=5)
    world.create_method()


def test_the_operations_that_want_a_fresh_proof_are_these() -> None:
    fresh = {f"{route.verb} {route.path}" for route in ROUTES if route.fresh and not route.path.startswith("/me")}
    method = "/users/{user}/authentication/qrCodePinMethod"
    assert fresh == {
        f"PUT {method}",
        f"PATCH {method}/standardQRCode",
        f"PATCH {method}/temporaryQRCode",
        f"PATCH {method}/pin",
        f"POST {method}/pin/unlock",
        "DELETE /users/{user}/authentication/fido2Methods/{passkey}",
        "POST /badgepin/people/{user}/replacement",
        "POST /badgepin/users/{user}/invitations",
        "POST /roleManagement/directory/roleAssignments",
        "DELETE /roleManagement/directory/roleAssignments/{assignment}",
        "POST /directory/administrativeUnits/{unit}/scopedRoleMembers",
        "DELETE /directory/administrativeUnits/{unit}/scopedRoleMembers/{membership}",
        "POST /groups/{group}/members/$ref",
        "POST /groups/{group}/owners/$ref",
        "PATCH /applications/{application}",
        "POST /applications/{application}/addPassword",
        "POST /servicePrincipals/{principal}/appRoleAssignments",
    }


@pytest.mark.parametrize(
    ("verb", "below", "body"),
    [
        ("PUT", "", {"standardQRCode": {}, "pin": {"code": "13572468"}}),
        ("PATCH", "/temporaryQRCode", {}),
        ("PATCH", "/pin", {}),
        ("POST", "/updatePin", {"currentPin": "13572468", "newPin": "86420975"}),
    ],
)
def test_nobody_at_the_desk_changes_a_badge_of_their_own(world: World, verb: str, below: str, body: Any) -> None:
    if below:
        world.create_method("global_administrator")
    browser, _ = at_desk(world)
    refused = browser.api(verb, f"/me/authentication/qrCodePinMethod{below}", body)
    assert refused.status_code == 403
    assert "themselves" in refused.json()["error"]["message"]


def test_a_badge_manager_comes_to_the_desk_and_sees_their_store_only(world: World) -> None:
    row = {
        "tenant_id": TENANT,
        "id": guid("assignment badge manager"),
        "principal_id": guid("colleague"),
        "role_definition_id": BADGE_MANAGER,
        "administrative_unit_id": STORE,
        "created_at": START,
    }
    world.transact(lambda tx: tx.execute(role_assignments.insert().values(row)))
    browser, _ = at_desk(world, "colleague")
    assert browser.api("GET", ME).json()["units"] == [{"id": STORE, "displayName": "Store"}]
    body = {"standardQRCode": {}, "pin": {"code": "13572468"}}
    assert browser.api("PUT", _method("worker"), body).status_code == 201
    assert browser.api("PUT", _method("other_store_worker"), body).status_code == 404


def test_the_clock_of_the_session_is_the_one_of_the_server(world: World) -> None:
    browser, _ = at_desk(world)
    [row] = world.rows(desk_tables.desk_sessions)
    assert (row["signed_in_at"], row["proven_at"], row["last_seen_at"]) == (START, START, START)
    world.clock.move(seconds=59)
    browser.api("GET", ME)
    assert world.rows(desk_tables.desk_sessions)[0]["last_seen_at"] == START
    world.clock.move(seconds=1)
    browser.api("GET", ME)
    assert world.rows(desk_tables.desk_sessions)[0]["last_seen_at"] == world.clock.now


def test_a_request_from_the_desk_takes_one_statement_more_than_one_with_a_token(world: World) -> None:
    browser, _ = at_desk(world)
    path = "/users?$top=1"
    token = world.person("global_administrator")
    with_token = statements(world, lambda: world.request("GET", path, token=token))
    at_the_desk = statements(world, lambda: browser.api("GET", path))
    assert len(at_the_desk) == len(with_token) + 1, at_the_desk


def test_the_desk_may_ask_for_everything_but_a_changed_pin() -> None:
    closed = {
        route.permission.name
        for route in ROUTES
        if not route.permission.held_by(DESK_SCOPES, application=False, strict=True)
    }
    assert closed == {"ANY-TOKEN", "S-PIN"}
