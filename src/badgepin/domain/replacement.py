"""A badge that takes over from another one: the old works until the new is first used.

            ┌──────── the old one ends in any way ───────┐
            │                                            ▼
issued ──▶ pending ──first granted sign-in, or by hand──▶ the standard code
            ├──revoked──▶ gone, the old one stays
            └──ended unused──▶ gone, the old one stays

A pending code opens like any other. A person has at most one, besides one standard and one temporary code.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from badgepin.domain.errors import Conflict, Reason


class Ending(Protocol):
    """A code, as far as its end goes."""

    @property
    def expire_at(self) -> datetime:
        """When it stops to work."""


C = TypeVar("C", bound=Ending)


@dataclass(frozen=True)
class Arranged(Generic[C]):
    """Which code stands for "the standard code", which waits to take over, and which only fill their rows."""

    current: C | None = None
    pending: C | None = None
    left_over: tuple[C, ...] = ()


def arrange(standard: C | None, replacement: C | None, now: datetime) -> Arranged[C]:
    """What two codes that were not revoked are to each other now.

    The old one is the standard code until it ends; then the new one is, used or not. So whatever opens can be seen,
    ended and deleted as the standard code.
    """
    if standard is None or replacement is None:
        return Arranged(standard or replacement)
    if replacement.expire_at <= now:
        return Arranged(standard, None, (replacement,))
    if standard.expire_at <= now:
        return Arranged(replacement, None, (standard,))
    return Arranged(standard, replacement)


def check_room_for_replacement(pending: object | None) -> None:
    """One new badge at a time: a second one would kill the first in somebody's hands unseen. Raises `Conflict`."""
    if pending is not None:
        raise Conflict(Reason.REPLACEMENT_EXISTS)


@dataclass(frozen=True)
class TakenOver:
    """The new code is the standard one from now on; these ended for it."""

    qr_code_id: str
    ended: Sequence[str]
