"""A person as the desk sees them: which badge they hold, how it stands, and whether they are locked out."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from badgepin.domain.access import Target
from badgepin.domain.errors import InvalidValue, Reason

SOON = timedelta(days=30)
"""A badge that ends within this time is worth a new one."""


class BadgeState(StrEnum):
    """How a person's standard badge stands."""

    NONE = "none"
    EXPIRED = "expired"
    NOT_ACTIVATED = "notActivated"
    NOT_YET_ACTIVE = "notYetActive"
    EXPIRES_SOON = "expiresSoon"
    ACTIVE = "active"


class PinState(StrEnum):
    """How a person's PIN stands."""

    NONE = "none"
    DISABLED = "disabled"
    LOCKED = "locked"
    EXPIRED = "expired"
    TEMPORARY = "temporary"
    CHOSEN = "chosen"


class DeskFilter(StrEnum):
    """Whom a manager looks for."""

    NO_BADGE = "noBadge"
    EXPIRES_SOON = "expiresSoon"
    LOCKED = "locked"
    TEMPORARY = "temporary"


@dataclass(frozen=True)
class HeldCode:
    """A code that was not revoked."""

    id: str
    created_at: datetime
    start_at: datetime
    expire_at: datetime
    activated_at: datetime | None
    last_used_at: datetime | None

    def state(self, now: datetime) -> BadgeState:
        """How the code stands."""
        if now >= self.expire_at:
            return BadgeState.EXPIRED
        if self.activated_at is None:
            return BadgeState.NOT_ACTIVATED
        if now < self.start_at:
            return BadgeState.NOT_YET_ACTIVE
        return BadgeState.EXPIRES_SOON if self.expire_at - now <= SOON else BadgeState.ACTIVE


@dataclass(frozen=True)
class HeldPin:
    """A PIN; `locked_until`: the longest wait in force, `day_is_used`: no guess is left until the day has room."""

    must_change: bool
    expires_at: datetime | None
    disabled_at: datetime | None
    locked_until: datetime | None
    day_is_used: bool

    def state(self, now: datetime) -> PinState:
        """How the PIN stands: what hinders most comes first."""
        if self.disabled_at is not None:
            return PinState.DISABLED
        if self.expires_at is not None and now >= self.expires_at:
            return PinState.EXPIRED
        if self.day_is_used or (self.locked_until is not None and now < self.locked_until):
            return PinState.LOCKED
        return PinState.TEMPORARY if self.must_change else PinState.CHOSEN


@dataclass(frozen=True)
class PersonsUnit:
    """A unit that a person is in."""

    id: str
    name: str


@dataclass(frozen=True)
class DeskPerson:
    """A person with what they hold; `target` is what decides who may act on them."""

    id: str
    user_principal_name: str
    display_name: str
    job_title: str | None
    employee_id: str | None
    account_enabled: bool
    units: tuple[PersonsUnit, ...]
    target: Target
    standard_qr_code: HeldCode | None
    temporary_qr_code: HeldCode | None
    pin: HeldPin | None
    replacement_qr_code: HeldCode | None = None

    def badge_state(self, now: datetime) -> BadgeState:
        """How the standard badge stands."""
        return self.standard_qr_code.state(now) if self.standard_qr_code else BadgeState.NONE

    def pin_state(self, now: datetime) -> PinState:
        """How the PIN stands."""
        return self.pin.state(now) if self.pin else PinState.NONE


@dataclass(frozen=True)
class WantedPeople:
    """Whom a list shows: of one unit or of all in reach, in which state, and in which group."""

    unit_id: str | None = None
    state: DeskFilter | None = None
    group_id: str | None = None


def read_filter(name: str) -> DeskFilter:
    """The filter of a name. Raises `InvalidValue` with those there are."""
    try:
        return DeskFilter(name)
    except ValueError:
        known = ", ".join(DeskFilter)
        message = f"There is no state '{name[:40]}'; there is {known}."
        raise InvalidValue(Reason.VALUE_INVALID, message=message) from None
