"""The one way to check a PIN (security design 4): charged and committed first, hashed then, settled last.

Every pathway comes through here: the sign-in page, and `updatePin` of the API.
"""

from dataclasses import dataclass

from badgepin.domain.audit import AUTHENTICATION_METHODS, Activity, AuditEvent, Category, Operation
from badgepin.domain.caller import Call, Standing
from badgepin.domain.lockout import LockoutRules
from badgepin.domain.qr_code_pin import Person
from badgepin.store import audit, charging
from badgepin.store import pin as store
from badgepin.store import qr_code_pin as methods
from badgepin.store import sign_in as proofs
from badgepin.store.charging import SeenPin
from badgepin.store.pin import KeptPin, Step
from badgepin.store.transaction import Transaction

WITHOUT_QR_CODE = ""
"""The key of a PIN check without a code, such as a change over the API, in the lockout's books."""


@dataclass(frozen=True)
class Pathway:
    """Where a guess comes from: under which code and proof it is charged, and given back."""

    qr_code_id: str
    proof_id: str
    has_proof: bool = True


@dataclass(frozen=True)
class ChargedGuess:
    """A guess that is paid for and may be checked once the charge is committed."""

    kept: KeptPin
    pathway: Pathway
    step: Step
    tries_left: int | None = None


def charge_guess(
    tx: Transaction, call: Call, kept: KeptPin, pathway: Pathway, rules: LockoutRules
) -> ChargedGuess | None:
    """Charge a guess to every budget, or leave everything as it was and answer None: it must not be checked."""
    with tx.begin_nested() as attempt:
        left = proofs.take_try(tx, call.tenant_id, pathway.proof_id, call.now) if pathway.has_proof else None
        step = None
        if left is not None or not pathway.has_proof:
            step = store.charge(
                tx,
                call.tenant_id,
                kept,
                qr_code_id=pathway.qr_code_id,
                proof_id=pathway.proof_id,
                rules=rules,
                now=call.now,
            )
        if step is None:
            attempt.rollback()
            return None
    return ChargedGuess(kept, pathway, step, left)


def charge_at_once(
    tx: Transaction, call: Call, pin: SeenPin, pathway: Pathway, rules: LockoutRules
) -> ChargedGuess | None:
    """The same in one statement, for a pathway with a proof. None refuses nothing: then `charge_guess` decides."""
    taken = charging.charge_at_once(
        tx,
        call.tenant_id,
        pin,
        qr_code_id=pathway.qr_code_id,
        proof_id=pathway.proof_id,
        rules=rules,
        now=call.now,
    )
    return None if taken is None else ChargedGuess(pin.kept, pathway, taken.step, taken.tries_left)


def refund_guess(tx: Transaction, call: Call, pin_id: str, pathway: Pathway) -> None:
    """The guess was right: give back what was charged under the same proof."""
    store.refund(tx, call.tenant_id, pin_id, qr_code_id=pathway.qr_code_id, proof_id=pathway.proof_id, now=call.now)


def settle_wrong_guess(
    tx: Transaction, call: Call, standing: Standing, person: Person, pin_id: str, rules: LockoutRules
) -> bool:
    """The guess was wrong: the charge stays, and the last of the lifetime budget disables PIN and codes.

    Returns whether it did; then the event is recorded.
    """
    if not store.disable_if_spent(tx, call.tenant_id, pin_id, rules, call.now):
        return False
    methods.revoke_all(tx, call.tenant_id, person.id, call.now)
    reason = "PIN and codes disabled: too many wrong PINs"
    audit.append(tx, call, standing, failure(Activity.PIN_DISABLED, person, pin_id, reason))
    return True


def failure(activity: Activity, person: Person, pin_id: str, reason: str) -> AuditEvent:
    """The audit event of a check that went wrong."""
    return AuditEvent(
        activity=activity,
        category=Category.USER_MANAGEMENT,
        operation=Operation.UPDATE,
        target_kind="User",
        target_id=person.id,
        target_name=person.display_name,
        target_user_principal_name=person.user_principal_name,
        service=AUTHENTICATION_METHODS,
        result="failure",
        result_reason=reason,
        details=(("PinId", pin_id),),
    )
