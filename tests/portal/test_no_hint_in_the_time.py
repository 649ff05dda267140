"""How long a refusal takes does not say whether the badge is known."""

import base64
import json
import statistics
import time

import pytest

from badgepin.crypto.badge_key import new_badge_key
from badgepin.services import sign_in as services
from tests.graph.world import World, guid
from tests.portal.screen import PATH, Screen, read, settled_badge

_SAMPLES = 200
# the design's bound: what is left is the reading of one row
_ALLOWED = 0.001


def _refusal(screen: Screen, qr_id: str, signature: str) -> float:
    challenge = screen.post_json(f"{PATH}/challenge", {"request": ""}).json()["challenge"]
    body = {"request": "", "challenge": challenge, "qr_id": qr_id, "signature": signature}
    raw, kind = json.dumps(body).encode(), {"content-type": "application/json"}
    began = time.perf_counter()
    answer = screen._send("POST", f"{PATH}/proof", raw, kind)
    took = time.perf_counter() - began
    assert answer.status == 403
    return took


def _difference(world: World) -> float:
    """The median of how much longer a known badge's refusal took than an unknown one's beside it, in seconds."""
    screen = Screen(world)
    screen.get(PATH)
    known, unknown = read(settled_badge(world)).qr_code_id, guid("no such code")
    signature = base64.urlsafe_b64encode(new_badge_key()[0].reveal() * 2).rstrip(b"=").decode()
    samples: dict[str, list[float]] = {known: [], unknown: []}
    for number in range(_SAMPLES):
        for qr_id in (known, unknown) if number % 2 else (unknown, known):
            samples[qr_id].append(_refusal(screen, qr_id, signature))
    return statistics.median(one - other for one, other in zip(samples[known], samples[unknown], strict=True))


def test_a_known_badge_is_refused_as_fast_as_an_unknown_one(world: World) -> None:
    assert abs(_difference(world)) < _ALLOWED


def test_an_early_answer_for_unknown_badges_would_be_seen(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    # the negative control: work that only a known badge causes, of the size of a slow hash that was left out
    prove = services.is_proven

    def slower_when_known(found: object, *rest: object) -> bool:
        if found is not None:
            time.sleep(0.003)
        return prove(found, *rest)  # type: ignore[arg-type] # handed on as they came

    monkeypatch.setattr(services, "is_proven", slower_when_known)
    assert _difference(world) > _ALLOWED
