"""The verbs of the QR code + PIN method: load -> decide -> save -> record.

Every verb reads one `MethodView`, checks in the wire's order (person, role and target, method, values, state),
and leaves exactly one audit event behind.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from badgepin.crypto.key_ring import KeyRing
from badgepin.domain import qr_code, qr_code_pin
from badgepin.domain.access import MethodAction, Refused, Target, may_act_on_methods
from badgepin.domain.audit import AUTHENTICATION_METHODS, Activity, AuditEvent, Category, Operation
from badgepin.domain.caller import Call
from badgepin.domain.errors import Conflict, NotFound, NotPermitted, Reason
from badgepin.domain.hands import Hand
from badgepin.domain.qr_code import CodeKind, Lifetime, QRCode
from badgepin.domain.qr_code_pin import MethodView, Person, QRCodePinMethod
from badgepin.services.badge import IssuedQRCode, make_qr_code, seal_row
from badgepin.services.dual_control import record_given
from badgepin.store import audit, qr_code_change
from badgepin.store import qr_code_pin as store
from badgepin.store.transaction import Transaction


@dataclass(frozen=True)
class WantedLifetime:
    """The dates a client asked for, in whole seconds UTC; None is "not given"."""

    start_at: datetime | None
    expire_at: datetime | None


@dataclass(frozen=True)
class CodeRules:
    """How long a standard code may live on this installation, in days."""

    standard_most_days: int = 395


@dataclass(frozen=True)
class Admitted:
    """A view whose caller may do what it asks, to a person who exists."""

    view: MethodView
    person: Person

    @property
    def method(self) -> QRCodePinMethod:
        """The method. Raises `NotFound`."""
        if self.view.method is None:
            raise NotFound(Reason.METHOD_NOT_FOUND)
        return self.view.method


@dataclass(frozen=True)
class Issued:
    """A code was made: its secret is in `issued`, to be handed out once."""

    admitted: Admitted
    issued: IssuedQRCode


@dataclass(frozen=True)
class Kept:
    """The code stands, perhaps with another end."""

    admitted: Admitted
    code: QRCode


def admit(tx: Transaction, call: Call, named: str, action: MethodAction, *, gives: bool = False) -> Admitted:
    """Read the view and check person, role and target. Raises `NotFound` or `NotPermitted`.

    `gives`: a badge or a PIN is given, so what was given before is read too.
    """
    view = store.view(tx, call, named, gives=gives)
    if view is None:
        raise NotPermitted(Reason.CALLER_UNKNOWN)
    if view.person is None or view.target is None:
        raise NotFound(Reason.USER_NOT_FOUND, user=named)
    check_access(call, view, action, view.target, named)
    return Admitted(view, view.person)


def check_access(call: Call, view: MethodView, action: MethodAction, target: Target, named: str) -> None:
    """Raises `NotPermitted` when the caller may not do this to the person, `NotFound` when they may not know them."""
    decision = may_act_on_methods(
        call.caller, view.standing, action, target, reaches_others=call.reaches_others, strict=call.strict
    )
    if isinstance(decision, Refused):
        raise refusal(decision, named)


def refusal(refused: Refused, named: str) -> NotFound | NotPermitted:
    """A refusal as the error to raise; somebody out of reach is not found, like somebody who does not exist."""
    if refused.reason is Reason.USER_NOT_FOUND:
        return NotFound(refused.reason, user=named)
    return NotPermitted(refused.reason)


def event(call: Call, person: Person, operation: Operation, reason: str, *details: tuple[str, str]) -> AuditEvent:
    """The audit event of a change: by an administrator, or by the person themselves."""
    by_user = call.caller.user_id == person.id
    who = "User" if by_user else "Admin"
    verb = {Operation.ADD: "registered", Operation.UPDATE: "updated", Operation.DELETE: "deleted"}[operation]
    return AuditEvent(
        activity=Activity(f"{who} {verb} security info"),
        category=Category.USER_MANAGEMENT,
        operation=operation,
        target_kind="User",
        target_id=person.id,
        target_name=person.display_name,
        target_user_principal_name=person.user_principal_name,
        service=AUTHENTICATION_METHODS,
        result_reason=f"{who} {verb} {reason} for user",
        details=details,
    )


def read_method(tx: Transaction, call: Call, named: str) -> Admitted:
    """The method of a person, with its codes and PIN but none of their secrets."""
    return admit(tx, call, named, MethodAction.READ)


def delete_qr_code(tx: Transaction, call: Call, named: str, kind: CodeKind, only: str | None = None) -> None:
    """Revoke a code, or remove an expired one. The other code and the PIN stay. Of parallel calls exactly one succeeds.

    With the standard code goes the one that would take over from it: afterwards neither opens anything.
    `only`: that very code, and not one that took its place. One statement reads, one writes: `Database.write_once`
    commits it. Raises `NotFound`.
    """
    admitted = admit(tx, call, named, MethodAction.WRITE)
    method = admitted.method
    held = [code for code in method.qr_codes if code.kind is kind and only in {None, code.id}]
    if not held:
        raise NotFound(Reason.QR_CODE_NOT_FOUND, kind=kind.value)
    code, *others = held
    what = event(
        call,
        admitted.person,
        Operation.DELETE,
        f"{kind.value} QR code",
        ("QRCodeId", code.id),
        ("Kind", kind.value),
        ("ExpireDateTime", code.expire_at.isoformat()),
        *(("QRCodeId", other.id) for other in others),
    )
    if kind is CodeKind.STANDARD and only is None:
        # by person: the new one may be taking over at this very moment
        revoked = store.standard_revocation(tx, call.tenant_id, admitted.person.id, call.now)
    else:
        revoked = store.revocation(tx, call.tenant_id, code.id, call.now)
    if not audit.change_and_append(tx, revoked, call, admitted.view.standing, what):
        raise NotFound(Reason.QR_CODE_NOT_FOUND, kind=kind.value)


def delete_method(tx: Transaction, call: Call, named: str) -> None:
    """Remove both codes and the PIN. Raises `NotFound`."""
    store.lock_person(tx, call.tenant_id, named)
    admitted = admit(tx, call, named, MethodAction.WRITE)
    method = admitted.method
    store.delete_method(tx, call.tenant_id, admitted.person.id, call.now)
    codes = [("QRCodeId", code.id) for code in method.qr_codes]
    what = event(call, admitted.person, Operation.DELETE, "QR code authentication method", *codes)
    audit.append(tx, call, admitted.view.standing, what)


def create_temporary_qr_code(
    tx: Transaction, call: Call, named: str, wanted: Callable[[], WantedLifetime], ring: KeyRing
) -> Issued:
    """Issue a code of up to 12 hours; an expired one makes room. Raises `NotFound`, `InvalidValue`, `Conflict`."""
    store.lock_person(tx, call.tenant_id, named)
    admitted = admit(tx, call, named, MethodAction.WRITE, gives=True)
    method = admitted.method
    asked = wanted()
    lifetime = qr_code.temporary_lifetime(asked.start_at, asked.expire_at, now=call.now, strict=call.strict)
    qr_code_pin.check_room_for_temporary_qr_code(method, now=call.now)
    issued = put_qr_code(tx, call, admitted, CodeKind.TEMPORARY, lifetime, ring)
    record_issue(tx, call, admitted, issued)
    return Issued(admitted, issued)


def patch_standard_qr_code(
    tx: Transaction, call: Call, named: str, wanted: Callable[[], WantedLifetime], rules: CodeRules, ring: KeyRing
) -> Issued | Kept:
    """Issue a standard code, or move the end of the active one: the state decides (graph-contract 6.5)."""
    store.lock_person(tx, call.tenant_id, named)
    admitted = admit(tx, call, named, MethodAction.WRITE, gives=True)
    method = admitted.method
    asked = wanted()
    code = method.standard_qr_code
    if code is not None and code.is_active(call.now):
        if asked.expire_at is None:
            qr_code_pin.check_same_start(code, asked.start_at)
            return Kept(admitted, code)
        lifetime = qr_code.moved_expiry(code, asked.expire_at, most_days=rules.standard_most_days)
        qr_code_pin.check_same_start(code, asked.start_at)
        return Kept(admitted, _move_expiry(tx, call, admitted, code, lifetime, ring))
    lifetime = standard_lifetime(asked, admitted.view, call, rules)
    issued = put_qr_code(tx, call, admitted, CodeKind.STANDARD, lifetime, ring)
    record_issue(tx, call, admitted, issued)
    return Issued(admitted, issued)


def put_qr_code(  # noqa: PLR0913 - what a code is made of
    tx: Transaction,
    call: Call,
    admitted: Admitted,
    kind: CodeKind,
    lifetime: Lifetime,
    ring: KeyRing,
    *,
    is_active: bool = True,
) -> IssuedQRCode:
    """Insert a code; what is in its place is revoked first. Raises `Conflict` when another is faster."""
    for old in admitted.view.method.codes_in_the_way(kind) if admitted.view.method else ():
        store.revoke(tx, call.tenant_id, old.id, call.now)
    issued, row = make_qr_code(call, admitted.person, kind, lifetime, ring, is_active=is_active)
    if not store.insert_qr_code(tx, call.tenant_id, admitted.person.id, row):
        raise Conflict(Reason.STANDARD_QR_CODE_EXISTS if kind is CodeKind.STANDARD else Reason.TEMPORARY_QR_CODE_EXISTS)
    return issued


def record_issue(tx: Transaction, call: Call, admitted: Admitted, issued: IssuedQRCode) -> None:
    """Record a new code, and the alert when its giver set the PIN too. Raises `NotPermitted` (dual control).

    `admitted` must have been read with `gives`.
    """
    code = issued.code
    what = event(call, admitted.person, Operation.ADD, f"{code.kind.value} QR code", *code_details(code))
    record_given(tx, call, admitted.view, admitted.person, what, Hand.BADGE)


def code_details(code: QRCode) -> tuple[tuple[str, str], ...]:
    """What the audit log says of a code."""
    return (
        ("QRCodeId", code.id),
        ("Kind", code.kind.value),
        ("StartDateTime", code.start_at.isoformat()),
        ("ExpireDateTime", code.expire_at.isoformat()),
    )


def standard_lifetime(asked: WantedLifetime, view: MethodView, call: Call, rules: CodeRules) -> Lifetime:
    """The life of a new standard code under policy and installation. Raises `InvalidValue`."""
    return qr_code.standard_lifetime(
        asked.start_at,
        asked.expire_at,
        now=call.now,
        default_days=min(view.limits.standard_lifetime_days, rules.standard_most_days),
        most_days=rules.standard_most_days,
        strict=call.strict,
    )


def _move_expiry(
    tx: Transaction, call: Call, admitted: Admitted, code: QRCode, lifetime: Lifetime, ring: KeyRing
) -> QRCode:
    kept = store.get_kept(tx, call.tenant_id, code.id)
    if kept is None:
        raise Conflict(Reason.CHANGED_MEANWHILE, message="The code was revoked meanwhile.")
    revision = kept.revision + 1
    mac = seal_row(ring, admitted.person.id, code.id, code.kind, replace(kept, revision=revision), lifetime)
    change = qr_code_change.expiry_move(tx, call.tenant_id, code.id, lifetime, revision=revision, mac=mac, now=call.now)
    details = (("QRCodeId", code.id), ("Kind", code.kind.value))
    what = event(call, admitted.person, Operation.UPDATE, f"{code.kind.value} QR code", *details)
    if not audit.change_and_append(tx, change, call, admitted.view.standing, what):
        raise Conflict(Reason.CHANGED_MEANWHILE, message="The code was revoked meanwhile.")
    return replace(code, expire_at=lifetime.expire_at)
