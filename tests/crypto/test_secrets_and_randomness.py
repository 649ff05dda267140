"""Randomness is even, and what must not show does not."""

from collections import Counter
from uuid import UUID

import pytest

from badgepin.crypto.randomness import new_client_secret, new_guid, new_key_id, random_digits
from badgepin.crypto.secret import Secret
from badgepin.domain.ids import canonical_guid
from badgepin.domain.pin import check_pin, generate_pin

HIDDEN = b"\x00\x01canary-4f1d\xff"


@pytest.mark.parametrize("count", [1, 2, 8, 20])
def test_random_digits_are_that_many_digits(count: int) -> None:
    for _ in range(300):
        digits = random_digits(count)
        assert len(digits) == count
        assert digits.isascii()
        assert digits.isdecimal()


def test_every_digit_comes_equally_often_in_every_place() -> None:
    drawn = [random_digits(4) for _ in range(20_000)]
    for place in range(4):
        counts = Counter(digits[place] for digits in drawn)
        chi_square = sum((counts[digit] - 2000) ** 2 / 2000 for digit in "0123456789")
        assert chi_square < 44, "one in a million for nine degrees of freedom"


def test_generated_pins_pass_the_strict_rules_of_any_policy() -> None:
    for length in range(8, 21):
        pin = generate_pin(length, random_digits)
        check_pin(pin, minimum=length, strict=True)


def test_ids_and_secrets_do_not_repeat() -> None:
    for make in (new_guid, new_key_id, new_client_secret):
        assert len({make() for _ in range(1000)}) == 1000
    assert canonical_guid(new_guid()) is not None
    assert UUID(new_guid()).version == 4
    assert len(new_client_secret()) == 43


def test_a_secret_shows_only_when_it_is_asked_to() -> None:
    secret = Secret(HIDDEN)
    assert secret.reveal() == HIDDEN
    for shown in (repr(secret), str(secret), f"{secret!r} {secret}", repr({"seed": secret}), f"{secret!s:>40}"):
        assert "canary" not in shown
    assert not hasattr(secret, "__dict__"), "tools that dump objects find nothing"
