"""What a scanned badge is told, the first obstacle first; and how long what it opens may live."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from badgepin.domain.eligibility import MayNotUse, MayUse, Obstacle
from badgepin.domain.qr_code import CodeKind
from badgepin.domain.session import Session, SessionRules, session_end
from badgepin.domain.sign_in import Badge, BadgeCode, BadgeHolder, BadgePin, Denial, Denied, judge_badge, judge_pin

NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
TICK = timedelta(microseconds=1)
BARRED = MayNotUse(Obstacle.NOT_INCLUDED)


def _code(**changed: Any) -> BadgeCode:
    values = {
        "id": "code",
        "kind": CodeKind.STANDARD,
        "start_at": NOW,
        "expire_at": NOW + TICK,
        "activated_at": NOW,
        "revoked_at": None,
    }
    return BadgeCode(**{**values, **changed})


def _pin(**changed: Any) -> BadgePin:
    values = {"id": "pin", "version": 1, "must_change": False, "expires_at": None, "disabled_at": None}
    return BadgePin(**{**values, "locked_until": None, **changed})


def _badge(code: BadgeCode, pin: BadgePin | None, eligibility: MayUse | MayNotUse | None) -> Badge:
    return Badge(
        code, BadgeHolder("id", "upn", "name", is_enabled=True, token_generation=1, eligibility=eligibility), pin
    )


@pytest.mark.parametrize(
    ("code", "pin", "eligibility", "expected"),
    [
        (_code(), _pin(), MayUse(), None),
        (_code(revoked_at=NOW), None, BARRED, Denied(Denial.CODE_REVOKED)),
        (_code(activated_at=None), None, BARRED, Denied(Denial.NOT_ALLOWED, bar=BARRED)),
        (_code(), _pin(), None, Denied(Denial.NOT_ALLOWED)),
        (_code(activated_at=None), None, MayUse(), Denied(Denial.NOT_ALLOWED, bar=MayNotUse(Obstacle.NO_PIN))),
        (_code(activated_at=None, start_at=NOW + TICK), _pin(), MayUse(), Denied(Denial.CODE_NOT_ACTIVATED)),
        (_code(start_at=NOW + TICK), _pin(), MayUse(), Denied(Denial.CODE_NOT_YET_ACTIVE, NOW + TICK)),
        (_code(expire_at=NOW), _pin(disabled_at=NOW), MayUse(), Denied(Denial.CODE_EXPIRED)),
        (_code(), _pin(disabled_at=NOW), MayUse(), Denied(Denial.PIN_DISABLED)),
    ],
)
def test_the_first_obstacle_is_the_answer(
    code: BadgeCode, pin: BadgePin | None, eligibility: MayUse | MayNotUse | None, expected: Denied | None
) -> None:
    assert judge_badge(_badge(code, pin, eligibility), now=NOW) == expected


@pytest.mark.parametrize(
    ("pin", "expected"),
    [
        (_pin(), None),
        (_pin(disabled_at=NOW - TICK, expires_at=NOW), Denied(Denial.PIN_DISABLED)),
        (_pin(expires_at=NOW, locked_until=NOW + TICK), Denied(Denial.PIN_EXPIRED)),
        (_pin(expires_at=NOW + TICK), None),
        (_pin(locked_until=NOW + TICK), Denied(Denial.PIN_LOCKED, NOW + TICK)),
        (_pin(locked_until=NOW), None),
    ],
)
def test_a_pin_is_asked_for_only_when_it_could_be_right(pin: BadgePin, expected: Denied | None) -> None:
    assert judge_pin(pin, now=NOW) == expected


def test_a_session_ends_with_its_code_or_its_time_whichever_comes_first() -> None:
    rules = SessionRules(idle=timedelta(minutes=15), overall=timedelta(hours=12))
    assert session_end(NOW + timedelta(hours=13), rules, NOW) == NOW + timedelta(hours=12)
    assert session_end(NOW + timedelta(hours=2), rules, NOW) == NOW + timedelta(hours=2)
    for expires, code_expires in ((1, 2), (2, 1)):
        ends = NOW + timedelta(hours=1)
        session = Session(
            "id",
            "user",
            "upn",
            "name",
            "code",
            CodeKind.STANDARD,
            NOW + timedelta(hours=code_expires),
            NOW,
            NOW,
            NOW + timedelta(hours=expires),
            1,
        )
        assert session.ends_at == ends
        assert not session.is_idle(rules, NOW + timedelta(minutes=15) - TICK)
        assert session.is_idle(rules, NOW + timedelta(minutes=15))
