"""Every operation of the route table, driven on v1.0 and beta, in default and strict mode: docs/parity.md is made here.

The page is written anew by `make docs`, and a page that says anything else than what was witnessed fails.
"""

import asyncio
import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from badgepin.crypto.key_ring import KeyRing
from badgepin.domain import directory_role as roles
from badgepin.domain.desk import Passkey
from badgepin.domain.method_policy import MethodPolicy, PolicyState
from badgepin.graph.request import Route
from badgepin.graph.routes import ROUTES
from badgepin.reference_client import Refused
from badgepin.store import method_policy, passkey
from tests.graph import batches
from tests.graph.world import ADMIN_SCOPES, APPLICATION, PRINCIPAL, ROLE_GROUP, STORE, TENANT, World, build, guid
from tests.portal.screen import Screen, badge_of

PAGE = Path(__file__).parents[2] / "docs" / "parity.md"
STANDARD = {"startDateTime": "2026-11-23T09:00:00Z", "expireDateTime": "2027-06-01T09:00:00Z"}
TEMPORARY = {"startDateTime": "2026-11-23T09:00:00Z", "expireDateTime": "2026-11-23T17:00:00Z"}
PIN = "13572468"
CONFIGURATION = {"@odata.type": "#microsoft.graph.qrCodePinAuthenticationMethodConfiguration", "pinLength": 9}
REFERENCE = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{guid('colleague')}"}
ALL_PERMISSIONS = [scope for scope in ADMIN_SCOPES.split() if scope != "Directory.AccessAsUser.All"]
MODES = ("v1.0", "beta", "v1.0 strict", "beta strict")

WITNESSES = (
    ("DELETE", "temporaryQRCode", "test_revoking_a_temporary_code.py"),
    ("PUT", "qrCodePinMethod", "test_creating_a_method.py"),
    ("", "updatePin", "test_changing_a_pin.py"),
    ("", "/eligibility", "../portal/test_who_may_use_the_method.py"),
    ("", "pin/unlock", "../portal/test_lockout.py"),
    ("", "qrCodePinMethod/pin", "test_changing_a_pin.py"),
    ("", "/fido2Methods", "../desk/test_looking_after_passkeys.py"),
    ("", "/invitations", "../desk/test_looking_after_passkeys.py"),
    ("", "/authentication/", "test_codes.py"),
    ("", "uthenticationStrength", "test_authentication_strengths.py"),
    ("", "/policies/", "test_policy.py"),
    ("", "$batch", "test_batch.py"),
    ("", "/auditLogs/signIns", "../portal/test_refusals_that_help.py"),
    ("", "/badgepin/handles", "../portal/test_refusals_that_help.py"),
    ("", "/reports/authenticationMethods", "test_registration_reports.py"),
    ("", "/badgepin/reports", "test_forecast.py"),
    ("", "/auditLogs/", "test_managing_people.py"),
    ("", "/applications", "../oidc/test_getting_a_token.py"),
    ("", "/servicePrincipals", "../oidc/test_getting_a_token.py"),
    ("", "/oauth2PermissionGrants", "test_parity.py"),
    ("", "/badgepin/exports", "test_log_export.py"),
    ("", "/badgepin/desk", "test_people_at_the_desk.py"),
    ("", "/badgepin/print", "test_badges_on_paper.py"),
    ("", "/badgepin/batches", "test_badges_for_many.py"),
    ("", "/replacement", "../portal/test_replacing_a_badge.py"),
    ("", "/badgepin/people", "test_people_at_the_desk.py"),
    ("", "/badgepin/activity", "test_people_at_the_desk.py"),
    ("", "/badgepin/administrators", "../desk/test_administration.py"),
    ("", "/badgepin/health", "../desk/test_administration.py"),
    ("", "$count", "test_queries.py"),
    ("", "microsoft.graph.", "test_queries.py"),
    ("", "/groups", "test_managing_people.py"),
    ("", "/directory/administrativeUnits", "test_managing_people.py"),
    ("", "", "test_managing_people.py"),
)
"""Where an operation's behaviour is told in full: the first line whose verb and part of the path fit."""

witnessed: dict[tuple[str, str], set[str]] = {}


@dataclass(frozen=True)
class Case:
    """What an operation is sent, and what must be there before: a list of what `_prepare` makes.

    A body that is a function is told what was made.
    """

    body: Any = None
    needs: tuple[str, ...] = ()
    status: int = 200
    on_beta: int | None = None
    keys: dict[str, str] = field(default_factory=dict)
    header: str = ""


METHOD = "/users/{user}/authentication/qrCodePinMethod"
PASSKEYS = "/users/{user}/authentication/fido2Methods"
REPLACEMENT = "/badgepin/people/{user}/replacement"
BATCH = f"{batches.BATCHES}/{{batch}}"
INVITATIONS = "/badgepin/users/{user}/invitations"
MANAGER = {"user": guid("manager")}
STRENGTHS = "/policies/authenticationStrengthPolicies"
CHANGE = Case({"currentPin": PIN, "newPin": "86420975"}, ("method",), 204)
CASES: dict[tuple[str, str], Case] = {
    ("GET", "/users/{user}/authentication/methods"): Case(needs=("method",)),
    ("GET", "/users/{user}/authentication/methods/{method}"): Case(needs=("method", "method id")),
    ("GET", METHOD): Case(needs=("method",)),
    ("PUT", METHOD): Case({"standardQRCode": STANDARD, "pin": {"code": PIN}}, status=201),
    ("DELETE", METHOD): Case(needs=("method",), status=204),
    ("GET", f"{METHOD}/standardQRCode"): Case(needs=("method",)),
    ("PATCH", f"{METHOD}/standardQRCode"): Case({"expireDateTime": "2027-01-01T00:00:00Z"}, ("method",)),
    ("DELETE", f"{METHOD}/standardQRCode"): Case(needs=("method",), status=204),
    ("GET", f"{METHOD}/temporaryQRCode"): Case(needs=("method", "temporary")),
    ("PATCH", f"{METHOD}/temporaryQRCode"): Case(TEMPORARY, ("method",), 201),
    ("DELETE", f"{METHOD}/temporaryQRCode"): Case(needs=("method", "temporary"), status=204),
    ("GET", f"{METHOD}/pin"): Case(needs=("method",)),
    ("PATCH", f"{METHOD}/pin"): Case({}, ("method",), 201),
    **{
        (verb, f"{METHOD}{path}"): CHANGE
        for verb in ("PATCH", "POST")
        for path in ("/pin/updatePin", "/updatePin", "/pin/microsoft.graph.updatePin", "/microsoft.graph.updatePin")
    },
    ("PATCH", "/policies/authenticationMethodsPolicy"): Case({"authenticationMethodConfigurations": [CONFIGURATION]}),
    (
        "PATCH",
        "/policies/authenticationMethodsPolicy/authenticationMethodConfigurations/{configuration}",
    ): Case(CONFIGURATION, on_beta=204),
    (
        "DELETE",
        "/policies/authenticationMethodsPolicy/authenticationMethodConfigurations/{configuration}",
    ): Case(status=204),
    ("POST", STRENGTHS): Case({"displayName": "Badges", "allowedCombinations": ["qrCodePin"]}, status=201),
    ("PATCH", f"{STRENGTHS}/{{strength}}"): Case({"description": "At the till"}, ("strength",), 204),
    ("DELETE", f"{STRENGTHS}/{{strength}}"): Case(needs=("strength",), status=204),
    **{
        ("POST", f"{STRENGTHS}/{{strength}}/{action}"): Case({"allowedCombinations": ["fido2"]}, ("strength",))
        for action in ("updateAllowedCombinations", "microsoft.graph.updateAllowedCombinations")
    },
    ("POST", "/users"): Case({"userPrincipalName": "new@contoso.example", "displayName": "New"}, status=201),
    ("PATCH", "/users/{user}"): Case({"jobTitle": "Cook"}, status=204),
    ("DELETE", "/users/{user}"): Case(status=204),
    ("GET", "/users/{user}/manager"): Case(needs=("manager",)),
    ("GET", "/me/manager"): Case(needs=("manager",)),
    ("PUT", "/users/{user}/manager/$ref"): Case(REFERENCE, status=204),
    ("DELETE", "/users/{user}/manager/$ref"): Case(needs=("manager",), status=204),
    ("POST", "/users/{user}/revokeSignInSessions"): Case({}),
    ("POST", "/me/revokeSignInSessions"): Case({}),
    ("POST", "/groups"): Case({"displayName": "New"}, status=201),
    ("PATCH", "/groups/{group}"): Case({"description": "Known"}, status=204),
    ("DELETE", "/groups/{group}"): Case(status=204),
    ("POST", "/groups/{group}/members/$ref"): Case(REFERENCE, status=204),
    ("DELETE", "/groups/{group}/members/{member}/$ref"): Case(status=204, keys={"member": guid("role_group_member")}),
    ("POST", "/groups/{group}/owners/$ref"): Case(REFERENCE, status=204),
    ("DELETE", "/groups/{group}/owners/{member}/$ref"): Case(
        needs=("owner",), status=204, keys={"member": guid("colleague")}
    ),
    ("POST", "/directory/administrativeUnits"): Case({"displayName": "New"}, status=201),
    ("PATCH", "/directory/administrativeUnits/{unit}"): Case({"description": "Known"}, status=204),
    ("DELETE", "/directory/administrativeUnits/{unit}"): Case(status=204),
    ("POST", "/directory/administrativeUnits/{unit}/members/$ref"): Case(
        {"@odata.id": REFERENCE["@odata.id"].replace(guid("colleague"), guid("manager"))}, status=204
    ),
    ("DELETE", "/directory/administrativeUnits/{unit}/members/{member}/$ref"): Case(
        status=204, keys={"member": guid("colleague")}
    ),
    ("POST", "/directory/administrativeUnits/{unit}/scopedRoleMembers"): Case(
        {"roleId": roles.AUTHENTICATION_ADMINISTRATOR, "roleMemberInfo": {"id": guid("colleague")}}, status=201
    ),
    ("DELETE", "/directory/administrativeUnits/{unit}/scopedRoleMembers/{membership}"): Case(status=204),
    ("POST", "/roleManagement/directory/roleAssignments"): Case(
        {"principalId": guid("worker"), "roleDefinitionId": roles.GLOBAL_READER, "directoryScopeId": "/"}, status=201
    ),
    ("DELETE", "/roleManagement/directory/roleAssignments/{assignment}"): Case(status=204),
    ("POST", "/applications"): Case({"displayName": "New"}, status=201),
    ("PATCH", "/applications/{application}"): Case({"displayName": "Renamed"}, status=204),
    ("DELETE", "/applications/{application}"): Case(status=204),
    ("POST", "/applications/{application}/addPassword"): Case({}),
    ("POST", "/applications/{application}/removePassword"): Case(
        lambda made: {"keyId": made["keyId"]}, ("secret",), 204
    ),
    ("POST", "/servicePrincipals"): Case({"appId": guid("client")}, status=400),
    ("POST", "/servicePrincipals/{principal}/appRoleAssignments"): Case(
        {"appRoleId": "df021288-bdef-4463-88db-98f22de89214"}, status=201
    ),
    ("DELETE", "/servicePrincipals/{principal}/appRoleAssignments/{grant}"): Case(needs=("permission",), status=204),
    ("POST", "/oauth2PermissionGrants"): Case(
        {"clientId": PRINCIPAL, "consentType": "AllPrincipals", "resourceId": "x", "scope": "User.Read"}, status=201
    ),
    ("GET", "/oauth2PermissionGrants/{grant}"): Case(needs=("delegation",)),
    ("PATCH", "/oauth2PermissionGrants/{grant}"): Case({"scope": "User.Read User.Read.All"}, ("delegation",), 204),
    ("DELETE", "/oauth2PermissionGrants/{grant}"): Case(needs=("delegation",), status=204),
    ("GET", "/auditLogs/directoryAudits/{event}"): Case(needs=("method", "event")),
    ("GET", REPLACEMENT): Case(needs=("method", "replacement")),
    ("POST", REPLACEMENT): Case(STANDARD, ("method",), 201),
    ("DELETE", REPLACEMENT): Case(needs=("method", "replacement"), status=204),
    ("POST", f"{REPLACEMENT}/complete"): Case(needs=("method", "replacement"), status=204),
    ("POST", "/badgepin/print"): Case({"layout": "cr80"}),
    ("POST", batches.BATCHES): Case(batches.named("worker") | {"dryRun": True}),
    ("GET", BATCH): Case(needs=("batch",)),
    ("GET", f"{BATCH}/rows"): Case(needs=("batch",)),
    ("POST", f"{BATCH}/start"): Case(lambda made: {"previewToken": made["preview"]}, ("batch",), 202),
    ("POST", f"{BATCH}/cancel"): Case(needs=("batch",)),
    ("GET", f"{BATCH}/documents/{{document}}"): Case(needs=("method", "drawn batch"), header=batches.KEY),
    ("POST", f"{BATCH}/confirm"): Case(
        lambda made: {"documents": [{"id": made["document"], "sha256": made["digest"]}]},
        ("method", "drawn batch"),
        header=batches.KEY,
    ),
    ("GET", "/badgepin/exports/directoryAudits"): Case(needs=("method",)),
    ("GET", "/badgepin/exports/signIns"): Case(needs=("sign-in",)),
    ("GET", "/auditLogs/signIns/{event}"): Case(needs=("sign-in",)),
    ("POST", f"{METHOD}/pin/unlock"): Case({}, ("method",), 204),
    ("GET", "/badgepin/handles/{handle}"): Case(needs=("sign-in",)),
    ("GET", f"{PASSKEYS}/{{passkey}}"): Case(needs=("passkey",)),
    ("DELETE", f"{PASSKEYS}/{{passkey}}"): Case(needs=("passkey",), status=204),
    ("GET", INVITATIONS): Case(keys=MANAGER),
    ("POST", INVITATIONS): Case(status=201, keys=MANAGER),
    ("DELETE", f"{INVITATIONS}/{{invitation}}"): Case(needs=("invitation",), status=204, keys=MANAGER),
    ("POST", "/$batch"): Case({"requests": [{"id": "1", "method": "GET", "url": "/groups"}]}),
}
KEYS = {
    "user": guid("worker"),
    "configuration": "qrCodePin",
    "mode": "qrCodePin",
    "strength": "00000000-0000-0000-0000-000000000002",
    "includedUserTypes": "all",
    "includedUserRoles": "privilegedAdmin",
    "group": ROLE_GROUP,
    "unit": STORE,
    "role": roles.GLOBAL_READER,
    "assignment": guid("assignment manager"),
    "membership": guid("assignment manager"),
    "application": APPLICATION,
    "principal": PRINCIPAL,
}


@pytest.fixture(params=[False, True], ids=["default", "strict"])
def either(
    request: pytest.FixtureRequest, sqlite_template: Path, tmp_path: Path, ring: KeyRing, runner: asyncio.Runner
) -> Iterator[World]:
    path = tmp_path / "badgepin.db"
    path.write_bytes(sqlite_template.read_bytes())
    world = build(f"sqlite:///{path}", ring, runner, strict=request.param)
    yield world
    world.close()


def _token(world: World, route: Route) -> str:
    if route.path.startswith("/me"):
        return world.person("worker", f"{ADMIN_SCOPES} User.ReadWrite")
    if "updatePin" in route.path or route.path == "/badgepin/desk":
        return world.person("worker")
    if route.path.startswith(INVITATIONS):
        return world.person("global_administrator")
    return world.application(*ALL_PERMISSIONS)


def _prepare(world: World, case: Case) -> dict[str, str]:
    keys = {**KEYS, **case.keys}
    everything = world.application(*ALL_PERMISSIONS)

    def post(path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = world.request("POST", path, token=everything, json=body)
        assert answer.status_code < 300, answer.text
        return dict(answer.json()) if answer.content else {}

    def get(path: str) -> Any:
        return world.request("GET", path, token=everything).json()

    grants = f"/servicePrincipals/{PRINCIPAL}/appRoleAssignments"
    role = {"appRoleId": "df021288-bdef-4463-88db-98f22de89214"}
    delegation = {"clientId": PRINCIPAL, "consentType": "AllPrincipals", "scope": "User.Read"}
    method, temporary = world.method_path("worker"), world.method_path("worker", "/temporaryQRCode")
    prepare: dict[str, Callable[[], dict[str, Any]]] = {
        "method": lambda: world.create_method(standardQRCode=STANDARD, pin={"code": PIN}) and {},
        "temporary": lambda: world.request("PATCH", temporary, token=world.admin, json=TEMPORARY).json() and {},
        "replacement": lambda: post(REPLACEMENT.replace("{user}", KEYS["user"]), STANDARD) and {},
        "method id": lambda: {"method": get(method)["id"]},
        "manager": lambda: _manage(world),
        "owner": lambda: post(f"/groups/{ROLE_GROUP}/owners/$ref", REFERENCE) and {},
        "secret": lambda: {"keyId": post(f"/applications/{APPLICATION}/addPassword", {})["keyId"]},
        "permission": lambda: {"grant": post(grants, role)["id"]},
        "delegation": lambda: {"grant": post("/oauth2PermissionGrants", delegation)["id"]},
        "strength": lambda: {
            "strength": post(STRENGTHS, {"displayName": "Badges", "allowedCombinations": ["qrCodePin"]})["id"]
        },
        "event": lambda: {"event": get("/auditLogs/directoryAudits")["value"][0]["id"]},
        "sign-in": lambda: _refused_sign_in(world),
        "passkey": lambda: _register_passkey(world),
        "invitation": lambda: _invite(world),
        "batch": lambda: _look_at_batch(world, everything),
        "drawn batch": lambda: _draw_batch(world, everything),
    }
    for need in case.needs:
        keys |= prepare[need]()
    return keys


def _manage(world: World) -> dict[str, Any]:
    token = world.application("User.ReadWrite.All")
    path = f"/users/{KEYS['user']}/manager/$ref"
    assert world.request("PUT", path, token=token, json=REFERENCE).status_code == 204
    return {}


def _register_passkey(world: World) -> dict[str, str]:
    made = Passkey(guid("passkey"), KEYS["user"], b"id", b"key", 0, (), guid("model"), False, "Phone", world.clock.now)  # noqa: FBT003 - not backed up
    assert world.transact(lambda tx: passkey.insert(tx, TENANT, made))
    return {"passkey": made.id}


def _look_at_batch(world: World, token: str) -> dict[str, str]:
    seen = batches.create(world, batches.named("worker"), token, dryRun=True)
    return {"batch": seen["id"], "preview": seen["previewToken"]}


def _draw_batch(world: World, token: str) -> dict[str, str]:
    # whoever keeps a PIN needs no slip: one document less to draw
    gone = world.request("DELETE", world.method_path("worker", "/standardQRCode"), token=world.admin)
    assert gone.status_code == 204
    batch = batches.create(world, batches.named("worker"), token)
    batches.wait(world, batch, token)
    ((name, content),) = batches.collect(world, batch, batch["documentKey"], token).items()
    digest = hashlib.sha256(content).hexdigest()
    return {"batch": batch["id"], "document": name, "digest": digest, batches.KEY: batch["documentKey"]}


def _invite(world: World) -> dict[str, str]:
    path = INVITATIONS.replace("{user}", MANAGER["user"])
    made = world.request("POST", path, token=world.person("global_administrator"))
    assert made.status_code == 201, made.text
    return {"invitation": made.json()["id"]}


def _refused_sign_in(world: World) -> dict[str, str]:
    policy = MethodPolicy(state=PolicyState.ENABLED)
    world.transact(lambda tx: method_policy.save(tx, TENANT, policy, world.clock.now))
    badge = badge_of(world.create_method(standardQRCode=STANDARD, pin={"code": PIN}))
    refused = Screen(world).sign_in(badge, "11112222")
    assert isinstance(refused, Refused)
    logged = world.request("GET", "/auditLogs/signIns", token=world.application(*ALL_PERMISSIONS)).json()["value"]
    return {"handle": refused.handle, "event": logged[0]["id"]}


def _case(route: Route) -> Case:
    path = route.path.replace("/me/authentication", "/users/{user}/authentication")
    return CASES.get((route.verb, route.path)) or CASES.get((route.verb, path)) or Case()


@pytest.mark.parametrize("version", ["v1.0", "beta"])
@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.verb} {route.path}")
def test_the_operation_answers_as_documented(either: World, route: Route, version: str) -> None:
    case = _case(route)
    keys = _prepare(either, case)
    body = case.body(keys) if callable(case.body) else case.body
    path = route.path
    for name, value in keys.items():
        path = path.replace(f"{{{name}}}", value)
    headers = {"consistencylevel": "eventual"} if path.endswith("/$count") else {}
    headers |= {case.header: keys[case.header]} if case.header else {}
    answer = either.request(route.verb, f"/{version}{path}", token=_token(either, route), json=body, headers=headers)
    expected = case.on_beta if version == "beta" and case.on_beta else case.status
    assert answer.status_code == expected, answer.text
    assert (answer.content == b"") == (expected == 204)
    strict = " strict" if either.installation.settings.strict else ""
    witnessed.setdefault((route.verb, route.path), set()).add(version + strict)


def _witness(route: Route) -> str:
    return next(file for verb, part, file in WITNESSES if verb in route.verb and part in route.path)


def page() -> str:
    """docs/parity.md as this run witnessed it."""
    lines = [
        "# Parity with Microsoft Graph",
        "",
        "One row an operation. Each was driven by",
        "`tests/graph/test_parity.py::test_the_operation_answers_as_documented` on both versions, in default and",
        "strict mode; a mark stands for a run that answered as documented. The witness is the file that tells the",
        "operation's behaviour in full. `make docs` writes this page.",
        "",
        "| operation | permission set | witness in `tests/graph/` | v1.0 | beta | v1.0 strict | beta strict |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for route in ROUTES:
        modes = witnessed.get((route.verb, route.path), set())
        marks = " | ".join("✓" if mode in modes else "no" for mode in MODES)
        lines.append(f"| `{route.verb} {route.path}` | {route.permission.name} | `{_witness(route)}` | {marks} |")
    lines += [
        "",
        "Unmodified clients use the method, the policy, lists and batches from outside:",
        "`tests/clients/test_unmodified_clients.py` runs `msgraph-beta-sdk` (Python),",
        "`@microsoft/microsoft-graph-client` (Node), MSAL and azure-identity.",
        "",
        "`POST /servicePrincipals` is refused by design: the principal is made with its application.",
        "`GET /$metadata` needs no token and is witnessed by `test_protocol.py`; the text and picture of a code by",
        "`test_creating_a_method.py`.",
        "",
        "Not served (405): `POST` and `PATCH` of the method, `DELETE` of the PIN or of an item of the list.",
    ]
    return "\n".join(lines) + "\n"


def test_the_page_says_what_was_witnessed() -> None:
    if len(witnessed) < len(ROUTES):
        pytest.fail("run this file as a whole: the page is about every operation")
    if os.environ.get("BADGEPIN_WRITE_PARITY"):
        PAGE.write_text(page(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page(), "docs/parity.md is out of date: run `make docs`"
    assert all((Path(__file__).parent / _witness(route)).exists() for route in ROUTES)
    missing = [operation for operation, modes in witnessed.items() if modes != set(MODES)]
    assert missing == []
