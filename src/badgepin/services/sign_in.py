"""Signing in with a badge and a PIN (security design 3.3): look up, prove, charge, check, finish.

Each function is one step over stored state and one transaction; none calls the next.
"""

import hashlib
from dataclasses import dataclass, replace

from badgepin.crypto import badge_key
from badgepin.crypto.badge_key import WeakKey
from badgepin.crypto.challenge import LIFE as CHALLENGE_LIFE
from badgepin.crypto.key_ring import KeyRing
from badgepin.crypto.randomness import new_guid
from badgepin.crypto.row_mac import CodeRow, is_row_intact
from badgepin.domain.caller import Call
from badgepin.domain.ids import canonical_guid
from badgepin.domain.lockout import LockoutRules
from badgepin.domain.sign_in import (
    PROOF_LIFE,
    PROOF_TRIES,
    Badge,
    Denial,
    Denied,
    Preferences,
    ProofKey,
    judge_badge,
)
from badgepin.services.attempt import Attempt, Refusal, call_of, person_of, record_refusal
from badgepin.services.eligibility import judge_person
from badgepin.services.guess import ChargedGuess, Pathway, charge_at_once, charge_guess, settle_wrong_guess
from badgepin.store import sign_in as store
from badgepin.store.charging import SeenPin, find_seen_pin
from badgepin.store.sign_in import FoundBadge, Proof
from badgepin.store.transaction import Transaction

# a key of nobody: an unknown badge costs the same verification as a known one
_NOBODY = badge_key.public_key_of(hashlib.sha256(b"nobody").digest())


@dataclass(frozen=True)
class Proven:
    """A proven badge: whose, and how they like the page."""

    proof_id: str
    display_name: str
    preferences: Preferences


@dataclass(frozen=True)
class Replayed:
    """The challenge was used before."""


def look_up(tx: Transaction, tenant_id: str, qr_code_id: str) -> FoundBadge | None:
    """A badge by the id it names; reads only, because nothing is proven yet."""
    return store.find_badge(tx, tenant_id, canonical_guid(qr_code_id) or "")


def is_proven(found: FoundBadge | None, message: bytes, signature: bytes, ring: KeyRing) -> bool:
    """Whether the badge's own key signed the message, and the badge's row is as we wrote it."""
    public_key = _NOBODY if found is None else found.kept.public_key
    try:
        signed = badge_key.verify(public_key, message, signature)
    except WeakKey:
        return False
    return signed and found is not None and is_intact(found, ring)


def is_intact(found: FoundBadge, ring: KeyRing) -> bool:
    """Whether the code's row carries the MAC of exactly these values."""
    code, kept = found.badge.code, found.kept
    row = CodeRow(
        qr_code_id=code.id,
        user_id=found.badge.holder.id,
        kind=code.kind.value,
        algorithm=kept.algorithm,
        public_key=kept.public_key,
        start_at=code.start_at,
        expire_at=code.expire_at,
        activated_at=code.activated_at,
        revision=kept.revision,
    )
    return is_row_intact(ring, row, kept.mac_key_id, kept.row_mac)


def prove_badge(
    tx: Transaction, attempt: Attempt, qr_code_id: str, challenge_digest: bytes, key: ProofKey
) -> Proven | Refusal | Replayed:
    """Turn a verified signature into a proof for the PIN, once; or say, to who holds the badge, why not."""
    fresh = store.use_nonce(
        tx, attempt.tenant_id, challenge_digest, expires_at=attempt.now + CHALLENGE_LIFE, now=attempt.now
    )
    found = store.find_badge(tx, attempt.tenant_id, qr_code_id)
    if not fresh or found is None:
        return Replayed()
    badge = with_policy(tx, attempt.tenant_id, found)
    denied = judge_badge(badge, now=attempt.now)
    if denied is not None or badge.pin is None:
        return record_refusal(tx, attempt, badge, denied or Denied(Denial.NOT_ALLOWED))
    proof = Proof(new_guid(), badge.holder.id, badge.code.id, badge.pin.version, PROOF_TRIES, attempt.now + PROOF_LIFE)
    store.insert_proof(tx, attempt.tenant_id, proof, key, attempt.now)
    return Proven(proof.id, badge.holder.display_name, found.preferences)


def with_policy(tx: Transaction, tenant_id: str, found: FoundBadge) -> Badge:
    """The badge with the word of directory and policy on its holder."""
    holder = found.badge.holder
    judged = judge_person(tx, tenant_id, found.policy, holder.id, is_enabled=holder.is_enabled)
    return replace(found.badge, holder=replace(holder, eligibility=judged))


@dataclass(frozen=True)
class OpenProof:
    """A proof whose badge still opens, read in this transaction."""

    proof: Proof
    found: FoundBadge
    badge: Badge


@dataclass(frozen=True)
class Gone:
    """No such proof at this browser, or its time is over: scan again."""


def open_proof(
    tx: Transaction, attempt: Attempt, key: ProofKey, *, settling: bool = False, lock: bool = False
) -> OpenProof | Refusal | Gone:
    """The proof a browser shows, judged anew with its badge.

    `settling`: the PIN was right already. `lock`: hold person and code as they are until the transaction ends.
    """
    kept = store.find_proof(tx, attempt.tenant_id, key.handle, key.browser)
    if kept is None or kept[1] != key.request:
        return Gone()
    proof = kept[0]
    found = store.find_badge(tx, attempt.tenant_id, proof.qr_code_id, lock=lock)
    if found is None:
        return Gone()
    badge = with_policy(tx, attempt.tenant_id, found)
    denied = judge_badge(badge, now=attempt.now)
    # its own wait is what the PIN that was just right started; it ends with the refund
    if denied is not None and not (denied.denial is Denial.PIN_LOCKED and settling):
        return record_refusal(tx, attempt, badge, denied)
    if proof.consumed_at is not None or proof.expires_at <= attempt.now or badge.pin is None:
        return Gone()
    if badge.pin.version != proof.pin_version:
        return Gone()
    return OpenProof(proof, found, badge)


@dataclass(frozen=True)
class PinToCheck:
    """A charged guess; it is checked once this is committed."""

    opened: OpenProof
    guess: ChargedGuess


@dataclass(frozen=True)
class Unsettled:
    """Nothing was charged in one statement, whatever the reason: `charge_pin` decides."""


def charge_pin_at_once(
    tx: Transaction, attempt: Attempt, key: ProofKey, rules: LockoutRules
) -> PinToCheck | Refusal | Gone | Unsettled:
    """Charge one guess at the PIN under a proof in one statement (`write_once`): the way nearly every guess takes."""
    seen = _see_pin(tx, attempt, key)
    if not isinstance(seen, _SeenProof):
        return seen
    guess = charge_at_once(tx, seen.call, seen.pin, seen.pathway, rules)
    return Unsettled() if guess is None else PinToCheck(seen.opened, guess)


def charge_pin(tx: Transaction, attempt: Attempt, key: ProofKey, rules: LockoutRules) -> PinToCheck | Refusal | Gone:
    """Charge one guess at the PIN under a proof. Whoever gets anything but `PinToCheck` does not hash."""
    seen = _see_pin(tx, attempt, key)
    if not isinstance(seen, _SeenProof):
        return seen
    guess = charge_guess(tx, seen.call, seen.pin.kept, seen.pathway, rules)
    if guess is None:
        return record_refusal(tx, attempt, seen.opened.badge, Denied(Denial.PIN_LOCKED))
    return PinToCheck(seen.opened, guess)


@dataclass(frozen=True)
class _SeenProof:
    opened: OpenProof
    pin: SeenPin
    call: Call

    @property
    def pathway(self) -> Pathway:
        return Pathway(self.opened.badge.code.id, self.opened.proof.id)


def _see_pin(tx: Transaction, attempt: Attempt, key: ProofKey) -> _SeenProof | Refusal | Gone:
    opened = open_proof(tx, attempt, key)
    if not isinstance(opened, OpenProof):
        return opened
    if opened.proof.tries_left == 0 or opened.proof.pin_proven_at is not None:
        return Gone()
    pin = find_seen_pin(tx, attempt.tenant_id, opened.badge.holder.id)
    if pin is None or pin.kept.version != opened.proof.pin_version:
        return Gone()
    call, _ = call_of(attempt, opened.badge)
    return _SeenProof(opened, pin, call)


def settle_wrong_pin(tx: Transaction, attempt: Attempt, checked: PinToCheck, rules: LockoutRules) -> Refusal:
    """The PIN was wrong: record it, and say how many tries are left before a wait."""
    badge, guess = checked.opened.badge, checked.guess
    call, standing = call_of(attempt, badge)
    spent = settle_wrong_guess(tx, call, standing, person_of(badge.holder), guess.kept.id, rules)
    if spent:
        return record_refusal(tx, attempt, badge, Denied(Denial.PIN_DISABLED))
    if guess.step.locked_until is not None:
        return record_refusal(tx, attempt, badge, Denied(Denial.PIN_LOCKED, guess.step.locked_until))
    before_wait = rules.step - guess.step.failures % rules.step
    return record_refusal(tx, attempt, badge, Denied(Denial.WRONG_PIN), before_wait)
