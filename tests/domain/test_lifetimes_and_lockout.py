"""Lifetimes of codes at every edge, and the waits of the lockout."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from badgepin.domain.errors import DomainError, InvalidValue, Reason
from badgepin.domain.lockout import LockoutRules
from badgepin.domain.qr_code import (
    CodeKind,
    Lifetime,
    QRCode,
    moved_expiry,
    standard_lifetime,
    temporary_lifetime,
)

NOW = datetime(2026, 11, 23, 9, 0, 0, 5, tzinfo=UTC)
WHOLE = NOW.replace(microsecond=0)
moments = st.datetimes(timezones=st.just(UTC))


def _standard(start: datetime | None, expire: datetime | None, *, strict: bool = False) -> Lifetime:
    return standard_lifetime(start, expire, now=NOW, default_days=365, most_days=395, strict=strict)


def test_a_standard_code_lives_the_policy_s_days_from_now_in_whole_seconds() -> None:
    assert _standard(None, None) == Lifetime(WHOLE, WHOLE + timedelta(days=365))


def test_a_standard_code_lives_at_most_395_days_to_the_second() -> None:
    assert _standard(WHOLE, WHOLE + timedelta(days=395)).expire_at == WHOLE + timedelta(days=395)
    with pytest.raises(InvalidValue) as caught:
        _standard(WHOLE, WHOLE + timedelta(days=395, seconds=1))
    assert caught.value.reason is Reason.STANDARD_LIFETIME_TOO_LONG


def test_a_temporary_code_lives_at_most_12_hours_to_the_second() -> None:
    end = WHOLE + timedelta(hours=12)
    assert temporary_lifetime(None, end, now=NOW, strict=False) == Lifetime(WHOLE, end)
    with pytest.raises(InvalidValue) as caught:
        temporary_lifetime(None, end + timedelta(seconds=1), now=NOW, strict=False)
    assert caught.value.reason is Reason.TEMPORARY_LIFETIME_TOO_LONG


def test_strict_mode_wants_both_dates_the_future_and_an_hour() -> None:
    hour = timedelta(hours=1)
    temporary_lifetime(WHOLE, WHOLE + hour, now=NOW, strict=True)
    for start, end in (
        (None, WHOLE + hour),
        (WHOLE, WHOLE + hour - timedelta(seconds=1)),
        (WHOLE - 2 * hour, WHOLE - hour),
    ):
        with pytest.raises(InvalidValue):
            temporary_lifetime(start, end, now=NOW, strict=True)
    for begin, finish in ((None, None), (WHOLE, None), (WHOLE, WHOLE + hour)):
        with pytest.raises(InvalidValue):
            _standard(begin, finish, strict=True)


@given(moments, moments, st.booleans())
def test_a_lifetime_is_ordered_and_bounded_or_refused(start: datetime, end: datetime, strict: bool) -> None:
    try:
        standard, temporary = (
            _standard(start, end, strict=strict),
            temporary_lifetime(start, end, now=NOW, strict=strict),
        )
    except DomainError:
        return
    assert timedelta(0) < standard.expire_at - standard.start_at <= timedelta(days=395)
    assert timedelta(0) < temporary.expire_at - temporary.start_at <= timedelta(hours=12)


def test_a_code_is_active_until_the_very_second_it_ends() -> None:
    code = QRCode("id", CodeKind.STANDARD, NOW, NOW + timedelta(days=1), NOW + timedelta(days=2))
    assert code.is_active(NOW)
    assert code.is_active(code.expire_at - timedelta(microseconds=1))
    assert not code.is_active(code.expire_at)


def test_an_end_may_move_to_the_past_but_not_before_the_start() -> None:
    code = QRCode("id", CodeKind.STANDARD, NOW, NOW - timedelta(days=2), NOW + timedelta(days=2))
    assert moved_expiry(code, NOW - timedelta(days=1), most_days=395).expire_at < NOW
    with pytest.raises(InvalidValue):
        moved_expiry(code, code.start_at, most_days=395)


def test_waits_grow_step_by_step_and_stay_at_the_last() -> None:
    rules = LockoutRules()
    waits = {failures: rules.wait_after(failures) for failures in range(1, 31)}
    minutes = {failures: wait.total_seconds() / 60 for failures, wait in waits.items() if wait}
    assert minutes == {5: 1, 10: 5, 15: 15, 20: 60, 25: 60, 30: 60}
