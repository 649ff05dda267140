"""What a node runs on, made once by the composition root and handed to every door."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from badgepin.crypto.key_ring import KeyRing
from badgepin.crypto.pin_hash import PinHasher
from badgepin.crypto.token import TokenSigner, TokenVerifier
from badgepin.settings import Settings
from badgepin.store.transaction import Database


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
