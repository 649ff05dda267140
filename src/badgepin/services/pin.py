"""Giving a person a PIN, and letting them change it.

A PIN is hashed between two looks at the database: the first refuses what can be refused, so that nobody without
the right makes us hash; the second decides again and saves (docs/decisions/0007).
A guess is charged and committed before it is checked (security design 4).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from dataclasses import replace as replace_event
from datetime import timedelta

from badgepin.crypto.key_ring import KeyRing
from badgepin.crypto.randomness import new_guid, random_digits
from badgepin.domain import qr_code_pin
from badgepin.domain.access import MethodAction
from badgepin.domain.audit import Activity, Operation
from badgepin.domain.caller import Call
from badgepin.domain.errors import Conflict, NotFound, NotPermitted, Reason
from badgepin.domain.hands import Hand
from badgepin.domain.hashed_pin import HashedPin
from badgepin.domain.lockout import LockoutRules
from badgepin.domain.pin import generate_pin
from badgepin.domain.qr_code import CodeKind, Lifetime
from badgepin.domain.qr_code_pin import MethodLimits, Person
from badgepin.services.badge import IssuedQRCode
from badgepin.services.dual_control import check_hands, record_given, record_unlock
from badgepin.services.guess import (
    WITHOUT_QR_CODE,
    ChargedGuess,
    Pathway,
    charge_guess,
    failure,
    refund_guess,
    settle_wrong_guess,
)
from badgepin.services.qr_code_pin import (
    Admitted,
    CodeRules,
    WantedLifetime,
    admit,
    code_details,
    event,
    put_qr_code,
    standard_lifetime,
)
from badgepin.store import audit
from badgepin.store import pin as store
from badgepin.store import qr_code_pin as methods
from badgepin.store import session as sessions
from badgepin.store.pin import KeptPin
from badgepin.store.transaction import Transaction


@dataclass(frozen=True)
class NewPin:
    """Digits that passed the rules and may become somebody's PIN: clear, in memory only."""

    person: Person
    pin_id: str
    version: int
    digits: str = field(repr=False)


@dataclass(frozen=True)
class WantedMethod:
    """What a PUT asks for; `digits` are given or generated and passed the rules."""

    standard_qr_code: WantedLifetime
    digits: str = field(repr=False)


@dataclass(frozen=True)
class NewMethod:
    """A method that may be created, and the PIN to hash for it."""

    pin: NewPin
    lifetime: Lifetime


def generate(length: int) -> str:
    """A random PIN that passes every rule."""
    return generate_pin(length, random_digits)


def check_new_method(
    tx: Transaction, call: Call, named: str, wanted: Callable[[MethodLimits], WantedMethod], rules: CodeRules
) -> NewMethod:
    """The first look of a PUT: refuse what can be. Raises `NotFound`, `NotPermitted`, `InvalidValue`, `Conflict`."""
    admitted = admit(tx, call, named, MethodAction.WRITE, gives=True)
    asked = wanted(admitted.view.limits)
    lifetime = standard_lifetime(asked.standard_qr_code, admitted.view, call, rules)
    qr_code_pin.check_room_for_method(admitted.view.method, now=call.now)
    check_hands(call, admitted.view, admitted.person, Hand.BADGE, Hand.PIN)
    return NewMethod(NewPin(admitted.person, new_guid(), 1, asked.digits), lifetime)


def create_method(  # noqa: PLR0913 - what a method is made of
    tx: Transaction,
    call: Call,
    new: NewMethod,
    hashed: HashedPin,
    temporary_days: int,
    ring: KeyRing,
    *,
    is_active: bool = True,
) -> tuple[Admitted, IssuedQRCode]:
    """The second look of a PUT: decide again, replace a method without active code, save. Raises as the first."""
    person = new.pin.person
    methods.lock_person(tx, call.tenant_id, person.id)
    admitted = admit(tx, call, person.id, MethodAction.WRITE, gives=True)
    qr_code_pin.check_room_for_method(admitted.view.method, now=call.now)
    if admitted.view.method is not None:
        # a moment earlier: whoever repeats that end must not hit what is made here
        methods.delete_method(tx, call.tenant_id, person.id, call.now - timedelta(microseconds=1))
    methods.insert_method(tx, call.tenant_id, person.id, new_guid(), call.now)
    issued = put_qr_code(tx, call, admitted, CodeKind.STANDARD, new.lifetime, ring, is_active=is_active)
    expires_at = qr_code_pin.temporary_pin_expiry((issued.code,), now=call.now, days=temporary_days)
    kept = KeptPin(new.pin.pin_id, new.pin.version, hashed, expires_at)
    store.insert_pin(tx, call.tenant_id, person.id, kept, length=len(new.pin.digits), now=call.now)
    what = event(
        call, person, Operation.ADD, "QR code authentication method", *code_details(issued.code), ("PinId", kept.id)
    )
    record_given(tx, call, admitted.view, person, what, Hand.BADGE, Hand.PIN)
    return admit(tx, call, person.id, MethodAction.WRITE), issued


def check_reset(tx: Transaction, call: Call, named: str, check_body: Callable[[], object]) -> NewPin:
    """The first look of a PIN reset: a generated PIN for the next version.

    `check_body` raises `InvalidValue` for a body that cannot be read; what it says is ignored.
    Raises `NotFound`, `NotPermitted`.
    """
    admitted = admit(tx, call, named, MethodAction.WRITE, gives=True)
    pin = admitted.method.pin
    check_body()
    check_hands(call, admitted.view, admitted.person, Hand.PIN)
    return NewPin(admitted.person, pin.id, pin.version + 1, generate(admitted.view.limits.pin_length))


def reset_pin(tx: Transaction, call: Call, new: NewPin, hashed: HashedPin, temporary_days: int) -> Admitted:
    """The second look of a reset: the new PIN is temporary, and every wait and budget starts anew."""
    methods.lock_person(tx, call.tenant_id, new.person.id)
    admitted = admit(tx, call, new.person.id, MethodAction.WRITE, gives=True)
    codes = admitted.method.qr_codes
    expires_at = qr_code_pin.temporary_pin_expiry(codes, now=call.now, days=temporary_days)
    replace(tx, call, new, KeptPin(new.pin_id, new.version, hashed, expires_at), must_change=True)
    store.clear_failures(tx, call.tenant_id, new.pin_id, call.now)
    what = event(call, new.person, Operation.UPDATE, "PIN of QR code authentication method", ("PinId", new.pin_id))
    record_given(tx, call, admitted.view, new.person, what, Hand.PIN)
    return admit(tx, call, new.person.id, MethodAction.WRITE)


def replace(tx: Transaction, call: Call, new: NewPin, kept: KeptPin, *, must_change: bool) -> None:
    """Give a PIN its new digits. Raises `Conflict` when somebody else did meanwhile."""
    length = len(new.digits)
    if not store.replace_pin(
        tx, call.tenant_id, new.person.id, kept, length=length, must_change=must_change, now=call.now
    ):
        raise Conflict(Reason.CHANGED_MEANWHILE, message="The PIN was changed meanwhile. Try again.")


def unlock_pin(tx: Transaction, call: Call, named: str, reason: Callable[[], str]) -> None:
    """Let somebody who is locked out try again now (security design 4.5); never oneself.

    Waits and the day's ledger are cleared, the lifetime budget is not. Raises `NotFound`, `NotPermitted`, `Conflict`.
    """
    methods.lock_person(tx, call.tenant_id, named)
    admitted = admit(tx, call, named, MethodAction.WRITE)
    person, pin = admitted.person, admitted.method.pin
    if call.caller.user_id == person.id:
        raise NotPermitted(Reason.OTHER_PERSON)
    words = reason()
    if store.is_disabled(tx, call.tenant_id, pin.id):
        raise Conflict(Reason.CHANGED_MEANWHILE, message="The PIN is disabled: reset it and issue a new code.")
    store.clear_failures(tx, call.tenant_id, pin.id, call.now)
    what = replace_event(
        event(call, person, Operation.UPDATE, "PIN of QR code authentication method", ("PinId", pin.id)),
        activity=Activity.UNLOCK_PIN,
        result_reason=words or "Admin unlocked PIN of QR code authentication method for user",
    )
    record_unlock(tx, call, admitted.view, person, what)


@dataclass(frozen=True)
class Charged:
    """A guess that is paid for and may be checked, and the PIN that follows when it is right."""

    new: NewPin
    guess: ChargedGuess


@dataclass(frozen=True)
class Locked:
    """Some budget is used up: the guess is not checked."""


@dataclass(frozen=True)
class Changed:
    """The PIN is the new one now."""


@dataclass(frozen=True)
class Incorrect:
    """The guess was wrong; the charge stays."""


def charge_change(
    tx: Transaction, call: Call, named: str, wanted: Callable[[MethodLimits, Person], str], rules: LockoutRules
) -> Charged | Locked:
    """The first step of updatePin: check the new digits (a slip costs no attempt), then charge the guess.

    `wanted` reads the body and answers the new digits. Raises `NotFound`, `NotPermitted`, `InvalidValue`.
    """
    admitted = admit(tx, call, named, MethodAction.CHANGE_PIN)
    pin = admitted.method.pin
    digits = wanted(admitted.view.limits, admitted.person)
    kept = store.get_pin(tx, call.tenant_id, admitted.person.id)
    if kept is None:
        raise NotFound(Reason.METHOD_NOT_FOUND)
    if kept.expires_at is not None and kept.expires_at <= call.now:
        return Locked()
    guess = charge_guess(tx, call, kept, Pathway(WITHOUT_QR_CODE, new_guid(), has_proof=False), rules)
    if guess is None:
        return Locked()
    return Charged(NewPin(admitted.person, pin.id, kept.version + 1, digits), guess)


def finish_change(
    tx: Transaction, call: Call, charged: Charged, hashed: HashedPin | None, rules: LockoutRules
) -> Changed | Incorrect:
    """The last step of updatePin: `hashed` is the new PIN's hash when the guess was right, None when it was wrong."""
    new = charged.new
    methods.lock_person(tx, call.tenant_id, new.person.id)
    admitted = admit(tx, call, new.person.id, MethodAction.CHANGE_PIN)
    if hashed is None:
        _record_failure(tx, call, admitted, charged, rules)
        return Incorrect()
    refund_guess(tx, call, new.pin_id, charged.guess.pathway)
    replace(tx, call, new, KeptPin(new.pin_id, new.version, hashed, None), must_change=False)
    if call.caller.grant_id is not None:
        sessions.keep_through_pin_change(tx, call.tenant_id, call.caller.grant_id, new.version)
    what = event(call, new.person, Operation.UPDATE, "PIN of QR code authentication method", ("PinId", new.pin_id))
    audit.append(tx, call, admitted.view.standing, what)
    return Changed()


def _record_failure(tx: Transaction, call: Call, admitted: Admitted, charged: Charged, rules: LockoutRules) -> None:
    standing, person, pin_id = admitted.view.standing, admitted.person, charged.guess.kept.id
    if not settle_wrong_guess(tx, call, standing, person, pin_id, rules):
        audit.append(tx, call, standing, failure(Activity.PIN_CHECK_FAILED, person, pin_id, "Wrong current PIN"))
