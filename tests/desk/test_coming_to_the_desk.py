"""From an invitation to a request of the API: who gets to the desk, and how."""

import pytest

from badgepin.services.tenant import create_tenant
from badgepin.store import desk_tables
from badgepin.store.tables import audit_events
from badgepin.web.cookies import BROWSER, DESK
from badgepin.web.desk_caller import page_token
from tests.desk.browser import DeskBrowser, at_desk, authenticator, invite
from tests.graph.world import TENANT, World, guid


def _activities(world: World) -> list[tuple[str, str]]:
    rows = sorted(world.rows(audit_events), key=lambda row: row["occurred_at"])
    return [(row["activity"], row["result"]) for row in rows]


def test_an_invited_person_registers_a_passkey_signs_in_and_uses_the_api(world: World) -> None:
    browser, _ = at_desk(world)
    answer = browser.api("GET", "/badgepin/desk")
    assert answer.status_code == 200, answer.text
    assert answer.json()["id"] == guid("global_administrator")
    assert _activities(world) == [
        ("Invite person to the desk", "success"),
        ("User registered security info", "success"),
        ("Sign-in activity", "success"),
    ]


def test_the_options_ask_for_a_verified_person_a_key_that_names_them_and_no_attestation(world: World) -> None:
    browser = DeskBrowser(world)
    browser.get("invitation")
    secret = invite(world, "global_administrator")
    asked = browser.post("invitation/options", {"secret": secret}).json()
    assert asked["person"] == "Global Administrator"
    options = asked["options"]
    assert options["rp"] == {"name": "Contoso", "id": "badgepin.test"}
    assert options["authenticatorSelection"]["residentKey"] == "required"
    assert options["authenticatorSelection"]["userVerification"] == "required"
    assert options["attestation"] == "none"
    wanted = browser.post("sign-in/options", {}).json()["options"]
    assert wanted["userVerification"] == "required"
    assert wanted["allowCredentials"] == []


def test_the_session_cookie_is_for_this_host_alone_and_never_for_scripts_or_other_sites(world: World) -> None:
    browser = DeskBrowser(world)
    _, device = browser.register(invite(world, "global_administrator"))
    line = next(each for each in browser.sign_in(device).headers.get_list("set-cookie") if each.startswith(DESK))
    attributes = {part.strip() for part in line.split(";")[1:]}
    assert attributes == {"Secure", "HttpOnly", "SameSite=Strict", "Path=/"}


@pytest.mark.parametrize("page", ["sign-in", "invitation"])
def test_a_page_is_fenced_in_and_gives_the_browser_its_cookie(world: World, page: str) -> None:
    browser = DeskBrowser(world)
    answer = browser.get(page)
    assert answer.status_code == 200
    assert "require-trusted-types-for 'script'" in answer.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"
    assert BROWSER in browser.cookies
    assert not browser.is_at_desk


def test_an_invitation_works_once(world: World) -> None:
    secret = invite(world, "global_administrator")
    assert DeskBrowser(world).register(secret)[0].status_code == 200
    again, _ = DeskBrowser(world).register(secret)
    assert again.status_code == 403
    assert "used or is older than 24 hours" in again.json()["error"]["message"]
    assert len(world.rows(desk_tables.passkeys)) == 1


def test_an_invitation_works_for_24_hours_and_not_one_moment_longer(world: World) -> None:
    secret = invite(world, "global_administrator")
    browser = DeskBrowser(world)
    browser.get("invitation")
    world.clock.move(hours=24, microseconds=-1)
    assert browser.post("invitation/options", {"secret": secret}).status_code == 200
    world.clock.move(microseconds=1)
    assert browser.post("invitation/options", {"secret": secret}).status_code == 403


def test_a_new_invitation_ends_the_older_one(world: World) -> None:
    first = invite(world, "global_administrator")
    second = invite(world, "global_administrator")
    assert DeskBrowser(world).register(first)[0].status_code == 403
    assert DeskBrowser(world).register(second)[0].status_code == 200


def test_every_invitation_that_cannot_be_used_is_refused_in_the_same_words(world: World) -> None:
    used = invite(world, "global_reader")
    DeskBrowser(world).register(used)
    disabled = invite(world, "manager")
    body = {"accountEnabled": False}
    token = world.application("User.ReadWrite.All")
    assert world.request("PATCH", f"/users/{guid('manager')}", token=token, json=body).status_code == 204
    answers = []
    for secret in (used, disabled, "A" * 43, "", "ü"):
        error = DeskBrowser(world).register(secret)[0].json()["error"]
        answers.append((error["code"], error["message"]))
    assert len(set(answers)) == 1


def test_a_passkey_of_another_tenant_is_unknown(world: World) -> None:
    other = world.transact(
        lambda tx: create_tenant(tx, display_name="Other", default_domain="other.example", now=world.clock.now)
    )
    _, device = at_desk(world)
    browser = DeskBrowser(world, tenant=other.id)
    assert browser.sign_in(device).status_code == 403
    assert browser.register(invite(world, "global_reader"))[0].status_code == 403


def test_a_session_of_one_tenant_is_nobody_in_another(world: World) -> None:
    browser, _ = at_desk(world)
    token = browser.cookies[DESK]
    answer = browser.api("GET", "/badgepin/desk", x_badgepin_desk=page_token(guid("elsewhere"), token))
    assert answer.status_code == 401


def test_people_without_a_role_for_the_desk_are_turned_away_in_words_that_help(world: World) -> None:
    browser, device = at_desk(world, "global_reader")
    token = world.application("RoleManagement.ReadWrite.Directory")
    path = f"/roleManagement/directory/roleAssignments/{guid('assignment global_reader')}"
    assert world.request("DELETE", path, token=token).status_code == 204
    refused = DeskBrowser(world).sign_in(device)
    assert refused.status_code == 403
    assert refused.json()["error"]["code"] == "deskNoRole"
    assert _activities(world)[-1] == ("Sign-in activity", "failure")
    # and who was at the desk already is so no longer
    assert browser.api("GET", "/badgepin/desk").status_code == 401


def test_a_device_that_holds_a_key_already_is_told_not_to_make_another(world: World) -> None:
    at_desk(world)
    browser = DeskBrowser(world)
    browser.get("invitation")
    asked = browser.post("invitation/options", {"secret": invite(world, "global_administrator")}).json()
    assert len(asked["options"]["excludeCredentials"]) == 1


def test_the_same_credential_is_not_registered_for_somebody_else(world: World) -> None:
    _, device = at_desk(world)
    secret = invite(world, "global_reader")
    assert DeskBrowser(world).register(secret, device)[0].status_code == 403
    # and the invitation is as good as before
    assert DeskBrowser(world).register(secret, authenticator())[0].status_code == 200


def test_the_log_of_sign_ins_says_passkey_and_nothing_of_a_badge(world: World) -> None:
    at_desk(world)
    token = world.application("AuditLog.Read.All")
    [entry] = world.request("GET", "/auditLogs/signIns", token=token).json()["value"]
    assert entry["appDisplayName"] == "Badgepin desk"
    assert entry["authenticationDetails"][0]["authenticationMethod"] == "Passkey"
    assert entry["authenticationRequirement"] == "multiFactorAuthentication"
    assert "QR" not in str(entry)


def test_the_pages_are_only_those_of_tenants_that_exist(world: World) -> None:
    assert DeskBrowser(world, tenant="nowhere.example").get("sign-in").status_code == 404
    assert DeskBrowser(world, tenant="nowhere.example").post("sign-in/options", {}).status_code == 404
    assert DeskBrowser(world, tenant=TENANT).get("sign-in").status_code == 200


def test_a_manager_looks_up_why_somebody_was_turned_away(world: World) -> None:
    browser, device = at_desk(world)
    _, lost = at_desk(world, "global_reader")
    path = f"/users/{guid('global_reader')}"
    token = world.application("User.ReadWrite.All")
    assert world.request("PATCH", path, token=token, json={"accountEnabled": False}).status_code == 204
    handle = DeskBrowser(world).sign_in(lost).json()["error"]["handle"]
    found = browser.api("GET", f"/badgepin/handles/{handle}").json()
    assert (found["cause"], found["fix"]) == ("The account is disabled.", "Enable it.")
    assert found["userId"] == guid("global_reader")
    assert device.count == 1
