"""`/reports/authenticationMethods`: who has the method; a badge makes nobody capable of several factors."""

from typing import Any
from urllib.parse import quote

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from badgepin.domain import directory_role as roles
from badgepin.graph.paths import BadPath, PathTable, split_path
from badgepin.store.tables import role_assignments, users
from tests.graph.test_statement_counts import counted
from tests.graph.world import PEOPLE, ROLE_GROUP, START, TENANT, TENANT_ROLES, World, guid, upn

DETAILS = "/reports/authenticationMethods/userRegistrationDetails"
BY_METHOD = "/reports/authenticationMethods/usersRegisteredByMethod"
BY_FEATURE = "/reports/authenticationMethods/usersRegisteredByFeature"
NEVER = (
    "isSsprRegistered",
    "isSsprEnabled",
    "isSsprCapable",
    "isMfaRegistered",
    "isMfaCapable",
    "isPasswordlessCapable",
)


def _token(world: World) -> str:
    return world.application("AuditLog.Read.All")


def _get(world: World, path: str, token: str | None = None) -> dict[str, Any]:
    answer = world.request("GET", path, token=token or _token(world))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def _details(world: World) -> dict[str, dict[str, Any]]:
    return {item["id"]: item for item in _get(world, DETAILS)["value"]}


def _assign(world: World, principal: str, unit: str = "") -> None:
    row = {
        "tenant_id": TENANT,
        "id": guid(f"another assignment {principal}"),
        "principal_id": principal,
        "role_definition_id": roles.SECURITY_READER,
        "administrative_unit_id": unit,
        "created_at": START,
    }
    world.transact(lambda tx: tx.execute(sa.insert(role_assignments).values(row)))


def test_a_badge_is_registered_and_makes_nobody_capable_of_more(world: World) -> None:
    world.create_method("worker")
    found = _details(world)
    assert set(found) == {guid(name) for name in PEOPLE}
    for identifier, item in found.items():
        assert item["methodsRegistered"] == (["qrCodePin"] if identifier == guid("worker") else [])
        assert not any(item[name] for name in NEVER)
    worker = found[guid("worker")]
    assert (worker["userPrincipalName"], worker["userDisplayName"]) == (upn("worker"), "Worker")
    assert (worker["userType"], found[guid("guest")]["userType"]) == ("member", "guest")
    assert worker["systemPreferredAuthenticationMethods"] == []
    assert worker["userPreferredMethodForSecondaryAuthentication"] == "none"


def test_a_deleted_method_is_no_longer_registered_and_a_method_without_codes_is(world: World) -> None:
    world.create_method("worker")
    world.create_method("colleague")
    world.request("DELETE", world.method_path("worker"), token=world.admin)
    world.request("DELETE", world.method_path("colleague", "/standardQRCode"), token=world.admin)
    found = _details(world)
    assert found[guid("worker")]["methodsRegistered"] == []
    assert found[guid("colleague")]["methodsRegistered"] == ["qrCodePin"]


def test_administrators_are_those_who_hold_a_role_at_any_scope_or_through_a_group(world: World) -> None:
    direct = {guid(name) for name in (*TENANT_ROLES, "manager")}
    assert {identifier for identifier, item in _details(world).items() if item["isAdmin"]} == direct
    _assign(world, ROLE_GROUP)
    assert {identifier for identifier, item in _details(world).items() if item["isAdmin"]} == {
        *direct,
        guid("role_group_member"),
    }


def test_what_changed_last_dates_the_row(world: World) -> None:
    def moment() -> str:
        return str(_details(world)[guid("worker")]["lastUpdatedDateTime"])

    moments = [moment()]
    for change in (
        lambda: world.create_method("worker"),
        lambda: world.create_temporary("worker"),
        lambda: world.request("PATCH", world.method_path("worker", "/pin"), token=world.admin, json={}),
    ):
        world.clock.move(hours=1)
        change()
        moments.append(moment())
    assert moments == sorted(set(moments))
    assert moments[-1] == "2026-11-23T12:00:00.1234560Z"


@pytest.mark.parametrize("named", [guid("worker"), guid("worker").upper(), upn("worker"), upn("worker").upper()])
def test_one_person_is_found_by_id_or_name(world: World, named: str) -> None:
    one = _get(world, f"{DETAILS}/{named}")
    assert one["id"] == guid("worker")
    assert one["@odata.context"].endswith("#reports/authenticationMethods/userRegistrationDetails/$entity")
    assert _get(world, f"{DETAILS}?$filter=userPrincipalName eq '{upn('worker')}'")["value"][0]["id"] == one["id"]


@pytest.mark.parametrize("named", ["nobody", guid("nobody"), "%00", "' OR 1=1 --", "a" * 5000])
def test_nobody_is_not_found(world: World, named: str) -> None:
    answer = world.request("GET", f"{DETAILS}/{quote(named, safe='%')}", token=_token(world))
    assert answer.status_code in {400, 404}
    assert answer.json()["error"]["message"]


def test_pages_are_followed_to_the_end_each_with_one_statement_for_its_people(world: World) -> None:
    seen: list[str] = []
    path = f"{DETAILS}?$top=4&$select=isAdmin"
    while path:
        with counted(world) as statements:
            page = _get(world, path)
        assert len([one for one in statements if one.startswith(("SELECT", "WITH"))]) == 2, "the caller, and the page"
        seen += [item["id"] for item in page["value"]]
        assert all(set(item) == {"id", "isAdmin"} for item in page["value"])
        path = page.get("@odata.nextLink", "").partition("/v1.0")[2]
    assert seen == sorted(guid(name) for name in PEOPLE)


@pytest.mark.parametrize(
    ("clause", "names"),
    [
        ("methodsRegistered/any(t:t eq 'qrCodePin')", ["worker"]),
        ("isAdmin eq false and userType eq 'guest'", ["guest"]),
        ("isMfaCapable eq true", []),
        ("isMfaRegistered eq false and userPrincipalName eq 'MANAGER@contoso.example'", ["manager"]),
        ("isAdmin eq true and startsWith(userDisplayName,'Global')", ["global_administrator", "global_reader"]),
    ],
)
def test_the_list_is_filtered_sorted_and_counted(world: World, clause: str, names: list[str]) -> None:
    world.create_method("worker")
    page = _get(world, f"{DETAILS}?$filter={clause}&$orderby=userDisplayName&$count=true")
    assert [item["id"] for item in page["value"]] == [guid(name) for name in names]
    assert page["@odata.count"] == len(names)


def _fill(world: World) -> None:
    """Method: a worker, a guest, an administrator who is privileged, and one who is not."""
    for name in ("worker", "guest", "global_administrator", "global_reader"):
        world.create_method(name)


@pytest.mark.parametrize(
    ("types", "included", "people", "registered"),
    [
        ("all", "all", len(PEOPLE), 4),
        ("member", "all", len(PEOPLE) - 1, 3),
        ("guest", "all", 1, 1),
        ("all", "admin", len(TENANT_ROLES) + 1, 2),
        # four of the roles that people hold for the tenant, and the manager's in a unit
        ("all", "privilegedAdmin", 5, 1),
        ("all", "user", len(PEOPLE) - len(TENANT_ROLES) - 1, 2),
        ("guest", "admin", 0, 0),
        ("MEMBER", "User", len(PEOPLE) - len(TENANT_ROLES) - 2, 1),
    ],
)
def test_people_are_counted_by_type_and_role(
    world: World, types: str, included: str, people: int, registered: int
) -> None:
    _fill(world)
    for called in (
        f"(includedUserTypes='{types}',includedUserRoles='{included}')",
        f"(includedUserRoles='{included}', includedUserTypes='{types}')",
        f"(includedUserTypes='{types}'includedUserRoles='{included}')",
        f"(includedusertypes=%27{types}%27,INCLUDEDUSERROLES='{included}')",
    ):
        summary = _get(world, f"{BY_METHOD}{called}")
        assert summary["totalUserCount"] == people
        assert summary["userRegistrationMethodCounts"] == [
            {"authenticationMethod": "qrCodePin", "userCount": registered}
        ]
        assert (summary["userTypes"], summary["userRoles"].lower()) == (types.lower(), included.lower())
    feature = _get(world, f"{BY_FEATURE}(includedUserTypes='{types}',includedUserRoles='{included}')")
    assert feature["totalUserCount"] == people
    assert {item["userCount"] for item in feature["userRegistrationFeatureCounts"]} == {0}


@pytest.mark.parametrize("path", [BY_METHOD, f"{BY_METHOD}()", BY_FEATURE, f"{BY_FEATURE}()"])
def test_without_parameters_everybody_is_counted(world: World, path: str) -> None:
    summary = _get(world, path)
    assert (summary["totalUserCount"], summary["userTypes"], summary["userRoles"]) == (len(PEOPLE), "all", "all")


@pytest.mark.parametrize(
    "called",
    [
        "(includedUserTypes='robots',includedUserRoles='all')",
        "(includedUserTypes='all',includedUserRoles='')",
        "(includedUserTypes='all',includedUserRoles=''' OR 1=1 --')",
        "(includedUserTypes='all')",
        "(includedUserTypes='all',includedUserTypes='all')",
        "(includedUserTypes='all',other='all')",
        "(includedUserTypes='all',includedUserRoles='all',more='x')",
        "(includedUserTypes='all',includedUserRoles='all'",
        "(includedUserTypes='all',includedUserRoles='all',)",
        "(,)",
        "('all','all')",
        "(" * 500,
    ],
)
def test_a_bad_call_is_refused(world: World, called: str) -> None:
    answer = world.request("GET", f"{BY_METHOD}{called}", token=_token(world))
    assert answer.status_code == 400
    assert "\x00" not in answer.text
    assert "\\u0000" not in answer.text


def test_a_parameter_is_never_taken_for_a_segment_of_a_path(world: World) -> None:
    token = world.application("Group.ReadWrite.All", "AuditLog.Read.All")
    for path in (
        f"/groups(a='{ROLE_GROUP}',b='members')",
        f"{BY_METHOD}/includedUserRoles/all/includedUserTypes/all",
        f"/users(id='{guid('worker')}',x='memberOf')",
    ):
        assert world.request("GET", path, token=token).status_code == 400


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("global_administrator", 200),
        ("global_reader", 200),
        ("user_administrator", 403),
        ("authentication_administrator", 403),
        ("manager", 403),
        ("worker", 403),
        ("guest", 403),
    ],
)
def test_people_need_a_role(world: World, name: str, status: int) -> None:
    token = world.person(name, "AuditLog.Read.All")
    for path in (DETAILS, f"{DETAILS}/{guid('worker')}", BY_METHOD, BY_FEATURE):
        assert world.request("GET", path, token=token).status_code == status


@pytest.mark.parametrize("role", [roles.REPORTS_READER, roles.SECURITY_READER, roles.SECURITY_ADMINISTRATOR])
def test_readers_of_reports_and_security_may_read_them(world: World, role: str) -> None:
    change = sa.update(role_assignments).where(role_assignments.c.principal_id == guid("user_administrator"))
    world.transact(lambda tx: tx.execute(change.values(role_definition_id=role)))
    assert _get(world, DETAILS, world.person("user_administrator", "AuditLog.Read.All"))["value"]


PERMISSIONS = {
    "AuditLog.Read.All": (200, 200),
    "UserAuthenticationMethod.Read.All": (200, 403),
    "UserAuthMethod-QR.Read.All": (403, 403),
    "Directory.Read.All": (403, 403),
}


@pytest.mark.parametrize("permission", PERMISSIONS)
def test_applications_need_a_permission(world: World, permission: str) -> None:
    answer = world.request("GET", DETAILS, token=world.application(permission))
    assert answer.status_code == PERMISSIONS[permission][0]


@pytest.mark.parametrize("permission", PERMISSIONS)
def test_strict_mode_takes_the_documented_permission_only(strict_world: World, permission: str) -> None:
    answer = strict_world.request("GET", DETAILS, token=strict_world.application(permission))
    assert answer.status_code == PERMISSIONS[permission][1]


def test_strict_mode_wants_the_documented_spelling(strict_world: World) -> None:
    for types, status in (("all", 200), ("ALL", 400)):
        path = f"{BY_METHOD}(includedUserTypes='{types}',includedUserRoles='all')"
        assert strict_world.request("GET", path, token=_token(strict_world)).status_code == status


def test_a_disabled_person_is_still_counted(world: World) -> None:
    change = sa.update(users).where(users.c.id == guid("worker")).values(account_enabled=False)
    world.transact(lambda tx: tx.execute(change))
    assert _get(world, BY_METHOD)["totalUserCount"] == len(PEOPLE)


_table: PathTable[str] = PathTable()
_table.add("GET", "/f(one='{one}',two='{two}')", "f")


@given(st.text(max_size=30), st.text(max_size=30), st.booleans())
def test_whatever_is_quoted_arrives_unchanged(one: str, two: str, turned: bool) -> None:
    values = {"one": one, "two": two}
    parameters = [f"{name}='{value.replace(chr(39), chr(39) * 2)}'" for name, value in values.items()]
    raw = f"f({','.join(reversed(parameters) if turned else parameters)})"
    try:
        match = _table.match(split_path(quote(raw, safe="(),='", errors="replace")))
    except BadPath:
        # an empty key and what cannot be stored are refused, as everywhere
        assert not one or not two or any(letter == "\x00" or "\ud800" <= letter <= "\udfff" for letter in one + two)
    else:
        lossless = {name: value.encode(errors="replace").decode() for name, value in values.items()}
        assert match.keys == lossless
