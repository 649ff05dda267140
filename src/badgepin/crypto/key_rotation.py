"""Changing the key ring: a successor for a key, and taking one back (security design 3.5)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from badgepin.crypto.key_ring import (
    KEEP,
    Key,
    KeyRing,
    journal_keys,
    new_audit_key,
    new_backup_key,
    new_signing_key,
    new_symmetric_key,
)

_COPIED = timedelta(hours=1)


class KeyRefused(Exception):
    """This cannot be done to a key; the sentence says why."""


class KeyState(StrEnum):
    """What a key is at a moment."""

    NEXT = "next"
    ACTIVE = "active"
    RETIRED = "retired"


@dataclass(frozen=True)
class Kind:
    """A family of keys: what people call it, its place in the ring, and how its keys are made.

    `ahead`: how long a planned successor is known before it is used, so that every node (and, for tokens, every
    client, which may keep the published set for ten minutes) has it by then. `least`: the shortest that may be.
    """

    name: str
    family: str
    make: Callable[[datetime], Key]
    ahead: timedelta = _COPIED
    least: timedelta = timedelta(0)


KINDS = {
    kind.name: kind
    for kind in (
        Kind("signing", "signing_keys", new_signing_key, timedelta(hours=24), timedelta(minutes=20)),
        Kind("challenge", "challenges", new_symmetric_key),
        Kind("seal", "seals", new_symmetric_key),
        Kind("pepper", "peppers", new_symmetric_key),
        Kind("row-mac", "row_macs", new_symmetric_key),
        Kind("journal", "journals", new_symmetric_key),
        Kind("backup", "backups", new_backup_key),
        Kind("audit", "audit_keys", new_audit_key),
    )
}


@dataclass(frozen=True)
class KeyLife:
    """A key in a list: when its state began and, where that is known, ends. None: when the installation was made."""

    kind: str
    kid: str
    state: KeyState
    since: datetime | None
    until: datetime | None


def plan_rotation(ring: KeyRing, kind: Kind, active_at: datetime, now: datetime) -> KeyRing:
    """A successor that nodes know at once and use from `active_at` on. Raises `KeyRefused`: there is one already."""
    keys = _keys(ring.at(now), kind)
    coming = next((key for key in keys if key.active_at > now), None)
    if coming is not None:
        raise KeyRefused(
            f"{coming.kid} is to be used from {coming.active_at:%Y-%m-%d %H:%M} UTC on: "
            f"wait, or take it back with `badgepin keys remove {coming.kid}`."
        )
    return _with(ring, kind, (kind.make(active_at), *keys))


def rotate_at_once(ring: KeyRing, kind: Kind, now: datetime) -> KeyRing:
    """A successor in use from now on, because the key leaked: older ones are refused, and what they made with them.

    In families whose keys open what is kept (PINs, codes, journals, backups) the older keys stay.
    """
    older = () if kind.family in KEEP else tuple(key for key in _keys(ring.at(now), kind) if key.active_at <= now)
    return _with(ring, kind, (kind.make(now), *older))


def remove_key(ring: KeyRing, kid: str, now: datetime) -> KeyRing:
    """The ring without a key that is not in use. Raises `KeyRefused`."""
    for kind in KINDS.values():
        keys = _keys(ring, kind)
        if kid not in {key.kid for key in keys}:
            continue
        if _keys(ring.at(now), kind)[0].kid == kid:
            raise KeyRefused(f"{kid} is in use: run `badgepin keys rotate {kind.name}` first.")
        return _with(ring, kind, tuple(key for key in keys if key.kid != kid))
    raise KeyRefused(f"There is no key {kid}: `badgepin keys list` shows them.")


def lives(ring: KeyRing, now: datetime) -> list[KeyLife]:
    """Every key that is not gone."""
    return [life for kind in KINDS.values() for life in _lives(kind, _keys(ring.at(now), kind), now)]


def state_of(ring: KeyRing, kid: str, now: datetime) -> KeyState | None:
    """What the key of that name is now; None when it is gone, or never was."""
    return next((life.state for life in lives(ring, now) if life.kid == kid), None)


def _lives(kind: Kind, keys: tuple[Key, ...], now: datetime) -> list[KeyLife]:
    coming = [key for key in keys[1:] if key.active_at > now]
    found = [KeyLife(kind.name, key.kid, KeyState.NEXT, None, key.active_at) for key in coming]
    until = coming[-1].active_at if coming else None
    for place, key in enumerate([key for key in keys if key not in coming]):
        began = key.active_at if key.active_at.timestamp() else None
        if place == 0:
            found.append(KeyLife(kind.name, key.kid, KeyState.ACTIVE, began, until))
        else:
            keep = KEEP.get(kind.family)
            found.append(KeyLife(kind.name, key.kid, KeyState.RETIRED, until, until + keep if keep and until else None))
        until = key.active_at
    return found


def _keys(ring: KeyRing, kind: Kind) -> tuple[Key, ...]:
    # a ring of an older version derives its journal's key
    found: tuple[Key, ...] = journal_keys(ring) if kind.family == "journals" else getattr(ring, kind.family)
    return found


def _with(ring: KeyRing, kind: Kind, keys: tuple[Key, ...]) -> KeyRing:
    return ring.with_families({kind.family: keys})
