"""`$batch` (graph-contract 3.7)."""

import base64
from typing import Any

import pytest

from tests.graph.world import World, guid

METHOD = f"/users/{guid('worker')}/authentication/qrCodePinMethod"


def _batch(world: World, *requests: dict[str, Any], version: str = "/v1.0") -> dict[Any, dict[str, Any]]:
    answer = world.request("POST", f"{version}/$batch", token=world.admin, json={"requests": list(requests)})
    assert answer.status_code == 200, answer.text
    return {item["id"]: item for item in answer.json()["responses"]}


def test_items_run_in_the_order_of_their_dependencies(world: World) -> None:
    answers = _batch(
        world,
        {"id": "2", "method": "DELETE", "url": f"{METHOD}/standardQRCode", "dependsOn": ["1"]},
        {"id": "1", "method": "PUT", "url": METHOD, "body": {"standardQRCode": {}}},
        {"id": "3", "method": "GET", "url": METHOD, "dependsOn": ["2"]},
    )
    assert [answers[name]["status"] for name in ("1", "2", "3")] == [201, 204, 200]
    assert "body" not in answers["2"]
    assert answers["3"]["body"]["standardQRCode"] is None


def test_dependents_of_a_failed_item_are_not_executed(world: World) -> None:
    answers = _batch(
        world,
        {"id": "1", "method": "GET", "url": METHOD},
        {"id": "2", "method": "PUT", "url": METHOD, "body": {"standardQRCode": {}}, "dependsOn": ["1"]},
        {"id": "3", "method": "GET", "url": METHOD, "dependsOn": ["2"]},
    )
    assert [answers[name]["status"] for name in ("1", "2", "3")] == [404, 424, 424]
    assert world.request("GET", METHOD, token=world.admin).status_code == 404


def test_the_quirks_of_real_clients_are_read(world: World) -> None:
    body = base64.b64encode(b'{"standardQRCode":{}}').decode()
    answers = _batch(
        world,
        {"id": 1, "method": "put", "url": f"/beta{METHOD}", "body": body, "depends_on": []},
        {"id": 2, "method": "GET", "url": METHOD[1:], "headers": {"accept": "application/json;odata.metadata=none"}},
        {
            "id": 3,
            "method": "PATCH",
            "url": f"{METHOD}/pin",
            "body": "e30=",
            "headers": {"Content-Type": "application/json"},
        },
        version="/beta",
    )
    assert {key: item["status"] for key, item in answers.items()} == {1: 201, 2: 200, 3: 201}
    assert "@odata.type" not in answers[2]["body"]


def test_each_item_needs_its_own_permission(world: World) -> None:
    answers = _batch(
        world,
        {"id": "1", "method": "GET", "url": "/policies/authenticationMethodsPolicy"},
        {"id": "2", "method": "GET", "url": METHOD},
        {"id": "3", "method": "GET", "url": "/nothing"},
    )
    assert [answers[name]["status"] for name in ("1", "2", "3")] == [403, 404, 400]
    assert answers["1"]["body"]["error"]["code"] == "Authorization_RequestDenied"


GET = {"method": "GET", "url": METHOD}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"requests": []},
        {"requests": {}},
        {"requests": [{**GET, "id": str(number)} for number in range(21)]},
        {"requests": [{**GET, "id": "1"}, {**GET, "id": "1"}]},
        {"requests": [{**GET, "id": "1"}, {**GET, "id": 1}]},
        {"requests": [GET]},
        {"requests": [{"id": "1", "url": METHOD}]},
        {"requests": [{"id": "1", "method": "GET"}]},
        {"requests": [{**GET, "id": "1", "dependsOn": ["2"]}]},
        {"requests": [{**GET, "id": "1", "dependsOn": ["1"]}]},
        {"requests": [{**GET, "id": "1", "headers": "x"}]},
        {"requests": [{"id": "1", "method": "POST", "url": "/$batch"}]},
        {"requests": ["x"]},
    ],
)
def test_a_batch_that_is_not_well_formed_is_400(world: World, body: dict[str, Any]) -> None:
    answer = world.request("POST", "/$batch", token=world.admin, json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "Request_BadRequest")


@pytest.mark.parametrize("address", ["/%24batch", "/$b%61tch", "/$BATCH"])
def test_a_batch_inside_a_batch_is_refused_however_it_is_written(world: World, address: str) -> None:
    inner = {"requests": [{"id": "1", "method": "GET", "url": "/users"}]}
    outer = {"requests": [{"id": "1", "method": "POST", "url": address, "body": inner}]}
    answer = world.request("POST", "/$batch", token=world.admin, json=outer)
    refused = answer.json()["responses"][0] if answer.status_code == 200 else {"status": 400, "body": answer.json()}
    assert refused["status"] == 400
    assert "cannot hold another batch" in refused["body"]["error"]["message"]
