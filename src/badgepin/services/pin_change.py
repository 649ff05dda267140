"""Choosing a new PIN in place of a temporary one, as a part of signing in."""

from dataclasses import dataclass

from badgepin.domain.audit import Operation
from badgepin.domain.errors import Conflict, Reason
from badgepin.domain.hashed_pin import HashedPin
from badgepin.domain.pin import Weakness, weaknesses
from badgepin.domain.sign_in import ProofKey
from badgepin.services.attempt import Attempt, Refusal, call_of, person_of
from badgepin.services.pin import NewPin, replace
from badgepin.services.qr_code_pin import event
from badgepin.services.session import Opening, SignedIn, open_session
from badgepin.services.sign_in import Gone, OpenProof, is_intact, open_proof
from badgepin.store import audit, pin, replacement
from badgepin.store import user as users
from badgepin.store.pin import KeptPin
from badgepin.store.transaction import Transaction


@dataclass(frozen=True)
class TooWeak:
    """The new PIN breaks these rules; nothing was changed and nothing was charged."""

    weaknesses: tuple[Weakness, ...]


@dataclass(frozen=True)
class NewPinToHash:
    """A new PIN that passed the rules; it must still differ from `kept`. `takes_over`: the badge waits to do so."""

    new: NewPin
    kept: KeptPin
    takes_over: bool = False


def check_new_pin(
    tx: Transaction, attempt: Attempt, key: ProofKey, digits: str
) -> NewPinToHash | TooWeak | Refusal | Gone:
    """The first look: is somebody to choose a PIN here, and is this one good enough?"""
    opened = open_proof(tx, attempt, key)
    if not isinstance(opened, OpenProof):
        return opened
    holder = opened.badge.holder
    kept = pin.get_pin(tx, attempt.tenant_id, holder.id)
    user = users.find(tx, attempt.tenant_id, holder.id)
    if opened.proof.pin_proven_at is None or kept is None or user is None:
        return Gone()
    known = (holder.user_principal_name, user.employee_id or "", user.mobile_phone or "", *user.business_phones)
    found = weaknesses(digits, minimum=opened.found.policy.pin_length, known=known)
    if found:
        return TooWeak(found)
    new = NewPin(person_of(holder), kept.id, kept.version + 1, digits)
    return NewPinToHash(new, kept, opened.badge.code.is_replacement)


def finish_change(
    tx: Transaction, attempt: Attempt, key: ProofKey, wanted: NewPinToHash, hashed: HashedPin, opening: Opening
) -> SignedIn | Refusal | Gone:
    """Save the new PIN and open the session in one transaction; every other session of the person ends.

    Raises `Conflict` when an administrator reset the PIN between the two looks.
    """
    if wanted.takes_over:
        # before the shared locks: they cannot be made stronger later without waiting in a circle
        replacement.lock_codes(tx, attempt.tenant_id, wanted.new.person.id)
    opened = open_proof(tx, attempt, key, settling=True, lock=True)
    if not isinstance(opened, OpenProof):
        return opened
    if opened.proof.pin_proven_at is None or not is_intact(opened.found, opening.ring):
        return Gone()
    new = wanted.new
    call, standing = call_of(attempt, opened.badge)
    replace(tx, call, new, KeptPin(new.pin_id, new.version, hashed, None), must_change=False)
    what = event(call, new.person, Operation.UPDATE, "PIN of QR code authentication method", ("PinId", new.pin_id))
    audit.append(tx, call, standing, what)
    signed_in = open_session(tx, attempt, opened, new.version, opening.rules)
    if isinstance(signed_in, Gone):
        # the new PIN must not outlive a sign-in that did not happen
        raise Conflict(Reason.CHANGED_MEANWHILE)
    return signed_in
