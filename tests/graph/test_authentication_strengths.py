"""Authentication strengths: built-in ones to read, an organization's own to manage; a badge stands alone in them."""

import asyncio
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from badgepin.domain.authentication_strength import (
    BUILT_IN,
    COMBINATIONS,
    METHOD_MODES,
    MOST_CUSTOM,
    QR_CODE_PIN,
    read_combinations,
)
from badgepin.domain.errors import InvalidValue
from badgepin.store.policy_tables import authentication_strengths
from badgepin.store.tables import audit_events
from tests.graph.world import World, guid

PATH = "/policies/authenticationStrengthPolicies"
MODES = "/identity/conditionalAccess/authenticationStrength/authenticationMethodModes"
ANNOTATION = "combinationConfigurations@odata.context"
BUILT_IN_IDS = [f"00000000-0000-0000-0000-00000000000{number}" for number in (2, 3, 4)]


def _token(world: World) -> str:
    return world.application("Policy.ReadWrite.AuthenticationMethod")


def _create(world: World, *combinations: str, name: str = "Till") -> dict[str, Any]:
    body = {"displayName": name, "allowedCombinations": list(combinations)}
    answer = world.request("POST", PATH, token=_token(world), json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def test_the_built_in_strengths_are_there_from_the_start_and_accept_no_badge(world: World) -> None:
    listed = world.request("GET", PATH, token=_token(world)).json()["value"]
    assert [item["id"] for item in listed] == BUILT_IN_IDS
    names = ["Multifactor authentication", "Passwordless MFA", "Phishing-resistant MFA"]
    assert [item["displayName"] for item in listed] == names
    for item in listed:
        assert (item["policyType"], item["requirementsSatisfied"]) == ("builtIn", "mfa")
        assert not any(QR_CODE_PIN in combination for combination in item["allowedCombinations"])
        one = world.request("GET", f"{PATH}('{item['id']}')", token=_token(world)).json()
        assert {name: value for name, value in one.items() if name != "@odata.context"} == item
    assert listed[2]["allowedCombinations"] == ["windowsHelloForBusiness", "fido2", "x509CertificateMultiFactor"]


@pytest.mark.parametrize(
    ("combinations", "satisfied"),
    [
        (["qrCodePin"], "none"),
        (["fido2"], "mfa"),
        (["password,sms"], "mfa"),
        # the weakest decides: whoever may also come with a badge alone has shown one factor
        (["fido2", "qrCodePin"], "none"),
        (["sms"], "none"),
    ],
)
def test_a_strength_satisfies_mfa_only_where_every_combination_does(
    world: World, combinations: list[str], satisfied: str
) -> None:
    made = _create(world, *combinations)
    assert (made["policyType"], made["requirementsSatisfied"]) == ("custom", satisfied)
    assert made["allowedCombinations"] == combinations
    assert made["createdDateTime"] == made["modifiedDateTime"] == "2026-11-23T09:00:00.1234560Z"
    read = world.request("GET", f"/beta{PATH}/{made['id'].upper()}", token=_token(world)).json()
    assert read["requirementsSatisfied"] == satisfied


@pytest.mark.parametrize(
    ("combinations", "words"),
    [
        (["qrCodePin,password"], "'qrCodePin' cannot be combined"),
        (["fido2", "sms, QRCODEPIN"], "'qrCodePin' cannot be combined"),
        (["qrCodePin,qrCodePin"], "'qrCodePin' cannot be combined"),
        (["telepathy"], "'telepathy'"),
        (["password,telepathy"], "'telepathy'"),
        (["password,fido2"], "'password,fido2' is not a combination"),
        (["sms,sms"], "'sms,sms' is not a combination"),
        (["password,"], "''"),
        ([""], "''"),
        ([], "at least one"),
        (None, "at least one"),
        ("qrCodePin", "must be a list"),
        ([7], "must be a list"),
        (["unknownFutureValue"], "'unknownFutureValue'"),
        ([",".join(["password"] * 2000)], "'password,password"),
        (["\u202eqrCodePin"], "is not an authentication method"),
    ],
)
def test_a_combination_that_cannot_be_is_refused_by_name_and_nothing_is_kept(
    world: World, combinations: Any, words: str
) -> None:
    body = {"displayName": "Till", "allowedCombinations": combinations}
    made = _create(world, "fido2")
    for path in (PATH, f"{PATH}/{made['id']}/updateAllowedCombinations"):
        answer = world.request("POST", path, token=_token(world), json=body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "Request_BadRequest")
        assert words in answer.json()["error"]["message"]
    [row] = world.rows(authentication_strengths)
    assert row["allowed_combinations"] == '["fido2"]'


def test_spelling_is_lenient_by_default_and_exact_in_strict_mode(world: World) -> None:
    made = _create(world, "Password, SMS", "federatedsinglefactor,VOICE", "FIDO2", "fido2")
    assert made["allowedCombinations"] == ["password,sms", "voice,federatedSingleFactor", "fido2"]


def test_strict_mode_wants_the_documented_spelling(strict_world: World) -> None:
    body = {"displayName": "Till", "allowedCombinations": ["Fido2"]}
    assert strict_world.request("POST", PATH, token=_token(strict_world), json=body).status_code == 400
    assert _create(strict_world, "sms, password")["allowedCombinations"] == ["password,sms"]


def test_combinations_are_replaced_by_their_own_action_and_a_loss_of_mfa_is_said(world: World) -> None:
    made = _create(world, "fido2")
    world.clock.move(hours=1)
    path = f"{PATH}/{made['id']}/updateAllowedCombinations"
    answer = world.request("POST", path, token=_token(world), json={"allowedCombinations": ["qrCodePin"]})
    assert answer.status_code == 200
    result = answer.json()
    assert (result["previousCombinations"], result["currentCombinations"]) == (["fido2"], ["qrCodePin"])
    assert result["conditionalAccessReferences"] == []
    assert "no longer satisfies" in result["additionalInformation"]
    now = world.request("GET", f"{PATH}/{made['id']}", token=_token(world)).json()
    assert (now["allowedCombinations"], now["requirementsSatisfied"]) == (["qrCodePin"], "none")
    assert now["modifiedDateTime"] > now["createdDateTime"]


def test_a_strength_is_renamed_and_described_but_not_weakened_by_patch(world: World) -> None:
    made = _create(world, "fido2")
    path = f"{PATH}/{made['id']}"
    whole = made | {"displayName": "Back office", "description": "Safe"}
    assert world.request("PATCH", path, token=_token(world), json=whole).status_code == 204
    body = {"allowedCombinations": ["qrCodePin"]}
    refused = world.request("PATCH", path, token=_token(world), json=body)
    assert refused.status_code == 400
    assert "updateAllowedCombinations" in refused.json()["error"]["message"]
    read = world.request("GET", path, token=_token(world)).json()
    assert (read["displayName"], read["description"]) == ("Back office", "Safe")
    assert read["allowedCombinations"] == ["fido2"]
    assert world.request("PATCH", path, token=_token(world), json={"displayName": " "}).status_code == 400


@pytest.mark.parametrize("identifier", BUILT_IN_IDS)
def test_a_built_in_strength_is_neither_changed_nor_deleted(world: World, identifier: str) -> None:
    for verb, below, body in (
        ("PATCH", "", {"displayName": "Mine"}),
        ("DELETE", "", None),
        ("POST", "/updateAllowedCombinations", {"allowedCombinations": ["qrCodePin"]}),
    ):
        answer = world.request(verb, f"{PATH}/{identifier}{below}", token=_token(world), json=body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "Request_BadRequest")
        assert "built-in" in answer.json()["error"]["message"]
    assert world.rows(audit_events) == []


def test_a_deleted_strength_is_gone(world: World) -> None:
    made = _create(world, "qrCodePin")
    path = f"{PATH}/{made['id']}"
    assert world.request("DELETE", path, token=_token(world)).status_code == 204
    assert world.request("DELETE", path, token=_token(world)).status_code == 404
    assert world.request("GET", path, token=_token(world)).status_code == 404
    assert world.request("GET", f"{PATH}/{guid('nothing')}/usage", token=_token(world)).status_code == 404


def test_every_change_leaves_one_event(world: World) -> None:
    made = _create(world, "fido2", name="Doors")
    path = f"{PATH}/{made['id']}"
    world.request("PATCH", path, token=_token(world), json={"displayName": "Gates"})
    body = {"allowedCombinations": ["qrCodePin"]}
    world.request("POST", f"{path}/updateAllowedCombinations", token=_token(world), json=body)
    world.request("DELETE", path, token=_token(world))
    listed = world.request("GET", "/auditLogs/directoryAudits", token=world.application("AuditLog.Read.All")).json()
    names = sorted(
        item["activityDisplayName"].removeprefix("Authentication Strength Policy ") for item in listed["value"]
    )
    assert names == ["Create", "Delete", "Update", "Update"]
    assert {(item["loggedByService"], item["category"]) for item in listed["value"]} == {
        ("Authentication Methods", "ApplicationManagement")
    }


@pytest.mark.parametrize("usage", ["usage", "usage()", "microsoft.graph.usage()", "USAGE"])
def test_nothing_refers_to_a_strength_here(world: World, usage: str) -> None:
    answer = world.request("GET", f"{PATH}/{BUILT_IN_IDS[0]}/{usage}", token=_token(world))
    assert (answer.json()["mfa"], answer.json()["none"]) == ([], [])


def test_the_list_is_filtered_selected_and_paged(world: World) -> None:
    made = _create(world, "qrCodePin", name="Till's")
    custom = world.request("GET", f"{PATH}?$filter=policyType eq 'custom'&$select=displayName", token=_token(world))
    assert custom.json()["value"] == [{"id": made["id"], "displayName": "Till's", ANNOTATION: made[ANNOTATION]}]
    named = world.request("GET", f"{PATH}?$filter=displayName eq 'Till''s'", token=_token(world)).json()["value"]
    assert [item["id"] for item in named] == [made["id"]]
    for clause, number in (
        ("allowedCombinations/any(x:x eq 'qrCodePin')", 1),
        ("requirementsSatisfied eq 'mfa'", 3),
        ("not (policyType eq 'builtin') or startsWith(displayName,'phish')", 2),
    ):
        counted = world.request("GET", f"{PATH}?$filter={clause}&$count=true", token=_token(world)).json()
        assert counted["@odata.count"] == len(counted["value"]) == number, clause
    page = world.request("GET", f"{PATH}?$top=3", token=_token(world)).json()
    assert [item["id"] for item in page["value"]] == BUILT_IN_IDS
    following = page["@odata.nextLink"].partition("/v1.0")[2]
    rest = world.request("GET", following, token=_token(world)).json()
    assert [item["id"] for item in rest["value"]] == [made["id"]]
    assert "@odata.nextLink" not in rest


def test_the_methods_of_combinations_are_listed_with_the_badge_among_them(world: World) -> None:
    listed = world.request("GET", MODES, token=_token(world)).json()["value"]
    assert {item["id"] for item in listed} == {mode.id for mode in METHOD_MODES}
    [badge] = world.request("GET", f"{MODES}?$filter=id eq 'QRCODEPIN'", token=_token(world)).json()["value"]
    assert badge["authenticationMethod"] == "qrCodePin"
    plural = MODES.replace("Strength/", "Strengths/")
    assert world.request("GET", plural, token=_token(world)).json()["value"] == listed
    one = world.request("GET", f"{plural}/qrcodepin", token=_token(world)).json()
    assert {name: value for name, value in one.items() if name != "@odata.context"} == badge
    assert world.request("GET", f"{MODES}/telepathy", token=_token(world)).status_code == 404


def test_metadata_gives_the_badge_the_bit_that_graph_gives_it(world: World) -> None:
    tree = ET.fromstring(world.request("GET", "/$metadata").text)  # noqa: S314 - our own document
    [modes] = [each for each in tree.iter() if each.tag.endswith("EnumType") and each.get("IsFlags")]
    values = {member.get("Name"): int(member.get("Value") or 0) for member in modes}
    assert modes.get("Name") == "authenticationMethodModes"
    assert (values["password"], values["federatedMultiFactor"], values["qrCodePin"]) == (1, 32768, 131072)


def test_there_is_room_for_fifteen_of_ones_own_even_when_all_come_at_once(world: World) -> None:
    body = {"displayName": "One of many", "allowedCombinations": ["qrCodePin"]}

    async def race() -> list[int]:
        sent = (world.send("POST", PATH, token=_token(world), json=body) for _ in range(MOST_CUSTOM + 5))
        return [answer.status_code for answer in await asyncio.gather(*sent)]

    statuses = world.run(race())
    assert (statuses.count(201), statuses.count(400)) == (MOST_CUSTOM, 5)
    assert len(world.rows(authentication_strengths)) == MOST_CUSTOM


@pytest.mark.parametrize(
    ("name", "read", "write"),
    [
        ("global_administrator", 200, 201),
        ("authentication_policy_administrator", 200, 201),
        ("global_reader", 200, 403),
        ("authentication_administrator", 403, 403),
        ("manager", 403, 403),
        ("worker", 403, 403),
    ],
)
def test_people_need_a_role(world: World, name: str, read: int, write: int) -> None:
    token = world.person(name, "Policy.ReadWrite.ConditionalAccess")
    body = {"displayName": "Till", "allowedCombinations": ["qrCodePin"]}
    assert world.request("GET", PATH, token=token).status_code == read
    assert world.request("GET", MODES, token=token).status_code == read
    assert world.request("POST", PATH, token=token, json=body).status_code == write


@pytest.mark.parametrize(
    ("permission", "read", "write"),
    [
        ("Policy.Read.All", 200, 403),
        ("Policy.Read.AuthenticationMethod", 200, 403),
        ("Policy.ReadWrite.ConditionalAccess", 200, 201),
        ("User.Read.All", 403, 403),
    ],
)
def test_applications_need_a_permission(world: World, permission: str, read: int, write: int) -> None:
    token = world.application(permission)
    body = {"displayName": "Till", "allowedCombinations": ["qrCodePin"]}
    assert world.request("GET", PATH, token=token).status_code == read
    assert world.request("POST", PATH, token=token, json=body).status_code == write


def test_what_would_narrow_a_combination_is_refused_rather_than_dropped(world: World) -> None:
    body = {
        "displayName": "One kind of key",
        "allowedCombinations": ["fido2"],
        "combinationConfigurations": [{"@odata.type": "#microsoft.graph.fido2CombinationConfiguration"}],
    }
    answer = world.request("POST", PATH, token=_token(world), json=body)
    assert answer.status_code == 400
    assert "combinationConfigurations" in answer.json()["error"]["message"]


@given(st.lists(st.text(max_size=40), max_size=5), st.booleans())
def test_no_text_does_more_than_be_refused(given_: list[str], strict: bool) -> None:
    try:
        read = read_combinations(given_, strict=strict)
    except InvalidValue:
        return
    assert set(read) <= set(COMBINATIONS)


@given(st.lists(st.sampled_from(COMBINATIONS), min_size=1), st.data())
def test_every_documented_combination_is_read_however_it_is_written(given_: list[str], data: st.DataObject) -> None:
    def spelled(combination: str) -> str:
        modes = data.draw(st.permutations(combination.split(",")))
        return data.draw(st.sampled_from([",", ", ", " ,"])).join(mode.swapcase() for mode in modes)

    assert read_combinations([spelled(one) for one in given_]) == tuple(dict.fromkeys(given_))


def test_the_built_in_strengths_are_made_of_combinations_that_anybody_may_use() -> None:
    for strength in BUILT_IN:
        assert read_combinations(list(strength.allowed_combinations), strict=True) == strength.allowed_combinations
