"""Issuing codes and PINs outside of a door: two looks at the database with the PIN's hash between them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from badgepin.crypto.pin_hash import PinRow
from badgepin.domain.caller import Call
from badgepin.domain.errors import Conflict, Reason
from badgepin.domain.hashed_pin import HashedPin
from badgepin.domain.qr_code import QRCode
from badgepin.domain.qr_code_pin import MethodLimits
from badgepin.services import pin as pins
from badgepin.services import qr_code_pin as codes
from badgepin.services import replacement
from badgepin.services.badge import PrintedQRCode, print_qr_code
from badgepin.services.pin import NewPin, WantedMethod
from badgepin.services.qr_code_pin import CodeRules, Issued, Kept, WantedLifetime
from badgepin.services.replacement import Replaced, Wanted
from badgepin.web.installation import Installation

NewCall = Callable[[], Call]
NOT_GIVEN = WantedLifetime(None, None)


@dataclass(frozen=True)
class Badge:
    """A code just made, as text and picture, and the PIN that came with it (empty: it keeps the one it has)."""

    code: QRCode
    printed: PrintedQRCode = field(repr=False)
    pin: str = field(default="", repr=False)


async def issue_standard(
    installation: Installation, new_call: NewCall, named: str, lifetime: WantedLifetime = NOT_GIVEN
) -> Badge:
    """A standard code, with a temporary PIN where there is none. Raises `NotFound`, `InvalidValue`, `Conflict`."""
    call = new_call()
    admitted = await installation.database.read(lambda tx: codes.read_method(tx, call, named))
    method = admitted.view.method
    if method is None:
        return await _create_method(installation, new_call, named, lifetime)
    code = method.standard_qr_code
    if code is not None and code.is_active(call.now):
        raise Conflict(Reason.STANDARD_QR_CODE_EXISTS)
    result = await installation.database.write(
        lambda tx: codes.patch_standard_qr_code(
            tx, call, named, lambda: lifetime, _rules(installation), installation.keys
        )
    )
    if isinstance(result, Kept):
        raise Conflict(Reason.STANDARD_QR_CODE_EXISTS)
    return _badge(installation, result)


async def issue_temporary(installation: Installation, new_call: NewCall, named: str, expire_at: datetime) -> Badge:
    """A temporary code from now on, next to the PIN that is there. Raises `NotFound`, `InvalidValue`, `Conflict`."""
    call, lifetime = new_call(), WantedLifetime(None, expire_at)
    issued = await installation.database.write(
        lambda tx: codes.create_temporary_qr_code(tx, call, named, lambda: lifetime, installation.keys)
    )
    return _badge(installation, issued)


async def replace_standard(
    installation: Installation, new_call: NewCall, named: str, wanted: Wanted
) -> tuple[Badge, Replaced]:
    """A new standard code that takes over from the old one. Raises `NotFound`, `InvalidValue`, `Conflict`."""
    call = new_call()
    done = await installation.database.write(
        lambda tx: replacement.replace_standard_qr_code(
            tx, call, named, lambda: wanted, _rules(installation), installation.keys
        )
    )
    return _badge(installation, Issued(done.admitted, done.issued)), done


async def reset_pin(installation: Installation, new_call: NewCall, named: str) -> str:
    """A fresh temporary PIN, in digits. Raises `NotFound`."""
    call, days = new_call(), installation.settings.temporary_pin_days
    new = await installation.database.read(lambda tx: pins.check_reset(tx, call, named, lambda: None))
    hashed = await _hash(installation, new)
    await installation.database.write(lambda tx: pins.reset_pin(tx, call, new, hashed, days))
    return new.digits


async def _create_method(installation: Installation, new_call: NewCall, named: str, lifetime: WantedLifetime) -> Badge:
    call, days = new_call(), installation.settings.temporary_pin_days

    def wanted(limits: MethodLimits) -> WantedMethod:
        return WantedMethod(lifetime, pins.generate(limits.pin_length))

    new = await installation.database.read(
        lambda tx: pins.check_new_method(tx, call, named, wanted, _rules(installation))
    )
    hashed = await _hash(installation, new.pin)
    admitted, issued = await installation.database.write(
        lambda tx: pins.create_method(tx, call, new, hashed, days, installation.keys)
    )
    return _badge(installation, Issued(admitted, issued), new.pin.digits)


async def _hash(installation: Installation, new: NewPin) -> HashedPin:
    async with installation.hasher.slot() as slot:
        return await slot.hash(new.digits, PinRow(new.person.id, new.pin_id, new.version))


def _badge(installation: Installation, issued: Issued, pin: str = "") -> Badge:
    return Badge(issued.issued.code, print_qr_code(issued.issued, installation.settings.payload), pin)


def _rules(installation: Installation) -> CodeRules:
    return CodeRules(installation.settings.standard_max_days)
