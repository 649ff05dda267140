"""Counting guesses (security design 4): every guess is charged before it is checked.

open ──`step` failures in a row──▶ waiting ──wait over──▶ open
open ──day budget of the code or of the PIN used──▶ waiting until the day has room
any  ──lifetime budget used──▶ disabled, until the PIN is issued anew
"""

from dataclasses import dataclass
from datetime import timedelta

DAY = timedelta(hours=24)


@dataclass(frozen=True)
class LockoutRules:
    """The budgets; ranges are checked by the settings."""

    step: int = 5
    waits: tuple[timedelta, timedelta, timedelta, timedelta] = (
        timedelta(minutes=1),
        timedelta(minutes=5),
        timedelta(minutes=15),
        timedelta(minutes=60),
    )
    badge_day: int = 10
    pin_day: int = 20
    pin_life: int = 50

    def wait_after(self, failures: int) -> timedelta | None:
        """How long a code waits after this many failures in a row, None when it does not."""
        if failures % self.step:
            return None
        return self.waits[min(failures // self.step, len(self.waits)) - 1]
