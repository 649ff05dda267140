"""Walks over the published OpenAPI document: what one operation answers is given to the next, with the rights of each.

A walk creates, changes, reads and deletes whatever it likes. No answer is one that the document does not describe, and
none is a 5xx. `make fuzz` walks further.
"""

import os
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from badgepin.graph.dispatch import Dispatcher
from badgepin.graph.openapi import openapi_document
from badgepin.graph.request import Incoming
from badgepin.graph.routes import ROUTES
from tests.graph.test_hostile_input import answer_to, busy_world
from tests.graph.world import BASE, World

__all__ = ["busy_world"]

_WALKS = int(os.environ.get("BADGEPIN_WALKS", "4"))
_STEPS = 15


def _walk(world: World, walks: int) -> list[tuple[str, int]]:
    seen: list[tuple[str, int]] = []
    document = schemathesis.openapi.from_dict(openapi_document())

    class Walk(document.as_state_machine()):  # type: ignore[misc] # made at run time
        def call(self, case: Any, **_: Any) -> Any:
            answer = answer_to(case, world)
            seen.append((f"{case.method.upper()} {case.path}", answer.status_code))
            # its checks ask what was sent
            answer.request = httpx.Request(case.method, BASE)
            return schemathesis.Response.from_httpx(answer, verify=False)

        def validate_response(self, response: Any, case: Any, **_: Any) -> None:
            assert response.status_code < 500, response.text
            if response.status_code < 400:
                route = next(each for each in ROUTES if (each.verb, each.path) == (case.method.upper(), case.path))
                assert response.status_code in route.statuses

    run_state_machine_as_test(
        Walk,
        settings=settings(
            max_examples=walks,
            stateful_step_count=_STEPS,
            deadline=None,
            database=None,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        ),
    )
    return seen


def test_no_walk_makes_the_server_fail(busy_world: World) -> None:
    seen = _walk(busy_world, _WALKS)
    done = {operation for operation, status in seen if status < 400}
    print(f"{len(seen)} requests, {len(done)} operations did something, none failed")  # noqa: T201 - for who walks far
    assert done


def test_an_operation_that_fails_is_found(busy_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    operate = Dispatcher._operate

    async def failing(self: Dispatcher, incoming: Incoming, *rest: Any) -> Any:
        if incoming.verb == "GET":
            raise RuntimeError
        return await operate(self, incoming, *rest)

    monkeypatch.setattr(Dispatcher, "_operate", failing)
    with pytest.raises(AssertionError):
        _walk(busy_world, 20)
