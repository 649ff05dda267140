"""What the directory refuses, and how its lists, links and records read."""

from typing import Any

import pytest

from badgepin.domain import directory_role as roles
from badgepin.store import tables
from tests.graph.test_statement_counts import counted
from tests.graph.world import BASE, ROLE_GROUP, STORE, World, guid, upn

MANAGES_ROLES = "RoleManagement.ReadWrite.Directory"


def _post(world: World, path: str, body: dict[str, Any], *permissions: str) -> dict[str, Any]:
    answer = world.request("POST", path, token=world.application(*permissions), json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def _user(world: World, upn_: str, name: str = "Somebody") -> dict[str, Any]:
    return _post(world, "/users", {"userPrincipalName": upn_, "displayName": name}, "User.ReadWrite.All")


def _ids(world: World, path: str, *permissions: str) -> list[str]:
    answer = world.request("GET", path, token=world.application(*permissions))
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json()["value"]]


@pytest.mark.parametrize(
    ("verb", "path", "body"),
    [
        ("POST", "/groups", {"displayName": "X", "isAssignableToRole": True}),
        ("PATCH", f"/groups/{ROLE_GROUP}", {"displayName": "X"}),
        ("DELETE", f"/groups/{ROLE_GROUP}", None),
        ("POST", f"/groups/{ROLE_GROUP}/members/$ref", {"@odata.id": f"/users/{guid('worker')}"}),
        ("DELETE", f"/groups/{ROLE_GROUP}/members/{guid('role_group_member')}/$ref", None),
        ("POST", f"/groups/{ROLE_GROUP}/owners/$ref", {"@odata.id": f"/users/{guid('worker')}"}),
    ],
)
def test_a_group_that_hands_roles_on_needs_the_permission_to_manage_roles(
    world: World, verb: str, path: str, body: dict[str, Any] | None
) -> None:
    for token in (
        world.application("Group.ReadWrite.All", "Directory.ReadWrite.All"),
        world.person("global_administrator", "Group.ReadWrite.All"),
    ):
        answer = world.request(verb, path, token=token, json=body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "Authorization_RequestDenied")
    assert [row["member_id"] for row in world.rows(tables.group_members)] == [guid("role_group_member")]
    token = world.application("Group.ReadWrite.All", MANAGES_ROLES)
    assert world.request(verb, path, token=token, json=body).status_code in {201, 204}


def test_an_own_scope_ends_only_one_s_own_sessions(world: World) -> None:
    token = world.person("user_administrator", "User.ReadWrite")
    other = world.person("colleague")
    path = f"/users/{guid('colleague')}/revokeSignInSessions"
    assert world.request("POST", path, token=token).status_code == 403
    assert world.request("GET", "/me", token=other).status_code == 200
    assert world.request("POST", "/me/revokeSignInSessions", token=token).json()["value"] is True
    assert world.request("GET", "/me", token=token).status_code == 401


@pytest.mark.parametrize("space", [" ", "\u00a0", "\u200b", "\u202e", "\u2028", "\ue000", "\x07", "\t"])
def test_a_name_holds_nothing_invisible(world: World, space: str) -> None:
    body = {"userPrincipalName": f"wor{space}ker@contoso.example", "displayName": "X"}
    answer = world.request("POST", "/users", token=world.application("User.ReadWrite.All"), json=body)
    assert answer.status_code == 400


def test_two_spellings_of_one_name_are_one_person(world: World) -> None:
    made = _user(world, "ren\u00e9e.STRASSE@contoso.example")
    token = world.application("User.ReadWrite.All")
    for spelling in ("rene\u0301e.strasse@contoso.example", "REN\u00c9E.stra\u00dfe@CONTOSO.example"):
        assert world.request("GET", f"/users/{spelling}", token=token).json()["id"] == made["id"]
        body = {"userPrincipalName": spelling, "displayName": "X"}
        answer = world.request("POST", "/users", token=token, json=body)
        assert "userPrincipalName already exists" in answer.json()["error"]["message"]


def test_a_filter_compares_the_property_it_names(world: World) -> None:
    elodie = _user(world, "elodie@contoso.example", "\u00c9lodie 100%_x")["id"]
    for query, expected in (
        (f"id eq '{guid('worker').upper()}'", [guid("worker")]),
        (f"id eq '{upn('worker')}'", []),
        (f"userPrincipalName eq '{guid('worker')}'", []),
        (f"USERPRINCIPALNAME eq '{upn('worker').upper()}'", [guid("worker")]),
        ("startswith(displayName,'\u00c9lo')", [elodie]),
        ("startsWith(displayName, '\u00c9LODIE 100%_')", [elodie]),
        ("startswith(displayName,'%')", []),
        ("startswith(displayName,'_')", []),
        ("startswith(displayName,'it''s')", []),
    ):
        found = world.request(
            "GET", "/users", token=world.application("User.Read.All"), params={"$filter": query}
        ).json()
        assert [item["id"] for item in found["value"]] == expected, query


@pytest.mark.parametrize("name", ["a/b@contoso.example", "o'neil@contoso.example", "a#EXT#@contoso.example"])
def test_a_page_link_can_be_followed_whatever_the_name_in_it(world: World, name: str) -> None:
    made = _user(world, name)["id"]
    groups = [
        _post(
            world,
            "/groups",
            {"displayName": f"Group {number}", "members@odata.bind": [f"/users/{made}"]},
            "Group.ReadWrite.All",
        )["id"]
        for number in range(2)
    ]
    token = world.application("Directory.Read.All")
    quoted = name.replace("/", "%2F").replace("#", "%23")
    first = world.request("GET", f"/users/{quoted}/memberOf?$top=1", token=token).json()
    second = world.request("GET", first["@odata.nextLink"].removeprefix(BASE), token=token).json()
    assert [item["id"] for page in (first, second) for item in page["value"]] == sorted(groups)


def test_a_unit_is_restricted_for_life(world: World) -> None:
    path = "/directory/administrativeUnits"
    permission = "AdministrativeUnit.ReadWrite.All"
    made = _post(world, path, {"displayName": "Vault", "isMemberManagementRestricted": True}, permission)
    assert made["isMemberManagementRestricted"] is True
    for body, status in (({"isMemberManagementRestricted": False}, 400), ({"displayName": "Safe"}, 204)):
        answer = world.request("PATCH", f"{path}/{made['id']}", token=world.application(permission), json=body)
        assert answer.status_code == status
    read = world.request("GET", f"{path}/{made['id']}", token=world.application(permission)).json()
    assert (read["displayName"], read["isMemberManagementRestricted"]) == ("Safe", True)


def test_groups_can_be_in_units_and_leave_them_when_deleted(world: World) -> None:
    group = _post(world, "/groups", {"displayName": "Night shift"}, "Group.ReadWrite.All")["id"]
    path = f"/directory/administrativeUnits/{STORE}/members"
    token = world.application("AdministrativeUnit.ReadWrite.All", "Group.ReadWrite.All")
    body = {"@odata.id": f"{BASE}/beta/groups/{group}"}
    assert world.request("POST", f"{path}/$ref", token=token, json=body).status_code == 204
    assert "already exist" in world.request("POST", f"{path}/$ref", token=token, json=body).text
    listed = world.request("GET", path, token=token).json()["value"]
    shown = next(item for item in listed if item["id"] == group)
    assert (shown["@odata.type"], shown["displayName"]) == ("#microsoft.graph.group", "Night shift")
    assert world.request("DELETE", f"/groups/{group}", token=token).status_code == 204
    assert group not in _ids(world, path, "Directory.Read.All")


def test_a_deleted_unit_takes_its_roles_along(world: World) -> None:
    token = world.application("AdministrativeUnit.ReadWrite.All")
    assert world.request("DELETE", f"/directory/administrativeUnits/{STORE}", token=token).status_code == 204
    assert not [row for row in world.rows(tables.role_assignments) if row["administrative_unit_id"] == STORE]
    world.create_method()
    manager = world.person("manager")
    assert world.request("DELETE", world.method_path("worker"), token=manager).status_code == 403


def test_the_record_names_changed_properties_without_personal_values(world: World) -> None:
    body = {"jobTitle": "Cook of secrets", "accountEnabled": False, "mobilePhone": "+1 555 0100"}
    world.request("PATCH", f"/users/{guid('worker')}", token=world.application("User.ReadWrite.All"), json=body)
    (event,) = world.request("GET", "/auditLogs/directoryAudits", token=world.application("AuditLog.Read.All")).json()[
        "value"
    ]
    assert {
        change["displayName"]: change["newValue"] for change in event["targetResources"][0]["modifiedProperties"]
    } == {
        "JobTitle": None,
        "AccountEnabled": "False",
        "MobilePhone": None,
    }
    assert event["initiatedBy"]["app"]["displayName"] == "Automation"
    assert event["initiatedBy"]["user"] is None


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("global_administrator", 204),
        ("user_administrator", 403),
        ("authentication_administrator", 403),
        ("worker", 403),
    ],
)
def test_only_who_may_assign_roles_changes_units(world: World, name: str, status: int) -> None:
    body = {"@odata.id": f"/users/{guid('other_store_worker')}"}
    path = f"/directory/administrativeUnits/{STORE}/members/$ref"
    token = world.person(name, "AdministrativeUnit.ReadWrite.All")
    assert world.request("POST", path, token=token, json=body).status_code == status


def test_a_guest_without_role_reads_nobody_else(world: World) -> None:
    token = world.person("guest", "User.Read.All Group.Read.All Directory.Read.All")
    assert world.request("GET", "/me", token=token).status_code == 200
    for path in ("/users", f"/users/{guid('worker')}", "/groups", "/directory/administrativeUnits"):
        assert world.request("GET", path, token=token).status_code == 403, path


@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("/users", 2),
        (f"/users/{guid('worker')}", 2),
        ("/groups", 2),
        (f"/groups/{ROLE_GROUP}", 2),
        (f"/groups/{ROLE_GROUP}/members", 3),
        (f"/groups/{ROLE_GROUP}/transitiveMembers", 3),
        (f"/users/{guid('worker')}/transitiveMemberOf", 3),
        ("/directory/administrativeUnits", 2),
        (f"/directory/administrativeUnits/{STORE}/members", 3),
        ("/auditLogs/directoryAudits", 2),
        ("/organization", 2),
    ],
)
def test_a_page_costs_the_same_few_statements_however_long(world: World, path: str, most: int) -> None:
    token = world.application("Directory.Read.All", "AuditLog.Read.All")
    with counted(world) as seen:
        assert world.request("GET", path, token=token).status_code == 200
    assert len([statement for statement in seen if not statement.startswith("BEGIN")]) <= most, seen


def test_a_role_in_a_group_makes_its_members_untouchable_for_user_administrators(world: World) -> None:
    body = {"principalId": ROLE_GROUP, "roleDefinitionId": roles.GLOBAL_READER, "directoryScopeId": "/"}
    _post(world, "/roleManagement/directory/roleAssignments", body, MANAGES_ROLES)
    path = f"/users/{guid('role_group_member')}"
    for name, status in (("user_administrator", 403), ("global_administrator", 204)):
        assert world.request("DELETE", path, token=world.person(name)).status_code == status
