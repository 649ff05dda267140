"""People, groups, administrative units and roles through Graph, as a script sets them up."""

from typing import Any

import pytest

from badgepin.domain import directory_role as roles
from badgepin.store import tables
from tests.graph.world import BASE, ROLE_GROUP, STORE, World, guid, upn

USERS, GROUPS, UNITS = "/users", "/groups", "/directory/administrativeUnits"
ASSIGNMENTS = "/roleManagement/directory/roleAssignments"
EVERYTHING = (
    "User.ReadWrite.All",
    "Group.ReadWrite.All",
    "AdministrativeUnit.ReadWrite.All",
    "RoleManagement.ReadWrite.Directory",
    "AuditLog.Read.All",
    "Directory.Read.All",
)


def _token(world: World) -> str:
    return world.application(*EVERYTHING)


def _post(world: World, path: str, body: dict[str, Any], status: int = 201) -> dict[str, Any]:
    answer = world.request("POST", path, token=_token(world), json=body)
    assert answer.status_code == status, answer.text
    return dict(answer.json()) if answer.content else {}


def _reference(identifier: str) -> dict[str, str]:
    return {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{identifier}"}


def _user(world: World, name: str, **more: Any) -> dict[str, Any]:
    return _post(world, USERS, {"userPrincipalName": f"{name}@contoso.example", "displayName": name.title(), **more})


def test_a_script_sets_up_a_store_from_nothing(world: World) -> None:
    nia = _user(world, "nia", passwordProfile={"password": "ignored"}, jobTitle="Cook", businessPhones=["+1 555"])
    assert (nia["userPrincipalName"], nia["accountEnabled"], nia["userType"]) == ("nia@contoso.example", True, "Member")
    boss = _user(world, "boss")
    unit = _post(world, UNITS, {"displayName": "Kitchen", "description": "Ground floor"})
    for member in (nia, boss):
        _post(world, f"{UNITS}/{unit['id']}/members/$ref", _reference(member["id"]), 204)
    scoped = {"roleId": roles.AUTHENTICATION_ADMINISTRATOR, "roleMemberInfo": {"id": boss["id"]}}
    made = _post(world, f"{UNITS}/{unit['id']}/scopedRoleMembers", scoped)
    assert made["roleMemberInfo"]["displayName"] == "Boss"
    token = world.token(oid=boss["id"], scp="UserAuthenticationMethod.ReadWrite.All")
    path = f"/users/{nia['id']}/authentication/qrCodePinMethod"
    assert world.request("PUT", path, token=token, json={"standardQRCode": {}}).status_code == 201
    membership = f"{UNITS}/{unit['id']}/scopedRoleMembers/{made['id']}"
    assert world.request("GET", membership, token=_token(world)).json()["roleId"] == roles.AUTHENTICATION_ADMINISTRATOR
    assert world.request("DELETE", membership, token=_token(world)).status_code == 204
    assert world.request("GET", path, token=token).status_code == 403
    assert (
        world.request("DELETE", f"{UNITS}/{unit['id']}/members/{nia['id']}/$ref", token=_token(world)).status_code
        == 204
    )


def test_people_are_found_by_id_and_by_name_in_any_case(world: World) -> None:
    for named in (
        guid("worker"),
        guid("worker").upper(),
        upn("worker"),
        upn("worker").upper(),
        upn("guest").replace("#", "%23"),
    ):
        answer = world.request("GET", f"{USERS}/{named}", token=_token(world))
        assert answer.status_code == 200, named
    assert (
        world.request("GET", f"{USERS}/nobody", token=_token(world)).json()["error"]["code"]
        == "Request_ResourceNotFound"
    )


def test_a_rename_keeps_every_id_and_the_old_name_is_gone(world: World) -> None:
    method = world.create_method()
    body = {"userPrincipalName": "renamed@contoso.example", "displayName": "Renamed"}
    path = f"{USERS}/{upn('worker')}"
    assert world.request("PATCH", path, token=_token(world), json=body).status_code == 204
    assert world.request("GET", path, token=_token(world)).status_code == 404
    renamed = f"{USERS}/renamed@contoso.example/authentication/qrCodePinMethod"
    assert world.request("GET", renamed, token=world.admin).json()["id"] == method["id"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"displayName": "X"},
        {"userPrincipalName": "x@y.example"},
        {"userPrincipalName": "no at", "displayName": "X"},
        {"userPrincipalName": "two@@y.example", "displayName": "X"},
        {"userPrincipalName": "pipe|x@y.example", "displayName": "X"},
        {"userPrincipalName": "x" * 120 + "@y.example", "displayName": "X"},
        {"userPrincipalName": upn("worker").upper(), "displayName": "Taken"},
        {"userPrincipalName": "x@y.example", "displayName": 5},
        {"userPrincipalName": "x@y.example", "displayName": "X", "accountEnabled": "yes"},
        {"userPrincipalName": "x@y.example", "displayName": "X", "businessPhones": [1]},
        {"userPrincipalName": "x@y.example", "displayName": "X", "userType": "Robot"},
    ],
)
def test_a_person_who_cannot_be_is_refused(world: World, body: dict[str, Any]) -> None:
    before = len(world.rows(tables.users))
    answer = world.request("POST", USERS, token=_token(world), json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "Request_BadRequest")
    assert len(world.rows(tables.users)) == before


def test_a_disabled_or_deleted_person_is_out_at_once(world: World) -> None:
    token = world.person("helpdesk_administrator")
    assert world.request("GET", "/me", token=token).status_code == 200
    path = f"{USERS}/{guid('helpdesk_administrator')}"
    assert world.request("PATCH", path, token=_token(world), json={"accountEnabled": False}).status_code == 204
    assert world.request("GET", "/me", token=token).status_code == 401
    world.request("PATCH", path, token=_token(world), json={"accountEnabled": True})
    assert world.request("GET", "/me", token=token).status_code == 401, "the token is older than the ban"
    assert world.request("DELETE", path, token=_token(world)).status_code == 204
    assert world.request("DELETE", path, token=_token(world)).status_code == 404
    assert not [
        row for row in world.rows(tables.role_assignments) if row["principal_id"] == guid("helpdesk_administrator")
    ]


def test_deleting_a_person_takes_their_method_along(world: World) -> None:
    world.create_method()
    assert world.request("DELETE", f"{USERS}/{guid('worker')}", token=_token(world)).status_code == 204
    assert world.rows(tables.pins) == []
    answer = world.request("GET", world.method_path("worker"), token=world.admin)
    assert answer.json()["error"]["code"] == "Request_ResourceNotFound"


def test_only_a_global_administrator_touches_administrators(world: World) -> None:
    path = f"{USERS}/{guid('password_administrator')}"
    body = {"jobTitle": "X"}
    assert world.request("PATCH", path, token=world.person("user_administrator"), json=body).status_code == 403
    assert world.request("PATCH", path, token=world.person("global_administrator"), json=body).status_code == 204
    path = f"{USERS}/{guid('worker')}"
    assert world.request("PATCH", path, token=world.person("user_administrator"), json=body).status_code == 204
    assert (
        world.request("PATCH", path, token=world.person("authentication_administrator"), json=body).status_code == 403
    )


def test_a_worker_reads_only_themselves(world: World) -> None:
    token = world.person("worker")
    assert world.request("GET", "/me", token=token).json()["id"] == guid("worker")
    assert world.request("GET", f"{USERS}/{guid('worker')}", token=token).status_code == 200
    assert world.request("GET", f"{USERS}/{guid('colleague')}", token=token).status_code == 403
    assert world.request("GET", USERS, token=token).status_code == 403


@pytest.mark.parametrize(
    "path",
    [
        USERS,
        GROUPS,
        UNITS,
        "/roleManagement/directory/roleDefinitions",
        ASSIGNMENTS,
        "/directoryRoles",
        "/auditLogs/directoryAudits",
    ],
)
def test_walking_a_list_page_by_page_sees_everything_once(world: World, path: str) -> None:
    for number in range(3):
        _user(world, f"person{number}")
        _post(world, GROUPS, {"displayName": f"Group {number}"})
    whole = [item["id"] for item in world.request("GET", f"{path}?$top=999", token=_token(world)).json()["value"]]
    walked: list[str] = []
    link: str | None = f"{path}?$top=2"
    while link:
        answer = world.request("GET", link.removeprefix(BASE), token=_token(world)).json()
        assert len(answer["value"]) <= 2
        walked += [item["id"] for item in answer["value"]]
        link = answer.get("@odata.nextLink")
        assert link is None or link.startswith(f"{BASE}/v1.0{path}?")
    assert walked == whole
    assert len(set(walked)) == len(walked)


def test_a_page_link_counts_only_for_its_own_list_and_unchanged(world: World) -> None:
    link = world.request("GET", f"{USERS}?$top=1", token=_token(world)).json()["@odata.nextLink"]
    token = link.partition("skiptoken=")[2]
    for path in (
        f"{GROUPS}?$skiptoken={token}",
        f"{USERS}?$skiptoken={token[:-2]}AA",
        f"{USERS}?$skiptoken=x",
        f"{USERS}?$skiptoken=",
    ):
        answer = world.request("GET", path, token=_token(world))
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "Request_BadRequest"), path


@pytest.mark.parametrize("top", ["0", "1000", "-1", "x", "1.5", "", "٣", "9" * 40])
def test_a_bad_page_size_is_refused(world: World, top: str) -> None:
    assert world.request("GET", f"{USERS}?$top={top}", token=_token(world)).status_code == 400


def test_groups_nest_without_circles_and_members_are_found_both_ways(world: World) -> None:
    inner, outer = (_post(world, GROUPS, {"displayName": name}) for name in ("Inner", "Outer"))
    _post(world, f"{GROUPS}/{inner['id']}/members/$ref", _reference(guid("worker")), 204)
    _post(world, f"{GROUPS}/{outer['id']}/members/$ref", _reference(inner["id"]), 204)
    for container, member in ((inner, outer), (inner, inner)):
        answer = world.request(
            "POST", f"{GROUPS}/{container['id']}/members/$ref", token=_token(world), json=_reference(member["id"])
        )
        assert answer.status_code == 400
    twice = world.request(
        "POST", f"{GROUPS}/{inner['id']}/members/$ref", token=_token(world), json=_reference(guid("worker"))
    )
    assert "already exist" in twice.json()["error"]["message"]

    def ids(path: str) -> set[str]:
        return {item["id"] for item in world.request("GET", path, token=_token(world)).json()["value"]}

    assert ids(f"{GROUPS}/{outer['id']}/members") == {inner["id"]}
    assert ids(f"{GROUPS}/{outer['id']}/transitiveMembers") == {inner["id"], guid("worker")}
    assert ids(f"{USERS}/{guid('worker')}/memberOf") == {inner["id"], STORE}
    assert ids(f"{USERS}/{guid('worker')}/memberOf/microsoft.graph.group") == {inner["id"]}
    assert ids(f"{USERS}/{guid('worker')}/transitiveMemberOf") == {inner["id"], outer["id"], STORE}
    assert (
        world.request(
            "DELETE", f"{GROUPS}/{inner['id']}/members/{guid('worker')}/$ref", token=_token(world)
        ).status_code
        == 204
    )
    assert (
        world.request(
            "DELETE", f"{GROUPS}/{inner['id']}/members/{guid('worker')}/$ref", token=_token(world)
        ).status_code
        == 404
    )
    assert world.request("DELETE", f"{GROUPS}/{outer['id']}", token=_token(world)).status_code == 204


def test_up_to_twenty_members_are_bound_all_or_none(world: World) -> None:
    group = _post(
        world, GROUPS, {"displayName": "Bound", "members@odata.bind": [_reference(guid("worker"))["@odata.id"]]}
    )
    path = f"{GROUPS}/{group['id']}"
    bad = [_reference(guid("colleague"))["@odata.id"], _reference(guid("nobody"))["@odata.id"]]
    assert world.request("PATCH", path, token=_token(world), json={"members@odata.bind": bad}).status_code == 404
    assert len(world.request("GET", f"{path}/members", token=_token(world)).json()["value"]) == 1
    assert world.request("PATCH", path, token=_token(world), json={"members@odata.bind": bad[:1]}).status_code == 204
    assert world.request("PATCH", path, token=_token(world), json={"members@odata.bind": bad * 11}).status_code == 400


def test_role_assignable_groups_take_people_only_and_only_from_role_managers(world: World) -> None:
    path = f"{GROUPS}/{ROLE_GROUP}/members/$ref"
    nested = _post(world, GROUPS, {"displayName": "Nested"})
    assert world.request("POST", path, token=_token(world), json=_reference(nested["id"])).status_code == 400
    body = _reference(guid("worker"))
    assert world.request("POST", path, token=world.person("user_administrator"), json=body).status_code == 403
    assert world.request("POST", path, token=world.person("global_administrator"), json=body).status_code == 204
    change = {"isAssignableToRole": True}
    assert world.request("PATCH", f"{GROUPS}/{nested['id']}", token=_token(world), json=change).status_code == 400


def test_roles_are_given_and_taken(world: World) -> None:
    body = {"principalId": guid("worker"), "roleDefinitionId": roles.GLOBAL_READER, "directoryScopeId": "/"}
    made = _post(world, ASSIGNMENTS, body)
    assert world.request("POST", ASSIGNMENTS, token=_token(world), json=body).status_code == 400
    world.create_method("colleague")
    token = world.token(oid=guid("worker"), scp="UserAuthenticationMethod.Read.All")
    assert world.request("GET", world.method_path("colleague"), token=token).status_code == 200
    listed = world.request(
        "GET", f"{ASSIGNMENTS}?$filter=principalId eq '{guid('worker')}'", token=_token(world)
    ).json()
    assert [item["id"] for item in listed["value"]] == [made["id"]]
    assert world.request("DELETE", f"{ASSIGNMENTS}/{made['id']}", token=_token(world)).status_code == 204
    assert world.request("GET", world.method_path("colleague"), token=token).status_code == 403


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"directoryScopeId": f"/{STORE}"}, 400),
        ({"directoryScopeId": f"/administrativeUnits/{guid('nothing')}"}, 404),
        ({"directoryScopeId": f"/administrativeUnits/{STORE}", "roleDefinitionId": roles.GLOBAL_READER}, 400),
        ({"roleDefinitionId": guid("nothing")}, 404),
        ({"principalId": guid("nothing")}, 404),
        ({"principalId": None}, 400),
        ({"directoryScopeId": f"/administrativeUnits/{STORE}"}, 201),
    ],
)
def test_a_role_that_cannot_be_given_is_refused(world: World, change: dict[str, Any], status: int) -> None:
    body = {
        "principalId": guid("worker"),
        "roleDefinitionId": roles.AUTHENTICATION_ADMINISTRATOR,
        "directoryScopeId": "/",
    }
    answer = world.request("POST", ASSIGNMENTS, token=_token(world), json=body | change)
    assert answer.status_code == status
    if change.get("roleDefinitionId") == roles.GLOBAL_READER:
        assert "not supported to be assigned to a single resource scope" in answer.text


@pytest.mark.parametrize("name", ["user_administrator", "authentication_administrator", "manager", "worker"])
def test_nobody_else_gives_roles(world: World, name: str) -> None:
    body = {"principalId": guid(name), "roleDefinitionId": roles.GLOBAL_ADMINISTRATOR, "directoryScopeId": "/"}
    token = world.person(name, "RoleManagement.ReadWrite.Directory")
    assert world.request("POST", ASSIGNMENTS, token=token, json=body).status_code == 403


def test_the_audit_log_says_who_did_what_to_whom(world: World) -> None:
    world.create_method()
    world.request("DELETE", world.method_path("worker"), token=world.person("global_administrator"))
    events = world.request("GET", "/auditLogs/directoryAudits", token=_token(world)).json()["value"]
    [deleted] = [event for event in events if "deleted security info" in event["activityDisplayName"]]
    assert deleted["activityDisplayName"] == "Admin deleted security info"
    assert deleted["initiatedBy"]["user"]["userPrincipalName"] == upn("global_administrator")
    assert deleted["targetResources"][0]["userPrincipalName"] == upn("worker")
    assert (deleted["category"], deleted["loggedByService"]) == ("UserManagement", "Authentication Methods")
    assert deleted["resultReason"] == "Admin deleted QR code authentication method for user"
    one = world.request("GET", f"/auditLogs/directoryAudits/{deleted['id']}", token=_token(world)).json()
    assert {name: value for name, value in one.items() if name != "@odata.context"} == deleted
    assert (
        world.request("GET", "/auditLogs/directoryAudits", token=world.person("helpdesk_administrator")).status_code
        == 403
    )


def test_the_organization_is_the_tenant(world: World) -> None:
    (tenant,) = world.request("GET", "/organization", token=_token(world)).json()["value"]
    assert (tenant["displayName"], tenant["verifiedDomains"][0]["name"]) == ("Contoso", "contoso.example")
