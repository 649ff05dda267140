"""What the desk's pages for administrators read: who comes to the desk, how the installation is, what one may do."""

import asyncio
import dataclasses

import httpx
import msgspec
import pytest

from badgepin.domain import directory_role as roles
from tests.desk.browser import at_desk, invite
from tests.graph.world import STORE, World, guid, upn

ASSIGNMENTS = "/roleManagement/directory/roleAssignments"


def _assignment(world: World, name: str) -> str:
    asked = f"{ASSIGNMENTS}?$filter=principalId eq '{guid(name)}'"
    answer = world.request("GET", asked, token=world.person("global_administrator"))
    return str(answer.json()["value"][0]["id"])


def _give(world: World, name: str) -> None:
    body = {"principalId": guid(name), "roleDefinitionId": roles.GLOBAL_ADMINISTRATOR, "directoryScopeId": "/"}
    answer = world.request("POST", ASSIGNMENTS, token=world.person("global_administrator"), json=body)
    assert answer.status_code == 201, answer.text


def _code(answer: httpx.Response) -> str:
    return str(answer.json()["error"]["code"])


def test_administrators_are_listed_with_roles_passkeys_and_invitations(world: World) -> None:
    browser, _ = at_desk(world)
    invite(world, "manager")
    listed = browser.api("GET", "/badgepin/administrators").json()["value"]
    names = [each["displayName"] for each in listed]
    assert names == sorted(names, key=str.casefold)
    by_name = {each["userPrincipalName"]: each for each in listed}
    me, manager = by_name[upn("global_administrator")], by_name[upn("manager")]
    assert [key["displayName"] for key in me["passkeys"]] == ["Office phone"]
    assert me["passkeys"][0]["lastUsedDateTime"] is not None
    assert me["invitedUntilDateTime"] is None
    assert (manager["passkeys"], manager["invitedUntilDateTime"] is not None) == ([], True)
    assert [role["unitId"] for role in manager["roles"]] == [STORE]
    assert upn("worker") not in by_name


def test_administrators_come_page_by_page_and_are_found_by_name(world: World) -> None:
    browser, _ = at_desk(world)
    whole = [each["id"] for each in browser.api("GET", "/badgepin/administrators").json()["value"]]
    found: list[str] = []
    path = "/badgepin/administrators?$top=2"
    while path:
        page = browser.api("GET", path).json()
        found += [each["id"] for each in page["value"]]
        path = page.get("@odata.nextLink", "").partition("/v1.0")[2]
    assert found == whole
    asked = f"/badgepin/administrators?$filter=userPrincipalName eq '{upn('manager')}'"
    assert [each["id"] for each in browser.api("GET", asked).json()["value"]] == [guid("manager")]


@pytest.mark.parametrize("path", ["/badgepin/administrators", "/badgepin/health"])
def test_what_only_administrators_may_read_is_refused_to_everybody_else(world: World, path: str) -> None:
    manager, _ = at_desk(world, "manager")
    assert manager.api("GET", path).status_code == 403
    assert world.request("GET", path, token=world.person("worker")).status_code == 403
    assert world.request("GET", path, token=world.person("user_administrator")).status_code == 403
    assert world.request("GET", path).status_code == 401
    assert world.request("GET", path, token=world.person("global_reader")).status_code == 200


def test_health_says_what_is_there_and_what_to_do(world: World) -> None:
    browser, _ = at_desk(world)
    answer = browser.api("GET", "/badgepin/health")
    found = {each["id"]: each for each in answer.json()["value"]}
    assert {"version", "database", "schema", "clock", "durability", "keys", "auditLog", "signingKey"} <= set(found)
    assert found["schema"]["verdict"] == "ok"
    assert (found["administrators"]["verdict"], found["administrators"]["values"]) == ("advice", {"count": "1"})
    assert "invite another one" in found["administrators"]["finding"]
    assert found["anchors"]["code"] == "anchorsNone"
    assert str(world.installation.settings.data) not in answer.text


def test_an_old_signing_key_is_told(world: World) -> None:
    browser, device = at_desk(world)
    world.clock.move(days=120)
    browser.sign_in(device)
    found = {each["id"]: each for each in browser.api("GET", "/badgepin/health").json()["value"]}
    assert (found["signingKey"]["verdict"], found["signingKey"]["code"]) == ("advice", "signingKeyOld")


def test_an_unreadable_certificate_is_told_without_naming_a_file(world: World) -> None:
    settings = msgspec.structs.replace(world.installation.settings, tls_certificate="/nowhere/at-all.pem")
    world.installation = dataclasses.replace(world.installation, settings=settings)
    answer = world.request("GET", "/badgepin/health", token=world.person("global_administrator"))
    found = {each["id"]: each for each in answer.json()["value"]}
    assert (found["certificate"]["verdict"], found["certificate"]["code"]) == ("wrong", "certificateBad")
    assert "nowhere" not in answer.text


def test_the_desk_says_what_its_person_may_change(world: World) -> None:
    def desk(name: str) -> tuple[list[str], list[str]]:
        answer = world.request("GET", "/badgepin/desk", token=world.person(name)).json()
        return answer["pages"], answer["may"]

    pages, may = desk("global_administrator")
    assert pages == [
        "policy", "stores", "groups", "roles", "applications", "administrators", "logs", "health",
    ]  # fmt: skip
    assert {"writePolicy", "writeStores", "writeRoles", "inviteEverybody"} <= set(may)
    assert desk("global_reader") == (pages, [])
    assert desk("authentication_policy_administrator")[1] == ["writePolicy"]
    assert desk("authentication_administrator")[1] == ["inviteManagers"]
    assert desk("manager") == ([], [])


def test_the_last_global_administrator_stays(world: World) -> None:
    admin, name = world.person("global_administrator"), guid("global_administrator")
    mine = _assignment(world, "global_administrator")
    attempts = (
        ("DELETE", f"{ASSIGNMENTS}/{mine}", None),
        ("DELETE", f"/users/{name}", None),
        ("PATCH", f"/users/{name}", {"accountEnabled": False}),
    )
    for verb, path, body in attempts:
        answer = world.request(verb, path, token=admin, json=body)
        assert (answer.status_code, _code(answer)) == (400, "lastGlobalAdministrator"), path
    assert _assignment(world, "global_administrator") == mine
    # the control: with another one all of it goes
    _give(world, "worker")
    assert world.request("DELETE", f"{ASSIGNMENTS}/{mine}", token=admin).status_code == 204


def test_a_disabled_administrator_does_not_count_as_another_one(world: World) -> None:
    admin = world.person("global_administrator")
    _give(world, "worker")
    disabled = world.request("PATCH", f"/users/{guid('worker')}", token=admin, json={"accountEnabled": False})
    assert disabled.status_code == 204
    mine = _assignment(world, "global_administrator")
    assert _code(world.request("DELETE", f"{ASSIGNMENTS}/{mine}", token=admin)) == "lastGlobalAdministrator"


def test_two_administrators_who_remove_one_another_leave_one(world: World) -> None:
    _give(world, "worker")
    first, second = _assignment(world, "global_administrator"), _assignment(world, "worker")
    tokens = (world.person("worker"), world.person("global_administrator"))

    async def both() -> list[httpx.Response]:
        pairs = zip((first, second), tokens, strict=True)
        return list(
            await asyncio.gather(*(world.send("DELETE", f"{ASSIGNMENTS}/{each}", token=token) for each, token in pairs))
        )

    statuses = sorted(answer.status_code for answer in world.run(both()))
    assert statuses[0] == 204
    assert statuses[1] in {400, 403}


def test_a_group_that_hands_the_role_on_counts_and_is_kept(world: World) -> None:
    admin = world.person("global_administrator")
    body = {"displayName": "Chiefs", "mailEnabled": False, "mailNickname": "chiefs", "securityEnabled": True}
    made = world.request("POST", "/groups", token=admin, json={**body, "isAssignableToRole": True})
    group = made.json()["id"]
    reference = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{guid('worker')}"}
    assert world.request("POST", f"/groups/{group}/members/$ref", token=admin, json=reference).status_code == 204
    role = {"principalId": group, "roleDefinitionId": roles.GLOBAL_ADMINISTRATOR, "directoryScopeId": "/"}
    assert world.request("POST", ASSIGNMENTS, token=admin, json=role).status_code == 201
    mine = _assignment(world, "global_administrator")
    assert world.request("DELETE", f"{ASSIGNMENTS}/{mine}", token=admin).status_code == 204
    chief = world.token(oid=guid("worker"), scp="Group.ReadWrite.All RoleManagement.ReadWrite.Directory")
    for path in (f"/groups/{group}", f"/groups/{group}/members/{guid('worker')}/$ref"):
        assert _code(world.request("DELETE", path, token=chief)) == "lastGlobalAdministrator"


def test_the_forecast_says_how_many_people_a_store_has_and_how_many_hold_a_badge(world: World) -> None:
    world.create_method("worker")
    answer = world.request("GET", "/badgepin/reports/expiringCodes", token=world.person("global_administrator"))
    by_unit = {each["unitId"]: each for each in answer.json()["value"]}
    assert by_unit[STORE]["badgeHolderCount"] == 1
    assert by_unit[STORE]["peopleCount"] >= 1
    assert by_unit[None]["peopleCount"] is None
