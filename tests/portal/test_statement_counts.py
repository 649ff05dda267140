"""What a sign-in costs in statements: pinned, so that nobody adds one without noticing."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from badgepin.reference_client import Proven
from tests.graph.world import World
from tests.portal.screen import CHOSEN, PATH, Screen, settled_badge


@pytest.fixture
def count(world: World) -> Callable[[], list[str]]:
    """Begins to listen; answers what went to the database since, BEGIN and COMMIT too."""
    engine: Any = world.installation.database.engine  # type: ignore[attr-defined] # both kinds have one
    engine = getattr(engine, "sync_engine", engine)
    seen: list[str] = []
    sa.event.listen(engine, "before_cursor_execute", lambda *given: seen.append(given[2].split(maxsplit=1)[0]))
    sa.event.listen(engine, "begin", lambda _: seen.append("BEGIN"))
    sa.event.listen(engine, "commit", lambda _: seen.append("COMMIT"))

    def taken() -> list[str]:
        found = [each for each in seen if each != "PRAGMA"]
        seen.clear()
        return found

    return taken


def test_a_pin_is_charged_and_a_session_opened_in_so_many_statements(
    world: World, screen: Screen, count: Callable[[], list[str]]
) -> None:
    proven = screen.scan(settled_badge(world))
    assert isinstance(proven, Proven)
    count()
    body = json.dumps({"request": "", "proof": proven.handle, "pin": CHOSEN}).encode()
    answer = world.run(screen.send("POST", f"{PATH}/pin", body, {"content-type": "application/json"}))
    assert answer.status == 200
    seen = count()
    if world.installation.database.dialect == "postgresql":
        # the connection commits each statement by itself; its BEGIN is never sent
        # tenant; proof, badge, PIN, charge; then proof, badge, opening
        assert [each for each in seen if each not in {"BEGIN", "COMMIT", "ROLLBACK"}] == [
            "SELECT",
            *("SELECT", "SELECT", "SELECT", "WITH"),
            *("SELECT", "SELECT", "WITH"),
        ]
        assert "COMMIT" not in seen
    else:
        last = len(seen) - 1 - seen[::-1].index("BEGIN")
        # the last two give the event its place in the chain
        assert len(seen[last:]) == 13
