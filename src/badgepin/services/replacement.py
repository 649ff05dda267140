"""A new badge for somebody who still holds the old one: issued, used first, taken back (domain/replacement.py)."""

from collections.abc import Callable
from dataclasses import dataclass

from badgepin.crypto.key_ring import KeyRing
from badgepin.domain.access import MethodAction
from badgepin.domain.audit import AUTHENTICATION_METHODS, Activity, AuditEvent, Category, Operation
from badgepin.domain.caller import Call, Standing
from badgepin.domain.errors import Conflict, NotFound, Reason
from badgepin.domain.qr_code import CodeKind, Lifetime, QRCode
from badgepin.domain.qr_code_pin import Person
from badgepin.domain.replacement import TakenOver, check_room_for_replacement
from badgepin.services.badge import IssuedQRCode, make_qr_code
from badgepin.services.qr_code_pin import (
    Admitted,
    CodeRules,
    WantedLifetime,
    admit,
    code_details,
    event,
    put_qr_code,
    record_issue,
    standard_lifetime,
)
from badgepin.store import audit
from badgepin.store import qr_code_pin as codes
from badgepin.store import replacement as store
from badgepin.store.transaction import Transaction


@dataclass(frozen=True)
class Wanted:
    """What somebody asks for; `overlaps`: the old code works until the new one is first used."""

    lifetime: WantedLifetime
    overlaps: bool = True


@dataclass(frozen=True)
class Replaced:
    """A code was made; `old` is the one it takes over from (None: there was none that worked)."""

    admitted: Admitted
    issued: IssuedQRCode
    old: QRCode | None

    @property
    def is_pending(self) -> bool:
        """Whether the old code still works."""
        return self.issued.code.is_replacement


def replace_standard_qr_code(  # noqa: PLR0913 - what a code is made of
    tx: Transaction,
    call: Call,
    named: str,
    wanted: Callable[[], Wanted],
    rules: CodeRules,
    ring: KeyRing,
    *,
    is_active: bool = True,
) -> Replaced:
    """Issue a new standard code. The old one ends when the new one is first used, or at once.

    Where no old code works, the new one is simply the standard code. `is_active`: as for every new code.
    Raises `NotFound`, `NotPermitted`, `InvalidValue`, and `Conflict` while another new code waits.
    """
    codes.lock_person(tx, call.tenant_id, named)
    admitted = admit(tx, call, named, MethodAction.WRITE, gives=True)
    method = admitted.method
    asked = wanted()
    lifetime = standard_lifetime(asked.lifetime, admitted.view, call, rules)
    check_room_for_replacement(method.replacement_qr_code)
    old = method.standard_qr_code
    if old is not None and not old.is_active(call.now):
        old = None
    if old is not None and asked.overlaps:
        if old.is_replacement:
            # nobody signed in with it before it became the only one: its mark is in the next one's way
            store.lock_codes(tx, call.tenant_id, admitted.person.id)
            store.take_over(tx, call.tenant_id, admitted.person.id, old.id, call.now)
        issued = _put_beside(tx, call, admitted, lifetime, ring, is_active=is_active)
    else:
        issued = put_qr_code(tx, call, admitted, CodeKind.STANDARD, lifetime, ring, is_active=is_active)
    record_issue(tx, call, admitted, issued)
    if old is not None and not asked.overlaps:
        _record(tx, call, admitted.view.standing, admitted.person, TakenOver(issued.code.id, (old.id,)))
    return Replaced(admitted, issued, old)


def _put_beside(
    tx: Transaction, call: Call, admitted: Admitted, lifetime: Lifetime, ring: KeyRing, *, is_active: bool
) -> IssuedQRCode:
    for ended in admitted.method.left_over:
        codes.revoke(tx, call.tenant_id, ended.id, call.now)
    issued, row = make_qr_code(
        call, admitted.person, CodeKind.STANDARD, lifetime, ring, is_active=is_active, is_replacement=True
    )
    if not codes.insert_qr_code(tx, call.tenant_id, admitted.person.id, row):
        raise Conflict(Reason.REPLACEMENT_EXISTS)
    return issued


def revoke_replacement(tx: Transaction, call: Call, named: str) -> None:
    """Take the new code back before it took over; the old one stays. Raises `NotFound`, `NotPermitted`."""
    admitted = admit(tx, call, named, MethodAction.WRITE)
    code = admitted.method.replacement()
    what = event(call, admitted.person, Operation.DELETE, "standard QR code", *code_details(code))
    revoked = store.revocation(tx, call.tenant_id, code.id, call.now)
    if not audit.change_and_append(tx, revoked, call, admitted.view.standing, what):
        raise NotFound(Reason.QR_CODE_NOT_FOUND, kind="replacement")


def complete_replacement(tx: Transaction, call: Call, named: str) -> None:
    """End the old code now; the new one is the standard code.

    Raises `NotFound`, `NotPermitted`, and `Conflict` while the new one waits for the paper of its batch.
    """
    codes.lock_person(tx, call.tenant_id, named)
    admitted = admit(tx, call, named, MethodAction.WRITE)
    code = admitted.method.replacement()
    store.lock_codes(tx, call.tenant_id, admitted.person.id)
    kept = codes.get_kept(tx, call.tenant_id, code.id)
    if kept is not None and kept.activated_at is None:
        raise Conflict(Reason.CHANGED_MEANWHILE, message="The new badge does not work yet: its paper waits.")
    done = store.take_over(tx, call.tenant_id, admitted.person.id, code.id, call.now)
    if done is None:
        raise NotFound(Reason.QR_CODE_NOT_FOUND, kind="replacement")
    _record(tx, call, admitted.view.standing, admitted.person, done)


def take_over_at_sign_in(tx: Transaction, call: Call, standing: Standing, person: Person, qr_code_id: str) -> None:
    """Somebody was let in with this code: if it waited to take over, it does, and the old one ends (decision 0020).

    The codes must be locked, and the session be opened in this transaction.
    """
    done = store.take_over(tx, call.tenant_id, person.id, qr_code_id, call.now)
    if done is not None:
        _record(tx, call, standing, person, done)


def _record(tx: Transaction, call: Call, standing: Standing, person: Person, done: TakenOver) -> None:
    what = AuditEvent(
        activity=Activity.BADGE_TOOK_OVER,
        category=Category.USER_MANAGEMENT,
        operation=Operation.UPDATE,
        target_kind="User",
        target_id=person.id,
        target_name=person.display_name,
        target_user_principal_name=person.user_principal_name,
        service=AUTHENTICATION_METHODS,
        result_reason="New standard QR code took over from the old one",
        details=(("QRCodeId", done.qr_code_id), *(("EndedQRCodeId", each) for each in done.ended)),
    )
    audit.append(tx, call, standing, what)
