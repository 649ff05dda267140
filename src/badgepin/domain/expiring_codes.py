"""Standard codes that are about to end: what a store has to print next.

A code that ends in exactly so many days is within them; one that has ended is no longer within anything.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from badgepin.domain.errors import InvalidValue, Reason
from badgepin.domain.filter import Field, Kind
from badgepin.domain.method_policy import MOST_DAYS

EXPIRE_AT = Field("expire_at", Kind.INSTANT)
SPANS = (7, 30, 90)
"""The days that every forecast shows."""

IN_NO_UNIT = "none"
"""Instead of a unit's id: the people who are in none."""


@dataclass(frozen=True)
class UnitForecast:
    """How many standard codes of a unit's people end; `unit_id` None: the people who are in no unit.

    `within` counts for each of `SPANS`, `within_days` for the days asked for; each includes the shorter ones.
    `people` are in the unit, `holders` of them have a standard code; both None for the people in no unit.
    """

    unit_id: str | None
    unit_name: str
    ended: int
    within: tuple[int, ...]
    within_days: int
    people: int | None = None
    holders: int | None = None


@dataclass(frozen=True)
class ExpiringCode:
    """A standard code that ends or has ended, whose it is, and the names of the units they are in."""

    qr_code_id: str
    expire_at: datetime
    user_id: str
    user_principal_name: str
    display_name: str
    account_enabled: bool
    unit_names: tuple[str, ...]


@dataclass(frozen=True)
class WantedCodes:
    """Which codes: ending within so many days, or ended already; of a unit, of `IN_NO_UNIT`, or all (None)."""

    days: int
    has_ended: bool = False
    unit_id: str | None = None

    def window(self, now: datetime) -> tuple[datetime | None, datetime]:
        """Codes ending after the first (None: whenever) and not after the second."""
        return (None, now) if self.has_ended else (now, now + timedelta(days=self.days))


def check_days(days: int) -> int:
    """So many days ahead can be looked. Raises `InvalidValue`."""
    if not 1 <= days <= MOST_DAYS:
        raise InvalidValue(Reason.VALUE_INVALID, message=f"'days' must be 1 to {MOST_DAYS}.")
    return days
