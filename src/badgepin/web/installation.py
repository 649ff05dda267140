"""What a node runs on, made once by the composition root and handed to every door."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from badgepin.crypto.key_ring import KeyRing
from badgepin.crypto.keys_in_use import KeysInUse
from badgepin.crypto.pin_hash import PinHasher
from badgepin.crypto.revocation_journal import RevocationJournal
from badgepin.crypto.token import TokenSigner, TokenVerifier
from badgepin.domain.desk import DeskRules
from badgepin.domain.hands import DualControl
from badgepin.domain.lockout import LockoutRules
from badgepin.domain.session import SessionRules
from badgepin.printing.press import Press
from badgepin.services.session import SessionReading
from badgepin.settings import Settings
from badgepin.store.transaction import Database
from badgepin.web.background import Background
from badgepin.web.metrics import Metrics
from badgepin.web.readiness import Readiness
from badgepin.web.refusal_log import RefusalLog


def system_clock() -> datetime:
    """The host's clock, aware and in UTC."""
    return datetime.now(UTC)


@dataclass
class CurrentEpoch:
    """The restore epoch as this node last saw it in the database; challenges of another one do not count."""

    number: int = 0


@dataclass(frozen=True)
class Installation:
    """Settings, database, keys, the PIN hasher and the clock. Tests move the clock; nothing else is ever replaced."""

    settings: Settings
    database: Database
    held: KeysInUse
    hasher: PinHasher
    clock: Callable[[], datetime] = system_clock
    # counted per node, in memory: they protect capacity, never a PIN
    refusals: RefusalLog = field(default_factory=RefusalLog)
    press: Press = field(default_factory=Press)
    metrics: Metrics = field(default_factory=Metrics)
    readiness: Readiness = field(default_factory=Readiness)
    background: Background = field(default_factory=Background)
    # None: nothing is written down, as in tests that need no journal
    journal: RevocationJournal | None = None
    epoch: CurrentEpoch = field(default_factory=CurrentEpoch)

    @property
    def keys(self) -> KeyRing:
        """The key ring now: ask for it at each use, for it changes while the node runs."""
        return self.held.at(self.clock())

    @property
    def tokens(self) -> TokenVerifier:
        """What checks tokens now."""
        return self.held.verifier_at(self.clock())

    @property
    def signer(self) -> TokenSigner:
        """What signs tokens now."""
        return self.held.signer_at(self.clock())

    @property
    def session_reading(self) -> SessionReading:
        """How sessions are judged on this installation."""
        settings = self.settings
        rules = SessionRules(timedelta(minutes=settings.session_idle_minutes), timedelta(hours=settings.session_hours))
        return SessionReading(rules, settings.delete_code_ends_sessions)

    @property
    def desk_rules(self) -> DeskRules:
        """How long sessions of the desk live on this installation."""
        settings = self.settings
        return DeskRules(timedelta(minutes=settings.desk_idle_minutes), timedelta(hours=settings.desk_session_hours))

    @property
    def dual_control(self) -> DualControl:
        """What it leads to here when one hand gives both badge and PIN."""
        settings = self.settings
        return DualControl(settings.dual_control == "block", timedelta(hours=settings.dual_control_hours))

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
