"""The QR code + PIN method of one person: two codes and a PIN that live and die apart (graph-contract 6)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from badgepin.domain.access import Target
from badgepin.domain.caller import Standing
from badgepin.domain.errors import Conflict, NotFound, Reason
from badgepin.domain.hands import Hand
from badgepin.domain.qr_code import CodeKind, QRCode


@dataclass(frozen=True)
class Pin:
    """A PIN without its digits; a temporary one must be changed at the next sign-in."""

    id: str
    version: int
    must_change_at_next_sign_in: bool
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True)
class QRCodePinMethod:
    """The method as it stands: expired codes are still there until replaced or deleted.

    `replacement_qr_code` works beside the standard one and takes over from it; `left_over` are codes that ended and
    still fill a row.
    """

    id: str
    created_at: datetime
    pin: Pin
    standard_qr_code: QRCode | None = None
    temporary_qr_code: QRCode | None = None
    replacement_qr_code: QRCode | None = None
    left_over: tuple[QRCode, ...] = ()

    @property
    def qr_codes(self) -> tuple[QRCode, ...]:
        """The codes that exist, the standard one first."""
        held = (self.standard_qr_code, self.temporary_qr_code, self.replacement_qr_code)
        return tuple(code for code in held if code is not None)

    @property
    def last_used_at(self) -> datetime | None:
        """The latest use of any code, None before the first."""
        return max((code.last_used_at for code in self.qr_codes if code.last_used_at), default=None)

    def find_qr_code(self, kind: CodeKind) -> QRCode | None:
        """The code of a kind, if it exists."""
        return self.standard_qr_code if kind is CodeKind.STANDARD else self.temporary_qr_code

    def qr_code(self, kind: CodeKind) -> QRCode:
        """The code of a kind. Raises `NotFound`."""
        code = self.find_qr_code(kind)
        if code is None:
            raise NotFound(Reason.QR_CODE_NOT_FOUND, kind=kind.value)
        return code

    def replacement(self) -> QRCode:
        """The code that waits to take over. Raises `NotFound`."""
        if self.replacement_qr_code is None:
            raise NotFound(Reason.QR_CODE_NOT_FOUND, kind="replacement")
        return self.replacement_qr_code

    def codes_in_the_way(self, kind: CodeKind) -> tuple[QRCode, ...]:
        """What fills the place of a new code of this kind, active or not."""
        code = self.find_qr_code(kind)
        ended = self.left_over if kind is CodeKind.STANDARD else ()
        return ended if code is None else (code, *ended)

    def has_active_qr_code(self, now: datetime) -> bool:
        """Whether the method is active: it has at least one active code."""
        return any(code.is_active(now) for code in self.qr_codes)


@dataclass(frozen=True)
class MethodLimits:
    """What the tenant's policy says about new PINs and standard codes."""

    pin_length: int = 8
    standard_lifetime_days: int = 365


@dataclass(frozen=True)
class Person:
    """Whose method it is. The names are for people to read; the id decides."""

    id: str
    user_principal_name: str
    display_name: str


@dataclass(frozen=True)
class MethodView:
    """Everything one operation on a method needs to decide, read in one statement.

    `in_hand`: what the caller gave this person a short time ago, where that was asked for.
    """

    standing: Standing
    limits: MethodLimits
    person: Person | None
    target: Target | None
    method: QRCodePinMethod | None
    in_hand: frozenset[Hand] = frozenset()


def check_same_start(code: QRCode, start: datetime | None) -> None:
    """An active standard code is edited when the start is the same second or not named; else it is in the way.

    Raises `Conflict` (graph-contract 6.5).
    """
    if start is not None and start != code.start_at.replace(microsecond=0):
        raise Conflict(Reason.STANDARD_QR_CODE_EXISTS)


def check_room_for_method(method: QRCodePinMethod | None, *, now: datetime) -> None:
    """A new method may replace none, or one without an active code. Raises `Conflict`."""
    if method is not None and method.has_active_qr_code(now):
        raise Conflict(Reason.METHOD_EXISTS)


def check_room_for_temporary_qr_code(method: QRCodePinMethod, *, now: datetime) -> None:
    """A temporary code cannot be edited: while one is active there is no room. Raises `Conflict`."""
    if method.temporary_qr_code is not None and method.temporary_qr_code.is_active(now):
        raise Conflict(Reason.TEMPORARY_QR_CODE_EXISTS)


def temporary_pin_expiry(codes: tuple[QRCode, ...], *, now: datetime, days: int) -> datetime:
    """An issued PIN dies so many days after the later of its creation and the start of a code (security design 1.3)."""
    latest = max([now, *(code.start_at for code in codes)])
    try:
        return latest + timedelta(days=days)
    except OverflowError:
        return latest
