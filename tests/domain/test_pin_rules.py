"""What a PIN may look like (graph-contract 6.1), and what a person may choose."""

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from badgepin.domain.errors import InvalidValue, Reason
from badgepin.domain.pin import check_chosen_pin, check_pin, generate_pin, is_too_simple


def _reason(pin: str, *, minimum: int = 8, strict: bool = False) -> Reason | None:
    try:
        check_pin(pin, minimum=minimum, strict=strict)
    except InvalidValue as error:
        return error.reason
    return None


@pytest.mark.parametrize(
    "pin", ["09599786", "56745755", "35387687", "1234567890", "12345678", "12120012", "0" + "13579246" * 2]
)
def test_what_scripts_send_passes(pin: str) -> None:
    assert _reason(pin) is None


@pytest.mark.parametrize(
    ("pin", "reason"),
    [
        ("", Reason.PIN_TOO_SHORT),
        ("1357924", Reason.PIN_TOO_SHORT),
        ("1357924x", Reason.PIN_TOO_SHORT),
        ("-1357924", Reason.PIN_TOO_SHORT),
        ("1357924²", Reason.PIN_TOO_SHORT),
        ("٠١٢٣٤٥٦٧", Reason.PIN_TOO_SHORT),
        ("1" * 7 + " ", Reason.PIN_TOO_SHORT),
        ("135792461357924613579", Reason.PIN_TOO_LONG),
        ("0123456789", Reason.PIN_TOO_SIMPLE),
        ("99876543210", Reason.PIN_TOO_SIMPLE),
        ("12121200", Reason.PIN_TOO_SIMPLE),
        ("00000000", Reason.PIN_TOO_SIMPLE),
        ("34234200", Reason.PIN_TOO_SIMPLE),
    ],
)
def test_what_breaks_a_rule_is_named(pin: str, reason: Reason) -> None:
    assert _reason(pin) is reason


def test_the_policy_s_length_is_the_minimum() -> None:
    assert _reason("135792468", minimum=10) is Reason.PIN_TOO_SHORT
    assert _reason("1357924680", minimum=10) is None


def test_strict_mode_refuses_a_run_of_eight_and_always_says_eight() -> None:
    assert _reason("12345678", strict=True) is Reason.PIN_TOO_SIMPLE
    assert _reason("98765432", strict=True) is Reason.PIN_TOO_SIMPLE
    assert _reason("12345670", strict=True) is None
    with pytest.raises(InvalidValue) as caught:
        check_pin("1", minimum=12, strict=True)
    assert caught.value.details == {"minimum": 8}


@given(st.integers(8, 20), st.integers())
def test_a_generated_pin_passes_every_rule(length: int, seed: int) -> None:
    source = random.Random(seed)
    pin = generate_pin(length, lambda count: "".join(source.choices("0123456789", k=count)))
    assert len(pin) == length
    assert _reason(pin, minimum=length, strict=True) is None


def test_generated_pins_use_every_digit_evenly() -> None:
    source = random.Random(1)
    pins = [generate_pin(8, lambda count: f"{source.randrange(10**count):0{count}d}") for _ in range(20_000)]
    counts = Counter("".join(pins))
    expected = 16_000
    chi_square = sum((counts[digit] - expected) ** 2 / expected for digit in "0123456789")
    assert chi_square < 33.7, "the 99.99 % point of nine degrees of freedom"


def test_the_rules_refuse_few_random_pins() -> None:
    source = random.Random(2)
    refused = sum(is_too_simple(f"{source.randrange(10**8):08d}") for _ in range(100_000))
    assert 0.002 < refused / 100_000 < 0.004


@pytest.mark.parametrize(
    "pin",
    [
        "19840229",
        "29021984",
        "02291984",
        "12345678",
        "87654321",
        "23456781",
        "11122211",
        "14725836",
        "25802580",
        "55512345",
    ],
)
def test_people_may_not_choose_dates_runs_patterns_and_what_others_know(pin: str) -> None:
    with pytest.raises(InvalidValue):
        check_chosen_pin(pin, known=("+49 555 12345", "emp 55512345"))


@pytest.mark.parametrize("pin", ["86420975", "19849229", "31021984", "20361231", "14725899", "25801470693"])
def test_people_may_choose_what_only_looks_like_a_date(pin: str) -> None:
    check_chosen_pin(pin, known=("worker@contoso.example", "123"))
