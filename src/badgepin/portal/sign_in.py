"""What the sign-in page asks for, step by step (docs/protocol.md); each step is one function over stored state."""

import base64
import binascii
import logging
import secrets

from badgepin.crypto.challenge import (
    LIFE,
    Context,
    digest_of,
    is_challenge_good,
    message_to_sign,
    new_challenge,
)
from badgepin.crypto.pin_hash import HasherBusy, PepperMissing, PinRow
from badgepin.domain.errors import Conflict
from badgepin.domain.ids import canonical_guid
from badgepin.domain.pin import LONGEST, SHORTEST, Weakness
from badgepin.domain.sign_in import PROOF_LIFE, PROOF_TRIES, Denial, ProofKey
from badgepin.portal.preferences import preferences_json, read_preferences
from badgepin.portal.step import Json, Step, StepAnswer, busy, refuse, refuse_unproven, scan_again
from badgepin.portal.words import sentence
from badgepin.services import pin_change, sign_in
from badgepin.services import session as sessions
from badgepin.services.attempt import Refusal, new_handle
from badgepin.services.pin_change import NewPinToHash, TooWeak
from badgepin.services.session import MustChange, Opening, SignedIn
from badgepin.services.sign_in import Gone, PinToCheck, Proven, Replayed, Unsettled
from badgepin.store.transaction import Transaction
from badgepin.web.installation import Installation

log = logging.getLogger(__name__)

_SIGNATURE = 64


async def give_challenge(installation: Installation, step: Step) -> StepAnswer:
    """A challenge for a badge at this browser; nothing is written."""
    challenge = new_challenge(
        installation.keys, Context(step.browser, step.sealed), epoch=installation.epoch.number, now=step.attempt.now
    )
    return StepAnswer(200, {"challenge": challenge, "expires_in": int(LIFE.total_seconds())})


async def take_proof(installation: Installation, step: Step) -> StepAnswer:
    """A signed challenge becomes a proof. Until the signature is verified, every refusal is the same one."""
    challenge, qr_id = step.text("challenge"), step.text("qr_id", 36)
    signature = _base64url(step.text("signature", 128))
    found = await installation.database.read(lambda tx: sign_in.look_up(tx, step.tenant.id, qr_id))
    message = message_to_sign(installation.settings.base_url, challenge, canonical_guid(qr_id) or "")
    # verified first and in any case: neither an unknown badge nor a stale challenge answers faster
    proven = sign_in.is_proven(found, message, signature, installation.keys)
    context = Context(step.browser, step.sealed)
    if not is_challenge_good(
        installation.keys, challenge, context, epoch=installation.epoch.number, now=step.attempt.now
    ):
        return refuse_unproven(installation, step, "challenge not for this page, or too old")
    if found is None or not proven:
        return refuse_unproven(installation, step, "unknown badge" if found is None else "signature wrong")
    handle = secrets.token_urlsafe(32)
    key = _key(step, handle)
    outcome = await installation.database.write(
        lambda tx: sign_in.prove_badge(tx, step.attempt, found.badge.code.id, digest_of(challenge), key)
    )
    if isinstance(outcome, Replayed):
        return refuse_unproven(installation, step, "challenge used before")
    if isinstance(outcome, Refusal):
        return _refuse(installation, step, outcome)
    return StepAnswer(200, _proof_json(handle, outcome))


def _proof_json(handle: str, proven: Proven) -> Json:
    return {
        "proof": handle,
        "expires_in": int(PROOF_LIFE.total_seconds()),
        "tries_left": PROOF_TRIES,
        "name": proven.display_name,
        "preferences": preferences_json(proven.preferences),
    }


async def take_pin(installation: Installation, step: Step) -> StepAnswer:
    """A PIN under a proof: the guess is charged and committed before it is checked (security design 4)."""
    key, digits, rules = _key(step, step.text("proof", 64)), step.text("pin", 64), installation.lockout_rules
    if not digits:
        return scan_again(step)
    try:
        async with installation.hasher.slot() as slot:
            charged = await _charge(installation, step, key)
            if not isinstance(charged, PinToCheck):
                return _settled(installation, step, charged)
            kept = charged.guess.kept
            row = PinRow(charged.opened.badge.holder.id, kept.id, kept.version)
            right = await slot.is_pin(digits, kept.hashed, row)
    except HasherBusy:
        return busy(step)
    except PepperMissing as error:
        log.error("A PIN cannot be checked: %s", error)  # noqa: TRY400 - the sentence says it all
        return busy(step)
    if not right:
        refusal = await installation.database.write(
            lambda tx: sign_in.settle_wrong_pin(tx, step.attempt, charged, rules)
        )
        _note_lockout(installation, refusal)
        return _refuse(installation, step, refusal)
    opening = _opening(installation)

    def finish(tx: Transaction) -> SignedIn | MustChange | Refusal | Gone:
        outcome = sessions.pass_pin(tx, step.attempt, key, charged, opening)
        _remember(tx, step, outcome)
        return outcome

    # a new badge that takes over ends the old one with it: several statements, all of them or none
    takes_over = charged.opened.badge.code.is_replacement
    run = installation.database.write if takes_over else installation.database.write_once
    return _settled(installation, step, await run(finish))


async def _charge(installation: Installation, step: Step, key: ProofKey) -> PinToCheck | Refusal | Gone:
    database, rules = installation.database, installation.lockout_rules
    charged = await database.write_once(lambda tx: sign_in.charge_pin_at_once(tx, step.attempt, key, rules))
    way = "charged"
    if isinstance(charged, Unsettled):
        charged, way = await database.write(lambda tx: sign_in.charge_pin(tx, step.attempt, key, rules)), "under_lock"
    installation.metrics.note_charge(way if isinstance(charged, PinToCheck) else "refused")
    return charged


async def take_new_pin(installation: Installation, step: Step) -> StepAnswer:
    """A new PIN in place of a temporary one. One that breaks a rule changes and costs nothing."""
    key, digits = _key(step, step.text("proof", 64)), step.text("new_pin", 64)
    wanted = await installation.database.write(lambda tx: pin_change.check_new_pin(tx, step.attempt, key, digits))
    if isinstance(wanted, TooWeak):
        return _too_weak(step, wanted)
    if not isinstance(wanted, NewPinToHash):
        return _settled(installation, step, wanted)
    new, kept = wanted.new, wanted.kept
    try:
        async with installation.hasher.slot() as slot:
            if await slot.is_pin(new.digits, kept.hashed, PinRow(new.person.id, kept.id, kept.version)):
                return _too_weak(step, TooWeak((Weakness.CURRENT,)))
            hashed = await slot.hash(new.digits, PinRow(new.person.id, new.pin_id, new.version))
    except HasherBusy:
        return busy(step)
    except PepperMissing as error:
        log.error("A PIN cannot be checked: %s", error)  # noqa: TRY400 - the sentence says it all
        return busy(step)
    opening = _opening(installation)

    def finish(tx: Transaction) -> SignedIn | Refusal | Gone:
        outcome = pin_change.finish_change(tx, step.attempt, key, wanted, hashed, opening)
        _remember(tx, step, outcome)
        return outcome

    try:
        return _settled(installation, step, await installation.database.write(finish))
    except Conflict:
        return scan_again(step)


def _settled(installation: Installation, step: Step, outcome: SignedIn | MustChange | Refusal | Gone) -> StepAnswer:
    if isinstance(outcome, SignedIn):
        installation.metrics.note_sign_in("signedIn")
        return StepAnswer(200, {"next": "signedIn", "location": _location(step)}, session=outcome.secret)
    if isinstance(outcome, MustChange):
        seconds = int((outcome.expires_at - step.attempt.now).total_seconds())
        installation.metrics.note_sign_in("changePin")
        rules: Json = {"least": SHORTEST, "most": LONGEST}
        return StepAnswer(200, {"next": "changePin", "expires_in": seconds, "rules": rules})
    if isinstance(outcome, Refusal):
        return _refuse(installation, step, outcome)
    installation.metrics.note_sign_in(Denial.SCAN_AGAIN.value)
    return scan_again(step)


def _refuse(installation: Installation, step: Step, refusal: Refusal) -> StepAnswer:
    installation.metrics.note_sign_in(refusal.denied.denial.value)
    return refuse(step, refusal)


def _note_lockout(installation: Installation, refusal: Refusal) -> None:
    if refusal.denied.denial is Denial.PIN_DISABLED:
        installation.metrics.note_lockout("disabled")
    elif refusal.denied.denial is Denial.PIN_LOCKED:
        installation.metrics.note_lockout("wait")


def _location(step: Step) -> str:
    if step.sealed:
        return f"/{step.tenant.id}/oauth2/v2.0/authorize/resume?request={step.sealed}"
    return f"/{step.tenant.id}/sign-in/done"


def _too_weak(step: Step, weak: TooWeak) -> StepAnswer:
    reasons = [weakness.value for weakness in weak.weaknesses]
    message = sentence(step.language, "pinRefused")
    error: Json = {"code": "pinRefused", "message": message, "handle": new_handle(), "reasons": reasons}
    return StepAnswer(400, {"error": error})


def _remember(tx: Transaction, step: Step, outcome: object) -> None:
    wanted = read_preferences(step.body.get("preferences"))
    if isinstance(outcome, SignedIn) and wanted is not None:
        sessions.save_preferences(tx, step.tenant.id, outcome.user_id, wanted)


def _opening(installation: Installation) -> Opening:
    return Opening(installation.keys, installation.session_reading.rules)


def _key(step: Step, handle: str) -> ProofKey:
    return ProofKey(digest_of(handle), digest_of(step.browser), digest_of(step.sealed))


def _base64url(text: str) -> bytes:
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return b"\0" * _SIGNATURE
    return raw if len(raw) == _SIGNATURE else b"\0" * _SIGNATURE
