"""Whether a proven badge may open a session now.

scanned ──badge proven──▶ proof ──right PIN──▶ signed in
                            │        └─temporary PIN──▶ choosing a new PIN ──▶ signed in
                            └─three wrong PINs, or time over──▶ scan again
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from badgepin.domain.eligibility import Eligibility, MayNotUse, Obstacle
from badgepin.domain.qr_code import CodeKind

PROOF_LIFE = timedelta(seconds=180)
CHANGE_LIFE = timedelta(seconds=300)
PROOF_TRIES = 3


class Denial(StrEnum):
    """Why a sign-in was refused, as the sign-in protocol names it (docs/protocol.md)."""

    BADGE_REFUSED = "badgeRefused"
    NOT_ALLOWED = "notAllowed"
    CODE_REVOKED = "codeRevoked"
    CODE_NOT_ACTIVATED = "codeNotActivated"
    CODE_NOT_YET_ACTIVE = "codeNotYetActive"
    CODE_EXPIRED = "codeExpired"
    PIN_DISABLED = "pinDisabled"
    PIN_EXPIRED = "pinExpired"
    PIN_LOCKED = "pinLocked"
    WRONG_PIN = "wrongPin"
    SCAN_AGAIN = "scanAgain"


@dataclass(frozen=True)
class Preferences:
    """How a person wants the page; `language` None: as the browser asks."""

    language: str | None = None
    text_size: str = "normal"
    contrast: str = "normal"
    sounds: bool = True


@dataclass(frozen=True)
class ProofKey:
    """What a browser shows to use a proof: digests of the handle, its cookie and the request."""

    handle: bytes
    browser: bytes
    request: bytes


@dataclass(frozen=True)
class BadgeCode:
    """The code on a badge with what decides about it; a revoked one is still known."""

    id: str
    kind: CodeKind
    start_at: datetime
    expire_at: datetime
    activated_at: datetime | None
    revoked_at: datetime | None
    is_replacement: bool = False


@dataclass(frozen=True)
class BadgePin:
    """The PIN that goes with a badge; `locked_until` is the wait of this code, `failures` its wrong PINs in a row."""

    id: str
    version: int
    must_change: bool
    expires_at: datetime | None
    disabled_at: datetime | None
    locked_until: datetime | None
    failures: int = 0


@dataclass(frozen=True)
class BadgeHolder:
    """Whose badge it is, and whether directory and policy let them in (None: nobody has looked yet)."""

    id: str
    user_principal_name: str
    display_name: str
    is_enabled: bool
    token_generation: int
    eligibility: Eligibility | None = None


@dataclass(frozen=True)
class Badge:
    """A badge as it stands in one moment."""

    code: BadgeCode
    holder: BadgeHolder
    pin: BadgePin | None


@dataclass(frozen=True)
class Denied:
    """The refusal, from when on trying again makes sense, and for `NOT_ALLOWED` what is in the way."""

    denial: Denial
    retry_at: datetime | None = None
    bar: MayNotUse | None = None


def judge_badge(badge: Badge, *, now: datetime) -> Denied | None:
    """Why this badge opens nothing now, or None when it may go on to the PIN."""
    code, pin = badge.code, badge.pin
    # revoked first: who finds an old badge learns nothing about its holder
    if code.revoked_at is not None:
        return Denied(Denial.CODE_REVOKED)
    eligibility = badge.holder.eligibility
    if eligibility is None or isinstance(eligibility, MayNotUse):
        return Denied(Denial.NOT_ALLOWED, bar=eligibility)
    if pin is None:
        return Denied(Denial.NOT_ALLOWED, bar=MayNotUse(Obstacle.NO_PIN))
    if code.activated_at is None:
        return Denied(Denial.CODE_NOT_ACTIVATED)
    if now < code.start_at:
        return Denied(Denial.CODE_NOT_YET_ACTIVE, code.start_at)
    if now >= code.expire_at:
        return Denied(Denial.CODE_EXPIRED)
    return judge_pin(pin, now=now)


def judge_pin(pin: BadgePin, *, now: datetime) -> Denied | None:
    """Why this PIN cannot be asked for now."""
    if pin.disabled_at is not None:
        return Denied(Denial.PIN_DISABLED)
    if pin.expires_at is not None and now >= pin.expires_at:
        return Denied(Denial.PIN_EXPIRED)
    if pin.locked_until is not None and now < pin.locked_until:
        return Denied(Denial.PIN_LOCKED, pin.locked_until)
    return None
