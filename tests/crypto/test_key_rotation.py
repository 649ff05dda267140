"""What a key is at each moment, and the ways from one state to the next (security design 3.5)."""

from collections.abc import Callable
from dataclasses import fields
from datetime import UTC, datetime, timedelta

import pytest

from badgepin.crypto.key_ring import FAMILIES, KEEP, KeyRing, create_key_ring
from badgepin.crypto.key_rotation import (
    KINDS,
    KeyRefused,
    KeyState,
    Kind,
    lives,
    plan_rotation,
    remove_key,
    rotate_at_once,
    state_of,
)
from badgepin.crypto.keys_in_use import POLL, KeysInUse
from badgepin.crypto.token import BadToken

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SOON, TICK = timedelta(hours=24), timedelta(microseconds=1)
RING = create_key_ring(NOW)
LASTING = [kind for kind in KINDS.values() if kind.family not in KEEP]
PASSING = [kind for kind in KINDS.values() if kind.family in KEEP]
EVERY = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)


def _kids(ring: KeyRing, kind: Kind) -> list[str]:
    return [key.kid for key in getattr(ring, kind.family)]


def test_every_family_of_the_ring_can_be_rotated() -> None:
    assert sorted(kind.family for kind in KINDS.values()) == sorted(FAMILIES)


@EVERY
def test_a_planned_key_is_known_at_once_used_in_its_time_and_takes_over(kind: Kind) -> None:
    [old] = _kids(RING, kind)
    planned = plan_rotation(RING, kind, NOW + SOON, NOW)
    new = _kids(planned, kind)[0]
    for moment in (NOW, NOW + SOON - TICK):
        assert _kids(planned.at(moment), kind) == [old, new]
        assert (state_of(planned, old, moment), state_of(planned, new, moment)) == (KeyState.ACTIVE, KeyState.NEXT)
    assert _kids(planned.at(NOW + SOON), kind) == [new, old]
    assert state_of(planned, old, NOW + SOON) is KeyState.RETIRED


@pytest.mark.parametrize("kind", PASSING, ids=lambda kind: kind.name)
def test_a_retired_key_is_gone_when_nothing_that_it_made_is_alive(kind: Kind) -> None:
    planned = plan_rotation(RING, kind, NOW + SOON, NOW)
    end, [old] = NOW + SOON + KEEP[kind.family], _kids(RING, kind)
    assert _kids(planned.at(end - TICK), kind)[1:] == [old]
    assert len(_kids(planned.at(end), kind)) == 1
    assert state_of(planned, old, end) is None
    again = plan_rotation(planned, kind, end + SOON, end)
    assert old not in _kids(again, kind), "the next rotation leaves it out of the file"


@pytest.mark.parametrize("kind", LASTING, ids=lambda kind: kind.name)
def test_a_key_that_opens_what_is_kept_stays_for_ever(kind: Kind) -> None:
    turned, [old] = rotate_at_once(RING, kind, NOW), _kids(RING, kind)
    for moment in (NOW, NOW + 10_000 * SOON):
        assert _kids(turned.at(moment), kind)[1:] == [old]


@pytest.mark.parametrize("kind", PASSING, ids=lambda kind: kind.name)
def test_an_emergency_leaves_the_new_key_alone(kind: Kind) -> None:
    planned = plan_rotation(RING, kind, NOW + SOON, NOW)
    turned = rotate_at_once(planned, kind, NOW)
    [only] = _kids(turned.at(NOW), kind)
    assert only not in {*_kids(RING, kind), *_kids(planned, kind)}


@EVERY
def test_a_plan_is_made_once_and_may_be_taken_back(kind: Kind) -> None:
    planned = plan_rotation(RING, kind, NOW + SOON, NOW)
    new = _kids(planned, kind)[0]
    with pytest.raises(KeyRefused, match=f"keys remove {new}"):
        plan_rotation(planned, kind, NOW + SOON, NOW)
    assert remove_key(planned, new, NOW) == RING
    with pytest.raises(KeyRefused, match="is in use"):
        remove_key(planned, new, NOW + SOON)
    with pytest.raises(KeyRefused, match="is no key nobody's"):
        remove_key(planned, "nobody's", NOW)


@EVERY
def test_a_list_says_since_when_and_until_when(kind: Kind) -> None:
    planned = plan_rotation(RING, kind, NOW + SOON, NOW)
    coming, active = [life for life in lives(planned, NOW) if life.kind == kind.name]
    assert (coming.state, coming.since, coming.until) == (KeyState.NEXT, None, NOW + SOON)
    assert (active.state, active.since, active.until) == (KeyState.ACTIVE, NOW, NOW + SOON)
    used, retired = [life for life in lives(planned, NOW + SOON) if life.kind == kind.name]
    assert (used.state, used.since, used.until) == (KeyState.ACTIVE, NOW + SOON, None)
    end = NOW + SOON + KEEP[kind.family] if kind.family in KEEP else None
    assert (retired.state, retired.since, retired.until) == (KeyState.RETIRED, NOW + SOON, end)


def test_an_only_key_is_used_before_its_time() -> None:
    """A host's clock is a moment ahead of the database's when it makes the key."""
    assert [key.kid for key in RING.at(NOW - SOON).signing_keys] == _kids(RING, KINDS["signing"])


def _signs(keys: KeysInUse, moment: datetime) -> str:
    return keys.at(moment).active_signing_key.kid


def test_time_alone_turns_the_keys_of_a_node() -> None:
    kind = KINDS["signing"]
    planned = plan_rotation(RING, kind, NOW + SOON, NOW)
    keys, new, old = KeysInUse(planned), *_kids(planned, kind)
    signed = keys.signer_at(NOW).sign({"aud": "a", "exp": int((NOW + 9 * SOON).timestamp())})
    for moment, kid in ((NOW, old), (NOW + SOON, new), (NOW + SOON - TICK, old), (NOW + 3 * SOON, new)):
        assert _signs(keys, moment) == kid
    assert keys.signer_at(NOW) is keys.signer_at(NOW + TICK), "it is made once for a span"
    end = NOW + SOON + KEEP["signing_keys"]
    assert not isinstance(keys.verifier_at(end - TICK).verify(signed, now=end, audiences=frozenset("a")), BadToken)
    assert isinstance(keys.verifier_at(end).verify(signed, now=end, audiences=frozenset("a")), BadToken)


def test_a_node_uses_a_key_only_two_polls_after_it_came_to_know_it() -> None:
    kind = KINDS["pepper"]
    turned, keys = rotate_at_once(RING, kind, NOW), KeysInUse(RING)
    new, old = _kids(turned, kind)
    keys.take(turned, NOW)
    assert [key.kid for key in keys.at(NOW + 2 * POLL - TICK).peppers] == [old, new]
    assert [key.kid for key in keys.at(NOW + 2 * POLL).peppers] == [new, old]


class _Interrupted(KeyRing):
    """A ring during whose use another one is taken, as by another thread."""

    meanwhile: Callable[[], None] = staticmethod(lambda: None)

    def at(self, now: datetime) -> KeyRing:
        """The same, a moment later."""
        found = super().at(now)
        _Interrupted.meanwhile()
        return found


def test_a_ring_that_is_taken_while_the_one_before_is_looked_at_stays() -> None:
    turned = rotate_at_once(RING, KINDS["signing"], NOW)
    keys = KeysInUse(_Interrupted(**{each.name: getattr(RING, each.name) for each in fields(RING)}))
    _Interrupted.meanwhile = lambda: keys.take(turned, NOW)
    assert _signs(keys, NOW) == RING.signing_keys[0].kid, "who asked before may still get the old one"
    assert _signs(keys, NOW) == turned.signing_keys[0].kid


def test_what_is_refused_in_an_emergency_is_refused_from_the_first_moment() -> None:
    keys, token = KeysInUse(RING), KeysInUse(RING).signer_at(NOW).sign({"aud": "a"})
    turned = rotate_at_once(RING, KINDS["signing"], NOW)
    assert not isinstance(keys.verifier_at(NOW).read_signed(token), BadToken)
    keys.take(turned, NOW)
    assert _signs(keys, NOW) == turned.signing_keys[0].kid
    assert isinstance(keys.verifier_at(NOW).read_signed(token), BadToken)
