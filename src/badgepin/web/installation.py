"""What a node runs on, made once by the composition root and handed to every door."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from badgepin.crypto.key_ring import KeyRing
from badgepin.crypto.pin_hash import PinHasher
from badgepin.crypto.token import TokenSigner, TokenVerifier
from badgepin.domain.lockout import LockoutRules
from badgepin.domain.session import SessionRules
from badgepin.services.session import SessionReading
from badgepin.settings import Settings
from badgepin.store.transaction import Database
from badgepin.web.refusal_log import RefusalLog


def system_clock() -> datetime:
    """The host's clock, aware and in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Installation:
    """Settings, database, keys, the PIN hasher and the clock. Tests move the clock; nothing else is ever replaced."""

    settings: Settings
    database: Database
    keys: KeyRing
    hasher: PinHasher
    tokens: TokenVerifier
    signer: TokenSigner
    clock: Callable[[], datetime] = system_clock
    # counted per node, in memory: they protect capacity, never a PIN
    refusals: RefusalLog = field(default_factory=RefusalLog)

    @property
    def session_reading(self) -> SessionReading:
        """How sessions are judged on this installation."""
        settings = self.settings
        rules = SessionRules(timedelta(minutes=settings.session_idle_minutes), timedelta(hours=settings.session_hours))
        return SessionReading(rules, settings.delete_code_ends_sessions)

    @property
    def lockout_rules(self) -> LockoutRules:
        """How guesses at a PIN are counted on this installation."""
        settings = self.settings
        first, second, third, later = (timedelta(seconds=wait) for wait in settings.lockout_waits)
        return LockoutRules(
            settings.lockout_step,
            (first, second, third, later),
            settings.lockout_badge_day,
            settings.lockout_pin_day,
            settings.lockout_pin_life,
        )
