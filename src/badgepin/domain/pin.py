"""What a PIN may look like (graph-contract 6.1), and what a person may choose (security design 2.1)."""

import re
from collections.abc import Callable, Iterable
from datetime import date
from enum import StrEnum
from itertools import pairwise

from badgepin.domain.errors import InvalidValue, Reason

SHORTEST = 8
LONGEST = 20
_LINES = ("0123456789", "9876543210")
_PAIR_THREE_TIMES = re.compile(r"(\d\d)\1\1")
_TRIPLE_TWICE = re.compile(r"(\d\d\d)\1")
_RUN = 8
_FIRST_YEAR, _LAST_YEAR = 1940, 2035
_DATE = 8
_KNOWN_LEAST = 4
# the longer walks first, so that none is taken for a shorter one
_KEY_PAD = ("2580", "0852", "147", "258", "369", "159", "357", "741", "852", "963", "951", "753")


def check_pin(pin: str, *, minimum: int, strict: bool) -> None:
    """The rules for every PIN, given or chosen. `minimum` is the policy's length. Raises `InvalidValue`."""
    if not (pin.isascii() and pin.isdecimal()) or len(pin) < minimum:
        raise InvalidValue(Reason.PIN_TOO_SHORT, minimum=SHORTEST if strict else minimum)
    if len(pin) > LONGEST:
        raise InvalidValue(Reason.PIN_TOO_LONG)
    if is_too_simple(pin, strict=strict):
        raise InvalidValue(Reason.PIN_TOO_SIMPLE)


def is_too_simple(pin: str, *, strict: bool = False) -> bool:
    """Whether a PIN holds all ten digits in a line, two digits three times, or three digits twice in a row."""
    return (
        any(line in pin for line in _LINES)
        or _PAIR_THREE_TIMES.search(pin) is not None
        or _TRIPLE_TWICE.search(pin) is not None
        or (strict and _longest_run(pin) >= _RUN)
    )


def check_chosen_pin(pin: str, *, known: Iterable[str]) -> None:
    """The further rules for a PIN that a person chooses for good. Raises `InvalidValue`.

    `known`: texts that others know of this person (phone, employee number, the name they sign in with, the old PIN).
    """
    if _longest_run(pin) >= len(pin) - 1 or len(set(pin)) <= 2 or _is_date(pin) or _is_key_pad_walk(pin):  # noqa: PLR2004 - two digits are a pattern
        raise InvalidValue(Reason.PIN_TOO_SIMPLE)
    for text in known:
        digits = re.sub(r"\D", "", text, flags=re.ASCII)
        if len(digits) >= _KNOWN_LEAST and (digits in pin or pin in digits):
            raise InvalidValue(Reason.PIN_TOO_SIMPLE)


class Weakness(StrEnum):
    """What is wrong with a PIN that somebody wants to choose."""

    LENGTH = "length"
    DIGITS = "digits"
    REPEATED = "repeated"
    RUN = "run"
    PATTERN = "pattern"
    DATE = "date"
    PERSONAL = "personal"
    CURRENT = "current"


def weaknesses(pin: str, *, minimum: int, known: Iterable[str]) -> tuple[Weakness, ...]:
    """Everything that is wrong with a chosen PIN at once, so that nobody has to try and try; empty: it is good."""
    if not (pin.isascii() and pin.isdecimal()):
        return (Weakness.DIGITS,)
    repeated = _PAIR_THREE_TIMES.search(pin) or _TRIPLE_TWICE.search(pin) or len(set(pin)) <= 2  # noqa: PLR2004 - as above
    numbers = [re.sub(r"\D", "", text, flags=re.ASCII) for text in known]
    found = {
        Weakness.LENGTH: not minimum <= len(pin) <= LONGEST,
        Weakness.REPEATED: bool(repeated),
        Weakness.RUN: any(line in pin for line in _LINES) or _longest_run(pin) >= max(len(pin) - 1, _KNOWN_LEAST),
        Weakness.PATTERN: _is_key_pad_walk(pin),
        Weakness.DATE: _is_date(pin),
        Weakness.PERSONAL: any(len(n) >= _KNOWN_LEAST and (n in pin or pin in n) for n in numbers),
    }
    return tuple(weakness for weakness, is_found in found.items() if is_found)


def generate_pin(length: int, random_digits: Callable[[int], str]) -> str:
    """A random PIN of exactly this many digits that passes every rule; `random_digits` is the source."""
    while True:
        pin = random_digits(length)
        if not is_too_simple(pin, strict=True):
            return pin


def _longest_run(pin: str) -> int:
    longest = current = 1
    direction = 0
    for before, after in pairwise(pin):
        step = int(after) - int(before)
        if step in (1, -1) and step == direction:
            current += 1
        elif step in (1, -1):
            direction, current = step, 2
        else:
            direction, current = 0, 1
        longest = max(longest, current)
    return longest


def _is_date(pin: str) -> bool:
    if len(pin) != _DATE:
        return False
    orders = ((pin[:4], pin[4:6], pin[6:]), (pin[4:], pin[2:4], pin[:2]), (pin[4:], pin[:2], pin[2:4]))
    return any(_names_a_day(*map(int, order)) for order in orders)


def _names_a_day(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return _FIRST_YEAR <= year <= _LAST_YEAR


def _is_key_pad_walk(pin: str) -> bool:
    rest = pin
    while rest:
        walk = next((pattern for pattern in _KEY_PAD if rest.startswith(pattern)), None)
        if walk is None:
            # a walk that the PIN's length cuts off
            return rest != pin and any(pattern.startswith(rest) for pattern in _KEY_PAD)
        rest = rest[len(walk) :]
    return True
