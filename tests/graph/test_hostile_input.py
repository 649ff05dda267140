"""Schemathesis over the published OpenAPI document: every answer is one of those described, never a 5xx."""

import asyncio
import os
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, settings

from badgepin.graph.openapi import openapi_document
from badgepin.graph.routes import ROUTES
from tests.graph.world import ADMIN_SCOPES, World, build
from tests.graph.world import guid as guid_of

schema = schemathesis.openapi.from_dict(openapi_document())
if "BADGEPIN_WALKS" not in os.environ:
    # every boundary of every property takes minutes: `make fuzz` tries those too
    schema.config.phases.update(phases=["examples", "fuzzing"])
ALL_PERMISSIONS = [scope for scope in ADMIN_SCOPES.split() if scope != "Directory.AccessAsUser.All"]


@pytest.fixture(scope="module")
def busy_world(
    tmp_path_factory: pytest.TempPathFactory, sqlite_template: Any, ring: Any, runner: asyncio.Runner
) -> World:
    path = tmp_path_factory.mktemp("hostile") / "badgepin.db"
    path.write_bytes(sqlite_template.read_bytes())
    made = build(f"sqlite:///{path}", ring, runner)
    made.create_method()
    return made


@schema.parametrize()
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
def test_no_input_makes_the_server_fail(case: "schemathesis.Case[Any]", busy_world: World) -> None:
    answer = answer_to(case, busy_world)
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        error = answer.json()["error"]
        assert error["code"]
        assert error["message"]
        assert "Traceback" not in answer.text
    else:
        route = next(route for route in ROUTES if (route.verb, route.path) == (case.method.upper(), case.path))
        assert answer.status_code in route.statuses


def answer_to(case: "schemathesis.Case[Any]", busy_world: World) -> httpx.Response:
    """What a generated request is answered, with every right it needs."""
    token = busy_world.application(*ALL_PERMISSIONS)
    if case.path.startswith("/me"):
        token = busy_world.person("colleague")
    sent = case.as_transport_kwargs()
    url = sent.pop("url").removeprefix("http://localhost")
    headers = {
        name: value.encode("utf-8", "replace") if isinstance(value, str) else value
        for name, value in dict(sent.pop("headers", None) or {}).items()
        if name.lower() not in {"authorization", "user-agent"}
    }
    if "data" in sent:
        sent["content"] = sent.pop("data")
    options = {
        name: value for name, value in sent.items() if name in {"json", "content", "params"} and value is not None
    }
    return busy_world.request(case.method, url, token=token, headers=headers, **options)


HOSTILE = [
    "'",
    '"',
    "' OR 1=1 --",
    "../../etc/passwd",
    "%2e%2e%2f",
    "\u202e",
    "\U0001f600",
    "a" * 5000,
    "null",
    "{}",
    "$ref",
    "\r\nX: y",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_find_nobody_and_change_nothing(world: World, text: str) -> None:
    for template in (
        "/users/{}/authentication/qrCodePinMethod/temporaryQRCode",
        "/groups/{}",
        "/directory/administrativeUnits/{}",
    ):
        path = template.format(
            text.replace("%", "%25").replace("/", "%2F").replace("\r\n", "%0D%0A").replace("#", "%23")
        )
        token = world.application(*ALL_PERMISSIONS)
        answer = world.request("DELETE", path, token=token)
        assert answer.status_code in {400, 404}, (path, answer.text)
    assert (
        world.request("GET", f"/users/{guid_of('worker')}", token=world.application("User.Read.All")).status_code == 200
    )


@pytest.mark.parametrize(
    "headers",
    [
        {"prefer": "return=" + "x" * 5000},
        {"accept": "\xff\xfe"},
        {"client-request-id": "x" * 5000},
        {"client-request-id": "a\tb"},
        {"content-type": "application/json;charset=utf-99"},
        {"host": "evil.example"},
        {"x-forwarded-host": "evil.example", "x-forwarded-proto": "javascript"},
    ],
)
def test_hostile_headers_change_nothing(world: World, headers: dict[str, str]) -> None:
    world.create_method()
    encoded = {name: value.encode("latin-1") for name, value in headers.items()}
    answer = world.request("GET", world.method_path("worker"), token=world.admin, headers=encoded)
    assert answer.status_code == 200
    assert "evil" not in answer.text
    assert len(answer.headers["client-request-id"]) <= 128


@pytest.mark.parametrize("clause", ["eq 99999999999", "gt 2147483648", "in (1,99999999999)"])
def test_an_error_code_of_any_size_can_be_asked_for(world: World, clause: str) -> None:
    path = f"/auditLogs/signIns?$filter=status/errorCode {clause}"
    assert world.request("GET", path, token=world.application("AuditLog.Read.All")).status_code == 200
