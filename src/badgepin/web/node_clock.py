"""What time it is for a node: the database's time where several nodes share one, the host's where there is one node.

Between two answers of the database the node carries its time on with a clock that nobody sets; so neither a host whose
clock is wrong, nor one whose clock jumps, decides about expiry, locks or tokens (security design 4.2, threat 35).
"""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from badgepin.services.health import database_clock
from badgepin.store.transaction import Database, StoreUnavailable

log = logging.getLogger(__name__)

EVERY = 2.0
"""Seconds between two questions."""
_MOST_WAY = 0.25
_STALE = 60.0
_MOST_DRIFT = timedelta(seconds=2)


def host_clock() -> datetime:
    """The host's clock, aware and in UTC."""
    return datetime.now(UTC)


def steady_clock() -> float:
    """Seconds that no one sets; they go on while the host sleeps, where its kernel can tell."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


@dataclass(frozen=True)
class _Heard:
    time: datetime
    at: float


class NodeClock:
    """Tells the time; that of its `host` until a database has told its own."""

    def __init__(self, host: Callable[[], datetime] = host_clock, steady: Callable[[], float] = steady_clock) -> None:
        self.host, self._steady = host, steady
        self._heard: _Heard | None = None
        self._is_off = False

    def __call__(self) -> datetime:
        """The time now."""
        heard = self._heard
        return self.host() if heard is None else heard.time + timedelta(seconds=self._steady() - heard.at)

    async def ask(self, database: Database) -> None:
        """Hear the database's time, right to half of the answer's way. Raises `StoreUnavailable`."""
        before = self._steady()
        theirs = await database.read(database_clock)
        after = self._steady()
        if theirs is not None:
            self.hear(theirs, before, after)

    def hear(self, theirs: datetime, before: float, after: float) -> None:
        """Take a time that was told between two moments of the steady clock.

        One that was long on its way counts only where nothing better was heard for a minute.
        """
        heard = self._heard
        if heard is None or after - before <= _MOST_WAY or after - heard.at > _STALE:
            self._heard = _Heard(theirs, (before + after) / 2)
        is_off = abs(self.host() - self()) > _MOST_DRIFT
        if is_off and not self._is_off:
            log.warning("This host's clock and the database's differ by more than 2 seconds; the database's counts.")
        self._is_off = is_off


async def follow(clock: NodeClock, database: Database) -> None:
    """Ask again and again, until cancelled. A database that is away changes nothing."""
    while True:
        await asyncio.sleep(EVERY)
        try:
            await clock.ask(database)
        except StoreUnavailable:
            log.debug("The clock goes on by itself until the database is back.")
