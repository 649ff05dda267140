"""Envelopes, headers, paths and bodies, whatever the operation (graph-contract 3)."""

from contextlib import suppress
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from badgepin.domain.errors import InvalidValue
from badgepin.graph.body import read_instant, read_object
from badgepin.graph.paths import BadPath, PathTable, split_path
from badgepin.store import tables
from tests.graph.world import World, guid

METHOD = f"/users/{guid('worker')}/authentication/qrCodePinMethod"


def test_every_answer_carries_the_protocol_s_headers(world: World) -> None:
    world.create_method()
    answer = world.request("GET", METHOD, token=world.admin, headers={"client-request-id": "mine"})
    assert answer.headers["client-request-id"] == "mine"
    assert answer.headers["odata-version"] == "4.0"
    assert answer.headers["cache-control"] == "no-cache"
    expected = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
    assert answer.headers["content-type"] == expected
    assert "x-ms-resource-unit" not in answer.headers
    directory = world.request("GET", "/users", token=world.application("User.Read.All"))
    assert directory.headers["x-ms-resource-unit"] == "1"
    without = world.request("GET", METHOD, token=world.admin)
    assert without.headers["client-request-id"] == without.headers["request-id"]


def test_a_refusal_names_itself_and_its_request(world: World) -> None:
    answer = world.request("GET", METHOD, token=world.admin)
    error = answer.json()["error"]
    assert error["innerError"] == {
        "date": "2026-11-23T09:00:00",
        "request-id": answer.headers["request-id"],
        "client-request-id": answer.headers["client-request-id"],
    }
    assert error["code"]
    assert error["message"]


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Bearer ", "Basic abc", "Bearer abc", "Bearer a.b.c", "Bearer a.b.c.d", "Bearer é.b.c"],
)
def test_no_or_a_bad_token_is_401_with_a_challenge(world: World, authorization: str | None) -> None:
    headers = {} if authorization is None else {"authorization": authorization.encode("utf-8")}
    answer = world.request("GET", METHOD, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "InvalidAuthenticationToken")
    assert answer.headers["www-authenticate"].startswith("Bearer realm=")


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "https://other.example"},
        {"iss": "https://other.example/v2.0"},
        {"exp": 1_000_000_000},
        {"nbf": 4_000_000_000},
        {"tid": guid("another tenant")},
        {"tid": "x"},
        {"gen": 2},
        {"gen": None},
        {"appid": guid("another client")},
        {"roles": "UserAuthenticationMethod.ReadWrite.All", "idtyp": "user"},
    ],
)
def test_a_token_with_one_wrong_claim_does_not_count(world: World, claims: dict[str, object]) -> None:
    good = {"roles": ["UserAuthenticationMethod.ReadWrite.All"], "idtyp": "app"}
    assert world.request("GET", METHOD, token=world.token(**good)).status_code == 404
    answer = world.request("GET", METHOD, token=world.token(**{**good, **claims}))
    assert answer.status_code == 401


def test_tokens_die_with_their_person_or_application_at_once(world: World) -> None:
    world.create_method()
    token = world.person("global_administrator")
    assert world.request("GET", METHOD, token=token).status_code == 200
    world.transact(lambda tx: tx.execute(tables.users.update().values(account_enabled=False)))
    assert world.request("GET", METHOD, token=token).status_code == 401
    assert world.request("GET", METHOD, token=world.admin).status_code == 200
    reader = world.person("global_reader")
    world.transact(lambda tx: tx.execute(tables.users.update().values(account_enabled=True)))
    assert world.request("GET", METHOD, token=reader).status_code == 200
    world.transact(lambda tx: tx.execute(tables.applications.update().values(token_generation=2)))
    assert world.request("GET", METHOD, token=world.admin).status_code == 401
    assert world.request("GET", METHOD, token=reader).status_code == 401, "the application lost something"


def test_a_role_taken_away_is_gone_at_once(world: World) -> None:
    world.create_method()
    token = world.person("authentication_administrator")
    assert world.request("GET", METHOD, token=token).status_code == 200
    world.transact(lambda tx: tx.execute(tables.role_assignments.delete()))
    assert world.request("GET", METHOD, token=token).status_code == 403


@pytest.mark.parametrize(
    "path",
    [
        "/nonsense",
        "/users/x/authentication/nonsense",
        "/users/x/nonsense",
        "/users//authentication",
        "/%ff",
        "/users/%00",
    ],
)
def test_an_unknown_segment_is_400(world: World, path: str) -> None:
    answer = world.request("GET", path, token=world.admin)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BadRequest")
    assert "segment" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("verb", "path"),
    [
        ("POST", METHOD),
        ("PATCH", METHOD),
        ("DELETE", f"{METHOD}/pin"),
        ("PUT", f"{METHOD}/temporaryQRCode"),
        ("DELETE", f"/users/{guid('worker')}/authentication/methods"),
        ("DELETE", f"/users/{guid('worker')}/authentication/methods/{guid('any')}"),
        ("OPTIONS", METHOD),
    ],
)
def test_an_unsupported_verb_is_405_with_those_that_are(world: World, verb: str, path: str) -> None:
    answer = world.request(verb, path, token=world.admin)
    assert (answer.status_code, answer.json()["error"]["code"]) == (405, "Request_BadRequest")
    assert "GET" in answer.headers["allow"]


def test_head_answers_like_get_without_a_body(world: World) -> None:
    world.create_method()
    answer = world.request("HEAD", METHOD, token=world.admin)
    assert (answer.status_code, answer.content) == (200, b"")


def test_me_needs_a_person(world: World) -> None:
    answer = world.request("GET", "/me/authentication/qrCodePinMethod", token=world.admin)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BadRequest")
    assert "delegated" in answer.json()["error"]["message"]


def test_an_own_scope_does_not_reach_others_not_even_by_role(world: World) -> None:
    world.create_method()
    world.create_method("global_administrator")
    token = world.person("global_administrator", "UserAuthMethod-QR.ReadWrite")
    assert world.request("GET", METHOD, token=token).status_code == 403
    assert world.request("GET", world.method_path("global_administrator"), token=token).status_code == 200


def test_a_media_type_that_is_not_json_is_415(world: World) -> None:
    answer = world.request("PUT", METHOD, token=world.admin, content=b"<x/>", headers={"content-type": "text/xml"})
    assert answer.status_code == 415


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b'"x"',
        b"nul",
        b'{"standardQRCode":{}}x',
        b"\xff\xfe",
        b"[" * 5000,
        b'{"a":"\\ud800"}',
        b'{"a":"\\u0000"}',
        b'{"pin":' * 40,
    ],
)
def test_a_body_that_is_not_a_json_object_is_400(world: World, body: bytes) -> None:
    answer = world.request("PUT", METHOD, token=world.admin, content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "badRequest")


def test_a_huge_body_is_413(world: World) -> None:
    body = b'{"a":"' + b"x" * 2_000_000 + b'"}'
    answer = world.request("PUT", METHOD, token=world.admin, content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 413


def test_without_metadata_annotations_go(world: World) -> None:
    world.create_method()
    headers = {"accept": "application/json; odata.metadata=none"}
    answer = world.request("GET", METHOD, token=world.admin, headers=headers).json()
    assert "@odata." not in str(answer)


def test_query_options_on_the_method_are_no_error(world: World) -> None:
    world.create_method()
    assert world.request("GET", f"{METHOD}?$select=id&$expand=pin", token=world.admin).status_code == 200
    assert world.request("DELETE", METHOD, token=world.admin, headers={"if-match": 'W/"x"'}).status_code == 204


def test_metadata_is_served_without_a_token_and_names_the_action(world: World) -> None:
    for version in ("/v1.0", "/beta"):
        answer = world.request("GET", f"{version}/$metadata")
        assert answer.status_code == 200
        namespace = "{http://docs.oasis-open.org/odata/ns/edm}"
        types = {each.get("Name") for each in ET.fromstring(answer.text).iter(f"{namespace}EntityType")}  # noqa: S314 - our own document
        assert {"user", "qrCode", "qrPin", "qrCodePinAuthenticationMethod"} <= types
        assert 'Action Name="updatePin"' in answer.text
        assert 'NavigationProperty Name="qrCodePinMethod"' in answer.text


@given(st.text())
def test_no_path_does_more_than_be_refused(text: str) -> None:
    table: PathTable[str] = PathTable()
    table.add("GET", "/users/{user}/authentication", "route")
    with suppress(BadPath):
        table.match(split_path(text))


@given(st.text(), st.booleans())
def test_no_date_does_more_than_be_refused(text: str, strict: bool) -> None:
    found = read_instant(text, strict=strict)
    assert found is None or found.utcoffset() is not None


@given(st.binary(), st.booleans())
def test_no_body_does_more_than_be_refused(raw: bytes, strict: bool) -> None:
    with suppress(InvalidValue):
        assert isinstance(read_object(raw, strict=strict), dict)


@pytest.mark.parametrize(
    ("raw", "segments"),
    [
        ("/users/a%2Fb@x", ["users", "a/b@x"]),
        ("/users('o''neil@x')", ["users", "o'neil@x"]),
        ("/users(a)/b", ["users", "a", "b"]),
        ("/users/x%28y%29", ["users", "x", "y"]),
    ],
)
def test_keys_are_read_in_both_spellings(raw: str, segments: list[str]) -> None:
    assert split_path(raw) == segments
