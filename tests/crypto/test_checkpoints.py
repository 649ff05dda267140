"""A signed checkpoint is read as it was signed, letter by letter, or not at all."""

import string
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from badgepin.crypto.checkpoint import CheckpointKey
from badgepin.crypto.key_ring import create_key_ring
from badgepin.crypto.key_rotation import KINDS, rotate_at_once
from badgepin.domain.audit_chain import Checkpoint

NOW = datetime(2026, 11, 23, 9, 0, 0, 123456, tzinfo=UTC)
RING = create_key_ring(NOW)
KEY = CheckpointKey(RING)
LETTERS = string.ascii_letters + string.digits + "-_."


def _checkpoint(seq: int = 40, purged_through: int = 0) -> Checkpoint:
    return Checkpoint("11111111-1111-4111-8111-111111111111", 4, seq, "ab" * 32, NOW, 10, purged_through)


@given(seq=st.integers(0, 2**63 - 1), purged_through=st.integers(0, 2**63 - 1), at=st.datetimes(timezones=st.just(UTC)))
def test_what_was_signed_is_read(seq: int, purged_through: int, at: datetime) -> None:
    made = Checkpoint("tenant", 1, seq, "00" * 32, at, -3, purged_through)
    assert KEY.read(KEY.sign(made)) == made


def test_no_letter_can_be_exchanged() -> None:
    token = KEY.sign(_checkpoint())
    for place, letter in enumerate(token):
        others = LETTERS if place == len(token) - 1 else LETTERS[(place * 7) % 60 :][:3]
        for other in others:
            if other != letter:
                assert KEY.read(token[:place] + other + token[place + 1 :]) is None, (place, other)


@given(text=st.text() | st.text(LETTERS) | st.builds(lambda *parts: ".".join(parts), *[st.text(LETTERS)] * 3))
def test_other_text_is_not_read(text: str) -> None:
    assert KEY.read(text) is None
    assert KEY.is_anothers(text) in {True, False}


@pytest.mark.parametrize("ending", ["", "=", "==", "\n", "A"])
def test_nothing_may_follow(ending: str) -> None:
    read = KEY.read(KEY.sign(_checkpoint()) + ending)
    assert (read is None) == bool(ending)


def test_another_installation_signs_under_another_name() -> None:
    other = CheckpointKey(create_key_ring(NOW)).sign(_checkpoint())
    assert KEY.read(other) is None
    assert KEY.is_anothers(other)
    assert not KEY.is_anothers(KEY.sign(_checkpoint()))


def test_a_new_audit_key_signs_and_what_the_old_one_signed_is_still_read() -> None:
    turned = CheckpointKey(rotate_at_once(RING, KINDS["audit"], NOW))
    old, new = KEY.sign(_checkpoint()), turned.sign(_checkpoint())
    assert turned.read(old) == turned.read(new) == _checkpoint()
    assert (turned.is_anothers(old), KEY.is_anothers(new), KEY.read(new)) == (False, True, None)
