"""The authentication methods policy (graph-contract 7)."""

import pytest

from badgepin.store import tables
from tests.graph.world import World, guid

POLICY = "/policies/authenticationMethodsPolicy"
CONFIGURATION = f"{POLICY}/authenticationMethodConfigurations/qrCodePin"
TYPE = "#microsoft.graph.qrCodePinAuthenticationMethodConfiguration"


def _token(world: World) -> str:
    return world.application("Policy.ReadWrite.AuthenticationMethod")


@pytest.mark.parametrize("spelling", ["QRCodePin", "qrCodePin", "qrcodepin", "QrCodePin"])
def test_a_new_tenant_has_the_defaults(world: World, spelling: str) -> None:
    path = f"/beta/policies/AuthenticationMethodsPolicy/authenticationMethodConfigurations/{spelling}"
    answer = world.request("GET", path, token=_token(world)).json()
    assert answer["@odata.type"] == TYPE
    kept = {
        name: answer[name] for name in ("id", "state", "pinLength", "standardQRCodeLifetimeInDays", "excludeTargets")
    }
    assert kept == {
        "id": "QRCodePin",
        "state": "disabled",
        "pinLength": 8,
        "standardQRCodeLifetimeInDays": 365,
        "excludeTargets": [],
    }
    assert answer["includeTargets"] == [{"targetType": "group", "id": "all_users", "isRegistrationRequired": False}]


def test_a_change_is_200_with_body_on_v1_and_204_on_beta_or_as_preferred(world: World) -> None:
    body = {"@odata.type": TYPE, "state": "enabled", "pinLength": 10}
    answer = world.request("PATCH", CONFIGURATION, token=_token(world), json=body)
    assert (answer.status_code, answer.json()["pinLength"]) == (200, 10)
    assert (
        world.request("PATCH", f"/beta{CONFIGURATION}", token=_token(world), json={"pinLength": 9}).status_code == 204
    )
    headers = {"prefer": "return=representation"}
    answer = world.request("PATCH", f"/beta{CONFIGURATION}", token=_token(world), json={}, headers=headers)
    assert (answer.status_code, answer.json()["pinLength"], answer.json()["state"]) == (200, 9, "enabled")
    headers = {"prefer": "return=minimal"}
    assert world.request("PATCH", CONFIGURATION, token=_token(world), json={}, headers=headers).status_code == 204


def test_a_whole_object_can_be_sent_back(world: World) -> None:
    whole = world.request("GET", CONFIGURATION, token=_token(world)).json()
    whole |= {"state": "Enabled", "includeTargets": [{"id": guid("role group"), "targetType": "Group", "extra": 1}]}
    answer = world.request("PATCH", CONFIGURATION, token=_token(world), json=whole)
    assert answer.status_code == 200
    assert answer.json()["includeTargets"][0]["id"] == guid("role group")


@pytest.mark.parametrize(
    "body",
    [
        {"state": "on"},
        {"state": 1},
        {"pinLength": 7},
        {"pinLength": 21},
        {"pinLength": "8"},
        {"pinLength": True},
        {"pinLength": 10**30},
        {"standardQRCodeLifetimeInDays": 0},
        {"standardQRCodeLifetimeInDays": 396},
        {"includeTargets": {}},
        {"includeTargets": [{"id": "all_users", "targetType": "device"}]},
        {"includeTargets": [{"targetType": "group"}]},
        {"excludeTargets": [{"id": "nobody", "targetType": "user"}]},
    ],
)
def test_a_bad_value_is_refused_and_nothing_changes(world: World, body: dict[str, object]) -> None:
    answer = world.request("PATCH", CONFIGURATION, token=_token(world), json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "Request_BadRequest")
    assert world.rows(tables.method_policies) == []


def test_a_reset_brings_the_defaults_back(world: World) -> None:
    world.request("PATCH", CONFIGURATION, token=_token(world), json={"pinLength": 12, "state": "enabled"})
    assert world.request("DELETE", CONFIGURATION, token=_token(world)).status_code == 204
    answer = world.request("GET", CONFIGURATION, token=_token(world)).json()
    assert (answer["pinLength"], answer["state"]) == (8, "disabled")
    activities = [row["activity"] for row in world.rows(tables.audit_events)]
    assert sorted(activities) == ["Authentication Methods Policy Reset", "Authentication Methods Policy Update"]


def test_the_whole_policy_shows_every_method_and_takes_ours_by_id_or_type(world: World) -> None:
    policy = world.request("GET", POLICY, token=_token(world)).json()
    assert policy["policyVersion"] == "1.5"
    ids = {item["id"] for item in policy["authenticationMethodConfigurations"]}
    assert {"QRCodePin", "Fido2", "TemporaryAccessPass"} <= ids
    body = {
        "registrationEnforcement": {"authenticationMethodsRegistrationCampaign": {"state": "disabled"}},
        "authenticationMethodConfigurations": [{"@odata.type": TYPE, "pinLength": 11}, {"id": "Fido2"}],
    }
    answer = world.request("PATCH", POLICY, token=_token(world), json=body)
    assert answer.status_code == 200
    campaign = answer.json()["registrationEnforcement"]["authenticationMethodsRegistrationCampaign"]
    assert campaign == {"state": "disabled"}
    assert world.request("GET", CONFIGURATION, token=_token(world)).json()["pinLength"] == 11
    listed = world.request("GET", f"{POLICY}/authenticationMethodConfigurations", token=_token(world)).json()
    assert {item["id"] for item in listed["value"]} == ids


@pytest.mark.parametrize(
    ("name", "read", "write"),
    [
        ("global_administrator", 200, 200),
        ("authentication_policy_administrator", 200, 200),
        ("global_reader", 200, 403),
        ("authentication_administrator", 403, 403),
        ("privileged_authentication_administrator", 403, 403),
        ("manager", 403, 403),
        ("worker", 403, 403),
    ],
)
def test_people_need_a_role(world: World, name: str, read: int, write: int) -> None:
    token = world.person(name, "Policy.ReadWrite.AuthenticationMethod")
    assert world.request("GET", CONFIGURATION, token=token).status_code == read
    answer = world.request("PATCH", CONFIGURATION, token=token, json={"pinLength": 9})
    assert answer.status_code == write
    if write == 403:
        assert answer.json()["error"]["code"] == "Authorization_RequestDenied"


def test_policy_read_all_reads_the_configuration_only_in_the_default_mode(world: World) -> None:
    token = world.application("Policy.Read.All")
    assert world.request("GET", CONFIGURATION, token=token).status_code == 200
    assert world.request("GET", POLICY, token=token).status_code == 200
    assert world.request("PATCH", CONFIGURATION, token=token, json={}).status_code == 403


def test_strict_mode_wants_the_type_and_the_exact_case(strict_world: World) -> None:
    world = strict_world
    token = _token(world)
    assert world.request("GET", CONFIGURATION, token=world.application("Policy.Read.All")).status_code == 403
    assert world.request("PATCH", CONFIGURATION, token=token, json={"state": "enabled"}).status_code == 400
    assert (
        world.request("PATCH", CONFIGURATION, token=token, json={"@odata.type": TYPE, "state": "Enabled"}).status_code
        == 400
    )
    assert (
        world.request("PATCH", CONFIGURATION, token=token, json={"@odata.type": TYPE, "state": "enabled"}).status_code
        == 200
    )


def test_methods_that_are_not_ours_can_be_read_but_not_set(world: World) -> None:
    path = f"{POLICY}/authenticationMethodConfigurations/fido2"
    assert world.request("GET", path, token=_token(world)).json()["state"] == "disabled"
    assert world.request("PATCH", path, token=_token(world), json={"state": "enabled"}).status_code == 400
    assert world.request("GET", path[:-5] + "nothing", token=_token(world)).status_code == 404
