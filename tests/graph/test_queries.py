"""Query options of lists: they answer what Graph answers, the same on both databases, or say what is wrong where."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from badgepin.domain import directory_role as roles
from tests.graph.test_statement_counts import counted
from tests.graph.world import BASE, CLIENT, OTHER_STORE, PRINCIPAL, ROLE_GROUP, STORE, World, guid, upn

EVENTUAL = {"consistencylevel": "eventual"}
READ = ("Directory.Read.All", "AuditLog.Read.All", "Application.Read.All", "RoleManagement.Read.Directory")
PEOPLE = (
    ("ada", {"displayName": "Ada Öztürk", "surname": "Öztürk", "department": "Bakery", "businessPhones": ["1", "22"]}),
    ("bela", {"displayName": "Béla Öz", "surname": "Öz", "department": "Till", "accountEnabled": False}),
    ("chen", {"displayName": "陈 Chen", "mail": "Chen@Example.com", "jobTitle": "Cook", "businessPhones": ["22"]}),
    ("dina", {"displayName": "دينا Dina", "userType": "Guest", "department": "bakery"}),
    ("o'neil", {"displayName": "Erin O'Neil-Smith", "employeeId": "100%"}),
)


@pytest.fixture
def staff(world: World) -> World:
    """Five people with something in every property, made an hour apart."""
    for name, more in PEOPLE:
        body = {"userPrincipalName": f"{name}@staff.example", "displayName": name, **more}
        answer = world.request("POST", "/users", token=world.application("User.ReadWrite.All"), json=body)
        assert answer.status_code == 201, answer.text
        world.clock.move(hours=1)
    return world


def _get(world: World, path: str, *, advanced: bool = False, status: int = 200, **options: Any) -> Any:
    params = {f"${name}": value for name, value in options.items()}
    if advanced:
        params |= {"$count": "true"}
    headers = EVENTUAL if advanced else {}
    answer = world.request("GET", path, token=world.application(*READ), params=params, headers=headers)
    assert answer.status_code == status, answer.text
    return answer.json()


def _names(world: World, query: str, *, advanced: bool = False) -> set[str]:
    whole = f"({query}) and endsWith(userPrincipalName,'@staff.example')"
    found = _get(world, "/users", advanced=True, filter=whole)["value"] if advanced else None
    if found is None:
        found = [
            item
            for item in _get(world, "/users", filter=query, top="999")["value"]
            if item["userPrincipalName"].endswith("@staff.example")
        ]
    return {item["userPrincipalName"].partition("@")[0] for item in found}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("displayName eq 'ADA öztürk'", {"ada"}),
        ("displayName eq 'Ada O\u0308ztu\u0308rk'", {"ada"}),
        ("surname in ('öz','ÖZTÜRK')", {"ada", "bela"}),
        ("startsWith(surname,'öz')", {"ada", "bela"}),
        ("startswith(displayName,'陈')", {"chen"}),
        ("startswith(displayName,'')", {"ada", "bela", "chen", "dina", "o'neil"}),
        ("userPrincipalName eq 'O''NEIL@staff.example'", {"o'neil"}),
        ("department eq 'BAKERY'", {"ada", "dina"}),
        ("department eq null", {"chen", "o'neil"}),
        ("department in ('till', null)", {"bela", "chen", "o'neil"}),
        ("mail eq 'chen@example.com' or jobTitle eq 'x'", {"chen"}),
        ("mail eq 'chen@example.com' and jobTitle eq 'x'", set()),
        ("accountEnabled eq false", {"bela"}),
        ("userType eq 'guest'", {"dina"}),
        ("employeeId eq '100%'", {"o'neil"}),
        ("startswith(employeeId,'_')", set()),
        ("businessPhones/any(p:p eq '22')", {"ada", "chen"}),
        ("businessPhones/any(p:startswith(p,'1') or p eq '0')", {"ada"}),
        ("businessPhones/any()", {"ada", "chen"}),
        ("businessPhones/all(p:p eq '22')", {"bela", "chen", "dina", "o'neil"}),
        ("createdDateTime ge 2026-11-23T11:00:00Z and userPrincipalName ge 'c'", {"dina", "o'neil", "chen"}),
        ("createdDateTime lt 2026-11-23T12:30:00+02:00 and startswith(userPrincipalName,'b')", {"bela"}),
        ("createdDateTime gt 2026-11-24", set()),
    ],
)
def test_a_filter_finds_what_it_names(staff: World, query: str, expected: set[str]) -> None:
    assert _names(staff, query) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("department ne 'bakery'", {"bela", "chen", "o'neil"}),
        ("not (department eq 'bakery' or accountEnabled eq false)", {"chen", "o'neil"}),
        ("NOT startsWith(displayName,'ada')", {"bela", "chen", "dina", "o'neil"}),
        ("department ne null", {"ada", "bela", "dina"}),
        ("not businessPhones/any()", {"bela", "dina", "o'neil"}),
        ("endsWith(mail,'EXAMPLE.com')", {"chen"}),
        ("endsWith(displayName,'')", {"ada", "bela", "chen", "dina", "o'neil"}),
        ("accountEnabled ne true", {"bela"}),
        ("displayName ne 'x' and displayName ne 'ada öztürk'", {"bela", "chen", "dina", "o'neil"}),
    ],
)
def test_an_advanced_filter_needs_the_header_and_the_count(staff: World, query: str, expected: set[str]) -> None:
    assert _names(staff, query, advanced=True) == expected
    for headers, options in (({}, {"$count": "true"}), (EVENTUAL, {}), (EVENTUAL, {"$count": "false"}), ({}, {})):
        token = staff.application(*READ)
        answer = staff.request("GET", "/users", token=token, params={"$filter": query, **options}, headers=headers)
        assert answer.status_code == 400, headers
        error = answer.json()["error"]
        assert error["code"] == "Request_UnsupportedQuery"
        assert "ConsistencyLevel: eventual" in error["message"]


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ('"displayName:özt"', ["Ada Öztürk"]),
        ('"displayName:smith"', ["Erin O'Neil-Smith"]),
        ('"displayName:mith"', []),
        ('"displayName:ada" OR "mail:chen"', ["Ada Öztürk", "陈 Chen"]),
        ('"displayName:ada" AND "mail:chen"', []),
        ('"displayName:ada" OR "displayName:bela" AND "mail:x"', ["Ada Öztürk"]),
        ('("displayName:chen" OR "displayName:dina") AND "mail:chen"', ["陈 Chen"]),
    ],
)
def test_a_search_finds_words_from_their_beginning(staff: World, search: str, expected: list[str]) -> None:
    found = _get(staff, "/users", advanced=True, search=search, orderby="displayName")
    assert [item["displayName"] for item in found["value"]] == expected
    assert found["@odata.count"] == len(expected)
    assert _get(staff, "/users", status=400, search=search)["error"]["code"] == "Request_UnsupportedQuery"


BAD = (
    ("filter", "displayName eq", "position 14"),
    ("filter", "displayName eq 'x", "position 15"),
    ("filter", "displayName eq 'x' garbage", "position 19"),
    ("filter", "'; DROP TABLE users --", "position 0"),
    ("filter", "displayName eq 'x' OR 1=1", "position 23"),
    ("filter", "displayName eq 5", "a text in quotes"),
    ("filter", "accountEnabled eq 'true'", "true or false"),
    ("filter", "accountEnabled gt true", "eq and ne only"),
    ("filter", "createdDateTime ge 'yesterday'", "2026-11-23T09:00:00Z"),
    ("filter", "createdDateTime ge 2026-02-30", "does not exist"),
    ("filter", "createdDateTime ge 0001-01-01T00:00:00+14:00", "does not exist"),
    ("filter", "nothing eq 'x'", "'nothing'"),
    ("filter", "password_hash eq 'x'", "'password_hash'"),
    ("filter", "display_name_key eq 'x'", "'display_name_key'"),
    ("filter", "displayName/x eq 'x'", "'displayName/x'"),
    ("filter", "businessPhones eq '1'", "any()"),
    ("filter", "displayName/any(x:x eq 'y')", "not a collection"),
    ("filter", "businessPhones/any(x:y eq 'z')", "'y'"),
    ("filter", "businessPhones/all()", "condition"),
    ("filter", "contains(displayName,'x')", "startsWith, endsWith"),
    ("filter", "length(displayName) eq 1", "not a function"),
    ("filter", "startswith(accountEnabled,'t')", "for text"),
    ("filter", "(" * 40 + "id eq 'x'" + ")" * 40, "inside one another"),
    ("filter", " and ".join(["id eq 'x'"] * 201), "200 conditions"),
    ("filter", "id in (" + ",".join(["'x'"] * 101) + ")", "100 values"),
    ("filter", "displayName eq '" + "x" * 16400 + "'", "16384"),
    ("filter", "", "position 0"),
    ("orderby", "nothing", "displayname"),
    ("orderby", "displayName sideways", "asc or desc"),
    ("orderby", "displayName;drop", "displayname"),
    ("orderby", "displayName,displayName", "twice"),
    ("orderby", "department", "displayname"),
    ("orderby", "", "asc or desc"),
    ("expand", "nothing", "memberOf"),
    ("expand", "memberOf($filter=x)", "$select"),
    ("expand", "memberOf(", "memberOf"),
    ("skiptoken", "x", "$skiptoken"),
    ("skip", "5", "@odata.nextLink"),
    ("count", "perhaps", "true or false"),
    ("top", "0", "1 to 999"),
)


@pytest.mark.parametrize(("option", "value", "named"), BAD, ids=lambda part: str(part)[:40])
def test_what_cannot_be_read_is_refused_with_the_place(world: World, option: str, value: str, named: str) -> None:
    options: dict[str, Any] = {option: value}
    error = _get(world, "/users", status=400, **options)["error"]
    assert named in error["message"]
    assert error["code"] in {"BadRequest", "Request_BadRequest", "Request_UnsupportedQuery"}


NOT_SEARCHES = ["x", "x:y", '"x:y"', '"displayName', '"displayName:x" "mail:y"', "", '"displayName:x" AND', "(" * 99]


@pytest.mark.parametrize("search", NOT_SEARCHES)
def test_a_search_that_cannot_be_read_says_how_to_write_one(world: World, search: str) -> None:
    error = _get(world, "/users", status=400, advanced=True, search=search)["error"]
    assert '"displayName:text"' in error["message"]


def _walk(world: World, path: str, **options: Any) -> list[Any]:
    found: list[Any] = []
    answer = _get(world, path, advanced=True, **options)
    total = answer["@odata.count"]
    while True:
        found += answer["value"]
        link = answer.get("@odata.nextLink")
        if link is None:
            assert len(found) == total
            return found
        assert link.startswith(f"{BASE}/v1.0{path}?")
        answer = world.request("GET", link.removeprefix(BASE), token=world.application(*READ), headers=EVENTUAL).json()
        assert "@odata.count" not in answer


@pytest.mark.parametrize(
    ("order", "key"),
    [
        ("displayName", lambda item: item["displayName"].casefold()),
        ("displayName desc", lambda item: item["displayName"].casefold()),
        ("surname,displayName", lambda item: ((item["surname"] or "").casefold(), item["displayName"].casefold())),
        ("createdDateTime desc", lambda item: item["createdDateTime"]),
        ("mail", lambda item: (item["mail"] or "").casefold()),
    ],
)
def test_pages_follow_the_order_that_was_asked_for(staff: World, order: str, key: Callable[[Any], Any]) -> None:
    found = _walk(staff, "/users", orderby=order, top="2")
    assert len({item["id"] for item in found}) == len(found)
    assert [key(item) for item in found] == sorted(map(key, found), reverse="desc" in order)


def test_two_directions_at_once_are_walked_whole(staff: World) -> None:
    found = _walk(staff, "/users", orderby="surname desc,displayName asc", top="3")
    whole = _get(staff, "/users", advanced=True, orderby="surname desc,displayName asc", top="999")["value"]
    assert [item["id"] for item in found] == [item["id"] for item in whole]


def test_a_filtered_list_is_walked_in_the_order_of_its_index(staff: World) -> None:
    for number in range(7):
        body = {"userPrincipalName": f"same{number}@x.example", "displayName": "Same Name"}
        assert staff.request("POST", "/users", token=staff.application("User.ReadWrite.All"), json=body).is_success
    found = _walk(staff, "/users", filter="startswith(displayName,'same')", top="2")
    assert len(found) == len({item["id"] for item in found}) == 7


def test_a_page_link_counts_only_for_its_own_conditions(staff: World) -> None:
    link = _get(staff, "/users", top="1", filter="startswith(displayName,'a')")
    following = _get(staff, "/users", top="1")["@odata.nextLink"].partition("skiptoken=")[2]
    assert "@odata.nextLink" in link
    error = _get(staff, "/users", status=400, skiptoken=following, filter="startswith(displayName,'a')")["error"]
    assert "$skiptoken" in error["message"]
    assert _get(staff, "/users", status=400, skiptoken=following, orderby="displayName")


def test_sorting_what_is_filtered_is_an_advanced_query(staff: World) -> None:
    options: dict[str, Any] = {"filter": "accountEnabled eq true", "orderby": "displayName"}
    assert "advanced query" in _get(staff, "/users", status=400, **options)["error"]["message"]
    assert _get(staff, "/users", advanced=True, **options)["value"]
    assert _get(staff, "/users", orderby="displayName")["value"]


@pytest.mark.parametrize(
    "path",
    [
        "/users",
        "/groups",
        "/applications",
        "/directory/administrativeUnits",
        f"/directory/administrativeUnits/{STORE}/members",
        f"/groups/{ROLE_GROUP}/members",
        f"/groups/{ROLE_GROUP}/transitiveMembers/microsoft.graph.user",
        f"/users/{guid('worker')}/memberOf",
        f"/users/{guid('worker')}/transitiveMemberOf/microsoft.graph.administrativeUnit",
    ],
)
def test_a_count_is_the_length_of_the_list(world: World, path: str) -> None:
    token = world.application(*READ)
    answer = world.request("GET", f"{path}/$count", token=token, headers=EVENTUAL)
    assert answer.headers["content-type"].startswith("text/plain")
    assert int(answer.text) == len(_get(world, path, top="999")["value"]) > 0
    nobody = world.request("GET", f"{path}/$count?$filter=displayName eq 'x'", token=token, headers=EVENTUAL)
    assert nobody.text == "0"
    refused = world.request("GET", f"{path}/$count", token=token)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "Request_UnsupportedQuery")


def test_members_are_whole_objects_and_a_cast_keeps_one_kind(world: World) -> None:
    write = world.application("Group.ReadWrite.All", "AdministrativeUnit.ReadWrite.All")
    group = world.request("POST", "/groups", token=write, json={"displayName": "Bakers"}).json()["id"]
    for member in (group, guid("manager")):
        reference = {"@odata.id": f"{BASE}/v1.0/directoryObjects/{member}"}
        path = f"/directory/administrativeUnits/{OTHER_STORE}/members/$ref"
        assert world.request("POST", path, token=write, json=reference).status_code == 204
    members = f"/directory/administrativeUnits/{OTHER_STORE}/members"
    kinds = {item["id"]: item["@odata.type"] for item in _get(world, members)["value"]}
    assert kinds[group] == "#microsoft.graph.group"
    assert kinds[guid("manager")] == "#microsoft.graph.user"
    (person,) = _get(world, f"{members}/microsoft.graph.user", filter=f"userPrincipalName eq '{upn('manager')}'")[
        "value"
    ]
    assert person["userPrincipalName"] == upn("manager")
    assert person["accountEnabled"] is True
    assert [item["id"] for item in _get(world, f"{members}/microsoft.graph.group")["value"]] == [group]
    assert _get(world, members, status=400, filter="userPrincipalName eq 'x'")
    chosen = _get(world, members, select="displayName")["value"]
    assert all(set(item) == {"@odata.type", "id", "displayName"} for item in chosen)


def test_memberships_are_groups_units_and_roles(world: World) -> None:
    def kinds(name: str, path: str) -> dict[str, str]:
        found = _get(world, f"/users/{guid(name)}/{path}")["value"]
        return {item["id"]: item["@odata.type"].rpartition(".")[2] for item in found}

    assert kinds("worker", "memberOf") == {STORE: "administrativeUnit"}
    assert kinds("global_reader", "memberOf") == {roles.GLOBAL_READER: "directoryRole"}
    assert kinds("role_group_member", "memberOf") == {ROLE_GROUP: "group"}
    write = world.application("RoleManagement.ReadWrite.Directory")
    body = {"principalId": ROLE_GROUP, "roleDefinitionId": roles.GLOBAL_READER, "directoryScopeId": "/"}
    assert world.request("POST", "/roleManagement/directory/roleAssignments", token=write, json=body).is_success
    through = {ROLE_GROUP: "group", roles.GLOBAL_READER: "directoryRole"}
    assert kinds("role_group_member", "transitiveMemberOf") == through
    assert kinds("role_group_member", "memberOf") == {ROLE_GROUP: "group"}
    named = _get(world, f"/users/{guid('global_reader')}/memberOf", filter="displayName eq 'global reader'")
    assert [item["id"] for item in named["value"]] == [roles.GLOBAL_READER]


def test_expanding_shows_the_first_twenty_of_each(world: World) -> None:
    write = world.application("User.ReadWrite.All", "Group.ReadWrite.All")
    group = world.request("POST", "/groups", token=write, json={"displayName": "Crowd"}).json()["id"]
    made = []
    for number in range(23):
        body = {"userPrincipalName": f"crowd{number}@x.example", "displayName": f"Crowd {number}"}
        made.append(world.request("POST", "/users", token=write, json=body).json()["id"])
    for some in (made[:20], made[20:]):
        bind = {"members@odata.bind": [f"/directoryObjects/{one}" for one in some]}
        assert world.request("PATCH", f"/groups/{group}", token=write, json=bind).status_code == 204
    alone = _get(world, f"/groups/{group}", expand="members($select=displayName),owners")
    assert len(alone["members"]) == 20
    assert set(alone["members"][0]) == {"@odata.type", "id", "displayName"}
    assert alone["owners"] == []
    listed = {item["id"]: item["members"] for item in _get(world, "/groups", expand="members")["value"]}
    assert len(listed[group]) == 20
    assert [item["id"] for item in listed[ROLE_GROUP]] == [guid("role_group_member")]
    person = _get(world, f"/users/{made[0]}", expand="memberOf", select="id")
    assert [item["id"] for item in person["memberOf"]] == [group]
    people = _get(world, "/users", expand="transitiveMemberOf", select="id", top="999")["value"]
    assert [item["id"] for person in people if person["id"] == made[22] for item in person["transitiveMemberOf"]] == [
        group
    ]
    units = _get(world, "/directory/administrativeUnits", expand="members")["value"]
    assert {item["id"] for unit in units for item in unit["members"]} >= {guid("worker")}


def test_expanding_needs_the_permission_for_what_is_shown(world: World) -> None:
    token = world.application("User.Read.All")
    assert world.request("GET", "/users?$expand=memberOf", token=token).status_code == 403
    assert world.request("GET", f"/users/{guid('worker')}?$expand=memberOf", token=token).status_code == 403
    guest = world.person("guest", "User.Read.All Group.Read.All")
    assert world.request("GET", f"/users/{guid('guest')}?$expand=memberOf", token=guest).status_code == 403


def test_groups_answer_what_scripts_ask_about_their_kind(world: World) -> None:
    assert [item["id"] for item in _get(world, "/groups", filter="securityEnabled eq true")["value"]] == [ROLE_GROUP]
    assert _get(world, "/groups", filter="groupTypes/any(c:c eq 'Unified')")["value"] == []
    assert _get(world, "/groups", filter="mailEnabled eq true or groupTypes/any()")["value"] == []
    plain = _get(world, "/groups", advanced=True, filter="not groupTypes/any(c:c eq 'Unified') and mailEnabled ne true")
    assert [item["id"] for item in plain["value"]] == [ROLE_GROUP]
    assert _get(world, "/groups", filter="isAssignableToRole eq true and displayName eq 'ROLE GROUP'")["value"]


def test_applications_and_their_principals_are_found(world: World) -> None:
    body = {"displayName": "Öfen", "web": {"redirectUris": ["https://ovens.example/cb"]}}
    write = world.application("Application.ReadWrite.All")
    made = world.request("POST", "/applications", token=write, json=body).json()
    for query in (
        "web/redirectUris/any(u:u eq 'https://ovens.example/cb')",
        "displayName eq 'öfen'",
        f"appId eq '{made['appId'].upper()}'",
        f"appId in ('{made['appId']}')",
    ):
        assert [item["id"] for item in _get(world, "/applications", filter=query)["value"]] == [made["id"]], query
    principals = _get(world, "/servicePrincipals", advanced=True, search='"displayName:öf"')
    assert [item["appId"] for item in principals["value"]] == [made["appId"]]
    graph = "00000003-0000-0000-c000-000000000000"
    ours = _get(world, "/servicePrincipals", filter=f"appId eq '{graph}' or appId eq '{CLIENT}'")["value"]
    assert [item["appId"] for item in ours] == [graph, CLIENT]
    assert _get(world, "/servicePrincipals", filter="displayName eq 'microsoft graph'")["value"][0]["id"] == graph


def test_role_assignments_are_filtered_and_expanded(world: World) -> None:
    assignments = "/roleManagement/directory/roleAssignments"
    query = f"principalId eq '{guid('manager')}' and directoryScopeId eq '/administrativeUnits/{STORE}'"
    (found,) = _get(world, assignments, filter=query, expand="principal,roleDefinition($select=displayName)")["value"]
    assert found["principal"]["userPrincipalName"] == upn("manager")
    assert found["roleDefinition"]["displayName"] == "Authentication Administrator"
    held = _get(world, assignments, filter=f"roleDefinitionId eq '{roles.GLOBAL_READER}' and directoryScopeId eq '/'")
    assert [item["principalId"] for item in held["value"]] == [guid("global_reader")]
    definitions = "/roleManagement/directory/roleDefinitions"
    named = _get(world, definitions, filter="startswith(displayName,'global') and isBuiltIn eq true", count="true")
    assert {item["displayName"] for item in named["value"]} == {"Global Administrator", "Global Reader"}
    assert named["@odata.count"] == 2


def test_delegated_grants_are_found_by_client_and_person(world: World) -> None:
    write = world.application("DelegatedPermissionGrant.ReadWrite.All")
    body = {"clientId": PRINCIPAL, "consentType": "Principal", "principalId": guid("worker"), "scope": "User.Read"}
    assert world.request("POST", "/oauth2PermissionGrants", token=write, json=body).status_code == 201
    for query, expected in (
        (f"clientId eq '{PRINCIPAL}' and principalId eq '{guid('worker')}'", 1),
        (f"principalId eq '{guid('colleague')}'", 0),
        ("principalId eq null", 0),
    ):
        assert len(_get(world, "/oauth2PermissionGrants", filter=query)["value"]) == expected


def test_the_log_is_asked_by_time_person_activity_and_result(world: World) -> None:
    write = world.application("User.ReadWrite.All")
    for number in range(4):
        body = {"userPrincipalName": f"logged{number}@x.example", "displayName": f"Logged {number}"}
        assert world.request("POST", "/users", token=write, json=body).is_success
        world.clock.move(hours=1)
    second = _get(world, "/users/logged1@x.example")["id"]
    world.request("DELETE", f"/users/{second}", token=world.person("global_administrator"))
    audits = "/auditLogs/directoryAudits"
    for query, expected in (
        ("activityDateTime ge 2026-11-23T10:30:00Z and activityDisplayName eq 'Add user'", 2),
        ("activityDisplayName eq 'delete user'", 1),
        (f"targetResources/any(t:t/id eq '{second}')", 2),
        ("targetResources/any(t:t/userPrincipalName eq 'LOGGED1@x.example' and t/type eq 'User')", 2),
        (f"initiatedBy/user/id eq '{guid('global_administrator')}'", 1),
        (f"initiatedBy/user/userPrincipalName eq '{upn('global_administrator')}'", 1),
        (f"initiatedBy/app/appId eq '{CLIENT}'", 4),
        ("initiatedBy/app/displayName eq 'automation'", 4),
        ("result ne 'success'", 0),
        ("contains(activityDisplayName,'user')", 5),
        ("category eq 'UserManagement' and loggedByService eq 'Core Directory' and operationType eq 'Add'", 4),
        ("activityDateTime ge 1990-01-01T00:00:00Z and activityDateTime le 2100-01-01T00:00:00Z", 5),
    ):
        found = _get(world, audits, filter=query, count="true")
        assert (len(found["value"]), found["@odata.count"]) == (expected, expected), query
    newest = [item["activityDateTime"] for item in _get(world, audits)["value"]]
    oldest = [
        item["activityDateTime"] for item in _get(world, audits, orderby="activityDateTime asc", top="2")["value"]
    ]
    assert newest == sorted(newest, reverse=True)
    assert oldest == sorted(newest)[:2]


@pytest.mark.parametrize(
    ("path", "options"),
    [
        ("/users", {}),
        ("/users", {"count": "true", "filter": "startswith(displayName,'w')"}),
        ("/groups", {}),
        ("/applications", {}),
        ("/servicePrincipals", {}),
        ("/oauth2PermissionGrants", {}),
        ("/roleManagement/directory/roleAssignments", {"expand": "principal"}),
        (f"/directoryRoles/{roles.GLOBAL_READER}/members", {}),
        (f"/directory/administrativeUnits/{STORE}/scopedRoleMembers", {}),
        (f"/users/{guid('worker')}/transitiveMemberOf", {}),
        ("/auditLogs/directoryAudits", {"count": "true"}),
    ],
)
def test_a_page_takes_the_same_few_statements_whatever_its_size(
    world: World, path: str, options: dict[str, Any]
) -> None:
    def statements() -> int:
        with counted(world) as seen:
            _get(world, path, **options)
        return len([one for one in seen if not one.startswith("BEGIN")])

    statements()
    few = statements()
    write = world.application("User.ReadWrite.All", "Group.ReadWrite.All", "Application.ReadWrite.All")
    give = world.application("RoleManagement.ReadWrite.Directory", "DelegatedPermissionGrant.ReadWrite.All")
    for number in range(5):
        body = {"userPrincipalName": f"w{number}@x.example", "displayName": f"W {number}"}
        person = world.request("POST", "/users", token=write, json=body).json()["id"]
        made = {"displayName": f"Many {number}", "members@odata.bind": [f"/users/{guid('worker')}"]}
        assert world.request("POST", "/groups", token=write, json=made).is_success
        client = world.request("POST", "/applications", token=write, json={"displayName": f"App {number}"}).json()
        for scope, role in (
            ("/", roles.GLOBAL_READER),
            (f"/administrativeUnits/{STORE}", roles.AUTHENTICATION_ADMINISTRATOR),
        ):
            body = {"principalId": person, "roleDefinitionId": role, "directoryScopeId": scope}
            assert world.request("POST", "/roleManagement/directory/roleAssignments", token=give, json=body).is_success
        grant = {"clientId": client["appId"], "consentType": "AllPrincipals", "scope": "User.Read"}
        assert world.request("POST", "/oauth2PermissionGrants", token=give, json=grant).is_success
    assert statements() == few <= 4


def test_an_answer_without_metadata_keeps_link_and_count(staff: World) -> None:
    headers = {**EVENTUAL, "accept": "application/json;odata.metadata=none"}
    answer = staff.request("GET", "/users?$top=1&$count=true", token=staff.application(*READ), headers=headers).json()
    assert set(answer) == {"@odata.count", "@odata.nextLink", "value"}


def test_a_moment_is_compared_to_the_microsecond(staff: World) -> None:
    made = datetime(2026, 11, 23, 9, 0, 0, 123456, tzinfo=UTC)
    for moment, expected in ((made, {"ada"}), (made - timedelta(microseconds=1), set())):
        text = moment.isoformat().replace("+00:00", "Z")
        query = f"createdDateTime le {text} and startswith(userPrincipalName,'ada@')"
        assert _names(staff, query) == expected


def test_a_manager_is_set_expanded_and_forgotten(world: World) -> None:
    write = world.application("User.ReadWrite.All")

    def put(name: str, manager: str) -> int:
        reference = {"@odata.id": f"{BASE}/v1.0/users/{manager}"}
        return world.request("PUT", f"/users/{guid(name)}/manager/$ref", token=write, json=reference).status_code

    assert _get(world, f"/users/{guid('worker')}/manager", status=404)
    assert put("worker", guid("manager")) == put("colleague", guid("manager")) == 204
    assert put("manager", guid("manager")) == 400
    assert put("worker", guid("nobody")) == 404
    assert _get(world, f"/users/{guid('worker')}/manager")["userPrincipalName"] == upn("manager")
    reports = _get(world, f"/users/{guid('manager')}/directReports", orderby="displayName")["value"]
    assert [item["id"] for item in reports] == [guid("colleague"), guid("worker")]
    people = _get(world, "/users", expand="manager($select=displayName),directReports", top="999")["value"]
    shown = {item["id"]: item for item in people}
    assert shown[guid("worker")]["manager"]["id"] == guid("manager")
    assert "manager" not in shown[guid("manager")]
    assert len(shown[guid("manager")]["directReports"]) == 2
    assert world.request("DELETE", f"/users/{guid('worker')}/manager/$ref", token=write).status_code == 204
    assert world.request("DELETE", f"/users/{guid('manager')}", token=write).status_code in {204, 403}
    removed = world.person("global_administrator")
    world.request("DELETE", f"/users/{guid('manager')}", token=removed)
    assert _get(world, f"/users/{guid('colleague')}/manager", status=404)


def test_somebody_s_manager_is_not_shown_to_an_own_scope(world: World) -> None:
    write = world.application("User.ReadWrite.All")
    reference = {"@odata.id": f"{BASE}/v1.0/users/{guid('manager')}"}
    path = f"/users/{guid('worker')}/manager"
    assert world.request("PUT", f"{path}/$ref", token=write, json=reference).status_code == 204
    own = world.person("worker", "User.Read")
    assert world.request("GET", "/me/manager", token=own).status_code == 403
    assert world.request("GET", "/me?$expand=manager", token=own).status_code == 403
    wide = world.person("worker", "User.Read.All")
    assert world.request("GET", "/me/manager", token=wide).status_code == 200


def test_units_and_roles_of_others_take_their_own_permissions(world: World) -> None:
    write = world.application("AdministrativeUnit.ReadWrite.All")
    reference = {"@odata.id": f"{BASE}/v1.0/users/{guid('global_reader')}"}
    path = f"/directory/administrativeUnits/{STORE}/members/$ref"
    assert world.request("POST", path, token=write, json=reference).status_code == 204

    def seen(token: str, path: str) -> set[str]:
        answer = world.request("GET", path, token=token)
        assert answer.status_code == 200, answer.text
        found = answer.json()
        items = found["value"] if "value" in found else found["memberOf"]
        return {item["@odata.type"].rpartition(".")[2] for item in items}

    whose = f"/users/{guid('global_reader')}"
    for path in (f"{whose}/memberOf", f"{whose}/transitiveMemberOf", f"{whose}?$expand=memberOf"):
        groups_only = world.application("Group.Read.All", "User.Read.All")
        assert seen(groups_only, path) == set()
        units_too = world.application("Group.Read.All", "User.Read.All", "AdministrativeUnit.Read.All")
        assert seen(units_too, path) == {"administrativeUnit"}
        everything = world.application("Directory.Read.All")
        assert seen(everything, path) == {"administrativeUnit", "directoryRole"}
    count = f"{whose}/memberOf/$count"
    assert world.request("GET", count, token=world.application("Group.Read.All"), headers=EVENTUAL).text == "0"
    roles_of = f"{whose}/memberOf/microsoft.graph.directoryRole"
    assert world.request("GET", roles_of, token=world.application("Group.Read.All")).json()["value"] == []
    own = world.person("global_reader", "User.Read Group.Read.All")
    assert seen(own, "/me/memberOf") == {"administrativeUnit", "directoryRole"}


def test_a_query_that_takes_too_long_is_told_to_be_narrower(world: World) -> None:
    if world.installation.database.dialect != "postgresql":
        # a file is read without a time limit: there is no other user to protect
        return
    url = world.installation.settings.database

    async def ask_while_it_is_locked() -> tuple[httpx.Response, httpx.Response]:
        unpooled = create_async_engine(sa.make_url(url).set(drivername="postgresql+asyncpg"), poolclass=sa.NullPool)
        async with unpooled.begin() as holder:
            await holder.execute(sa.text("LOCK TABLE groups IN ACCESS EXCLUSIVE MODE"))
            token = world.application(*READ)
            asked = [world.send("GET", path, token=token) for path in ("/groups?$filter=id eq 'x'", "/groups")]
            narrowed, plain = await asyncio.gather(*asked)
            return narrowed, plain

    narrowed, plain = world.run(ask_while_it_is_locked())
    assert (narrowed.status_code, narrowed.json()["error"]["code"]) == (400, "Request_UnsupportedQuery")
    assert "too long" in narrowed.json()["error"]["message"]
    assert plain.status_code == 503
