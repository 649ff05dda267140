"""The key ring that a node works with now; whoever needs a key asks here each time, and keeps none (decision 0023)."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec

from badgepin.crypto.key_ring import FAMILIES, Key, KeyRing
from badgepin.crypto.token import TokenSigner, TokenVerifier

POLL = timedelta(seconds=2)
"""How often a node looks whether the key ring's file has changed."""
_KNOWN_FIRST = 2 * POLL


@dataclass(frozen=True)
class _Moment:
    """The ring between two of its turns, and what is made from it once. `whole`: the ring that it was made from."""

    whole: KeyRing
    begins: datetime
    ends: datetime
    ring: KeyRing
    signer: TokenSigner
    verifier: TokenVerifier


class KeysInUse:
    """Holds the newest ring that was taken. `trouble`: why the file, as it is now, was not taken; None when it was."""

    def __init__(self, ring: KeyRing) -> None:
        self.taken = ring
        self.trouble: str | None = None
        self._ring = ring
        self._moment: _Moment | None = None

    def take(self, ring: KeyRing, now: datetime) -> None:
        """Work with this ring from now on.

        A key that was not known before is used two polls later, where an older one can be used until then: so all
        nodes that share the file know a key before any of them uses it.
        """
        self._ring = _known_first(ring, self._ring, now + _KNOWN_FIRST)
        self.taken = ring

    def at(self, now: datetime) -> KeyRing:
        """The ring as it is used at a moment."""
        return self._at(now).ring

    def signer_at(self, now: datetime) -> TokenSigner:
        """What signs tokens at a moment."""
        return self._at(now).signer

    def verifier_at(self, now: datetime) -> TokenVerifier:
        """What checks tokens at a moment."""
        return self._at(now).verifier

    def _at(self, now: datetime) -> _Moment:
        # PINs are hashed in threads, so another ring may be taken at any point of this
        moment, whole = self._moment, self._ring
        if moment is None or moment.whole is not whole or not moment.begins <= now < moment.ends:
            turns, ring = whole.turns(), whole.at(now)
            begins = max((turn for turn in turns if turn <= now), default=datetime.min.replace(tzinfo=UTC))
            ends = min((turn for turn in turns if turn > now), default=datetime.max.replace(tzinfo=UTC))
            self._moment = moment = _Moment(whole, begins, ends, ring, TokenSigner(ring), TokenVerifier(ring))
        return moment


def _known_first(ring: KeyRing, before: KeyRing, earliest: datetime) -> KeyRing:
    changes: dict[str, tuple[Key, ...]] = {}
    for name in FAMILIES:
        keys: tuple[Key, ...] = getattr(ring, name)
        known = {key.kid for key in getattr(before, name)}
        changes[name] = tuple(
            key if key.kid in known else msgspec.structs.replace(key, active_at=max(key.active_at, earliest))
            for key in keys
        )
    return ring.with_families(changes)
