"""A code works from its first second to its last and not one more; and no secret is at rest anywhere."""

import base64
import json
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from badgepin.domain.eligibility import MayUse
from badgepin.domain.qr_code import CodeKind
from badgepin.domain.sign_in import Badge, BadgeCode, BadgeHolder, BadgePin, Denial, Denied, judge_badge
from badgepin.reference_client import Refused, SignedIn
from badgepin.services import sign_in as sign_in_services
from badgepin.store import opening
from badgepin.store.schema import schema
from badgepin.store.tables import users
from tests.figures import Figure, record
from tests.graph.world import START, World
from tests.portal.screen import CHOSEN, PIN, Screen, Till, badge_of, read, settled_badge

MOMENTS = st.integers(min_value=-(10**9), max_value=10**9)


def _badge(start: int, length: int, *, activated: bool, revoked: bool) -> Badge:
    begin = START + timedelta(microseconds=start)
    code = BadgeCode(
        "code",
        CodeKind.TEMPORARY,
        begin,
        begin + timedelta(microseconds=length),
        START if activated else None,
        START if revoked else None,
    )
    holder = BadgeHolder("user", "user@contoso.example", "User", True, 1, MayUse())  # noqa: FBT003 - enabled
    return Badge(code, holder, BadgePin("pin", 1, False, None, None, None))  # noqa: FBT003 - chosen


@settings(max_examples=500)
@given(
    start=MOMENTS,
    length=st.integers(min_value=1, max_value=10**9),
    at=MOMENTS,
    activated=st.booleans(),
    revoked=st.booleans(),
)
def test_a_badge_is_let_in_exactly_within_its_life(
    start: int, length: int, at: int, activated: bool, revoked: bool
) -> None:
    badge = _badge(start, length, activated=activated, revoked=revoked)
    denied = judge_badge(badge, now=START + timedelta(microseconds=at))
    within = start <= at < start + length
    assert (denied is None) == (within and activated and not revoked)


def test_the_last_moment_counts_and_the_next_does_not() -> None:
    badge = _badge(0, 1000, activated=True, revoked=False)
    assert judge_badge(badge, now=badge.code.expire_at - timedelta(microseconds=1)) is None
    assert judge_badge(badge, now=badge.code.expire_at) == Denied(Denial.CODE_EXPIRED)
    assert judge_badge(badge, now=badge.code.start_at) is None


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(jumps=st.lists(st.integers(min_value=-7200, max_value=7200), min_size=1, max_size=6))
def test_whatever_the_clock_does_no_expired_code_signs_in(lasting: tuple[World, str], jumps: list[int]) -> None:
    world, badge = lasting
    world.clock.now = START + timedelta(hours=1)
    for jump in jumps:
        world.clock.now += timedelta(seconds=jump)
        outcome = Screen(world).sign_in(badge, CHOSEN)
        inside = START.replace(microsecond=0) <= world.clock.now < START.replace(microsecond=0) + timedelta(hours=2)
        TRIED.append((inside, isinstance(outcome, SignedIn)))
        if not inside:
            assert isinstance(outcome, Refused)


# whether the code was alive, and whether it signed in
TRIED: list[tuple[bool, bool]] = []


@pytest.fixture
def lasting(world: World) -> tuple[World, str]:
    """A temporary code of two hours, and a PIN of its holder's own."""
    settled_badge(world)
    return world, badge_of(world.create_temporary(hours=2))


def test_the_clock_was_moved_far_enough(lasting: tuple[World, str], monkeypatch: pytest.MonkeyPatch) -> None:
    world, badge = lasting
    # the control: a node that does not look at the clock
    monkeypatch.setattr(sign_in_services, "judge_badge", lambda *_, **__: None)
    forgiving = sa.or_(opening.is_as_judged(), users.c.id == users.c.id)
    monkeypatch.setattr(opening, "is_as_judged", lambda: forgiving)
    opening._opening.cache_clear()
    world.clock.move(hours=3)
    weaker = isinstance(Screen(world).sign_in(badge, CHOSEN), SignedIn)
    opening._opening.cache_clear()
    assert weaker
    alive = [signed_in for inside, signed_in in TRIED if inside]
    over = [signed_in for inside, signed_in in TRIED if not inside]
    assert any(alive)
    assert over
    record(
        Figure(
            "I7",
            f"sign-ins outside the code's life after random jumps of the clock, {world.installation.database.dialect}",
            len(over),
            over.count(True),
            f"a node that does not look at the clock: {int(weaker)} of 1 signed in",
        )
    )


def _at_rest(world: World, folder: Path) -> bytes:
    rows = []
    for table in schema.sorted_tables:
        for row in world.rows(table):
            rows += [
                bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode() for value in row.values()
            ]
    return b"\n".join([*rows, *(path.read_bytes() for path in folder.rglob("*") if path.is_file())])


def test_no_secret_of_a_sign_in_is_at_rest(world: World, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    screen, till = Screen(world), Till(world)
    badge = settled_badge(world)
    seed = read(badge).seed
    begun = till.begin(screen)
    outcome = screen.sign_in(badge, CHOSEN, request=begun.request)
    assert isinstance(outcome, SignedIn)
    tokens = till.tokens(Screen(world), badge)
    Screen(world).sign_in(badge, "86420975")
    secrets = {
        "seed": seed,
        "seed hex": seed.hex().encode(),
        "seed base64": base64.b64encode(seed),
        "seed base64url": base64.urlsafe_b64encode(seed).rstrip(b"="),
        "seed base32": base64.b32encode(seed).rstrip(b"="),
        "badge text": badge.encode(),
        "session": outcome.session.encode(),
        "verifier": begun.verifier.encode(),
        "refresh token": str(tokens["refresh_token"]).encode(),
        "access token": str(tokens["access_token"]).encode(),
        "first PIN": PIN.encode(),
        "chosen PIN": CHOSEN.encode(),
        "wrong PIN": b"86420975",
    }
    kept = _at_rest(world, tmp_path) + caplog.text.encode()
    found = [name for name, secret in secrets.items() if secret in kept]

    # the control: a secret that is planted in a row is found
    def plant(tx: sa.Connection) -> None:
        tx.execute(sa.text("UPDATE users SET job_title = :planted"), {"planted": json.dumps(CHOSEN)})

    world.transact(plant)
    planted = CHOSEN.encode() in _at_rest(world, tmp_path)
    assert planted
    record(
        Figure(
            "I10",
            f"secrets looked for in every row, file and log line, {world.installation.database.dialect}",
            len(secrets),
            len(found),
            "a planted PIN is found",
        )
    )
