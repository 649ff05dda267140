"""A `$skiptoken` is believed only when this installation sealed it for this list: its content reaches the database."""

import base64
import json
from urllib.parse import quote

import pytest

from badgepin.crypto.sealed import seal
from tests.graph.world import TENANT, World

POSITIONS = [["a"], ["a", "b"], ["a", "b", "c"], [""], [1], ["' OR 1=1 --", "b"]]


@pytest.mark.parametrize("position", POSITIONS, ids=json.dumps)
def test_a_position_that_nobody_sealed_for_this_list_is_refused(world: World, position: list[str | int]) -> None:
    content = json.dumps(position).encode()
    ring, token = world.installation.keys, world.application("User.Read.All")
    written = (
        content.decode(),
        base64.urlsafe_b64encode(content).rstrip(b"=").decode(),
        seal(ring, f"authorization-request|{TENANT}", content),
        seal(ring, f"skiptoken|{TENANT}|/groups|||", content),
    )
    for text in written:
        answer = world.request("GET", f"/users?$top=2&$skiptoken={quote(text)}", token=token)
        assert answer.status_code == 400, text
        assert "$skiptoken" in answer.json()["error"]["message"]
