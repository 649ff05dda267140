"""Standard and temporary codes: lifetimes and what may follow what (graph-contract 6.1).

created ──start──▶ usable ──expire──▶ expired        revoked from any of them, for ever
active  = not revoked and not expired, also before its start
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from badgepin.domain.errors import InvalidValue, Reason

TEMPORARY_MOST = timedelta(hours=12)
_TEMPORARY_LEAST_STRICT = timedelta(hours=1)
_STANDARD_LEAST_STRICT = timedelta(days=1)


class CodeKind(StrEnum):
    """A person has at most one live code of each kind."""

    STANDARD = "standard"
    TEMPORARY = "temporary"


@dataclass(frozen=True)
class QRCode:
    """A code that was not revoked; it may be expired. The secret half of its key exists only on paper.

    `is_replacement`: it was issued to take over from a standard code, and nobody signed in with it yet.
    """

    id: str
    kind: CodeKind
    created_at: datetime
    start_at: datetime
    expire_at: datetime
    last_used_at: datetime | None = None
    is_replacement: bool = False

    def is_active(self, now: datetime) -> bool:
        """Not expired; a code that has not started yet counts as active."""
        return self.expire_at > now

    @property
    def lifetime(self) -> "Lifetime":
        """From when to when it works."""
        return Lifetime(self.start_at, self.expire_at)


@dataclass(frozen=True)
class Lifetime:
    """When a code starts and stops to work, in whole seconds UTC."""

    start_at: datetime
    expire_at: datetime


def standard_lifetime(
    start: datetime | None, expire: datetime | None, *, now: datetime, default_days: int, most_days: int, strict: bool
) -> Lifetime:
    """The life of a new standard code. Raises `InvalidValue`; `most_days` is the longest life in days."""
    if strict and (start is None or expire is None):
        raise _invalid("startDateTime and expireDateTime are required.")
    start = start or now.replace(microsecond=0)
    lifetime = Lifetime(start, expire or _after(start, timedelta(days=default_days)))
    _check_order(lifetime)
    if lifetime.expire_at - lifetime.start_at > timedelta(days=most_days):
        raise InvalidValue(Reason.STANDARD_LIFETIME_TOO_LONG, days=most_days)
    if strict:
        _check_strict(lifetime, now, _STANDARD_LEAST_STRICT, "1 day")
    return lifetime


def temporary_lifetime(start: datetime | None, expire: datetime | None, *, now: datetime, strict: bool) -> Lifetime:
    """The life of a new temporary code, at most 12 hours from its start. Raises `InvalidValue`."""
    if expire is None or (strict and start is None):
        raise _invalid(
            "expireDateTime is required." if not strict else "startDateTime and expireDateTime are required."
        )
    lifetime = Lifetime(start or now.replace(microsecond=0), expire)
    _check_order(lifetime)
    if lifetime.expire_at - lifetime.start_at > TEMPORARY_MOST:
        raise InvalidValue(Reason.TEMPORARY_LIFETIME_TOO_LONG)
    if strict:
        _check_strict(lifetime, now, _TEMPORARY_LEAST_STRICT, "1 hour")
    return lifetime


def moved_expiry(code: QRCode, expire: datetime, *, most_days: int) -> Lifetime:
    """The life of a standard code whose end moves; an end in the past ends it. Raises `InvalidValue`."""
    lifetime = Lifetime(code.start_at, expire)
    _check_order(lifetime)
    if expire - code.start_at > timedelta(days=most_days):
        raise InvalidValue(Reason.STANDARD_LIFETIME_TOO_LONG, days=most_days)
    return lifetime


def _after(start: datetime, span: timedelta) -> datetime:
    try:
        return start + span
    except OverflowError:
        raise _invalid("startDateTime is too far in the future.") from None


def _check_order(lifetime: Lifetime) -> None:
    if lifetime.expire_at <= lifetime.start_at:
        raise _invalid("expireDateTime must be later than startDateTime.")


def _check_strict(lifetime: Lifetime, now: datetime, least: timedelta, words: str) -> None:
    if lifetime.expire_at <= now:
        raise _invalid("expireDateTime must be in the future.")
    if lifetime.expire_at - lifetime.start_at < least:
        raise _invalid(f"The code must be valid for at least {words}.")


def _invalid(message: str) -> InvalidValue:
    return InvalidValue(Reason.VALUE_INVALID, message=message)
