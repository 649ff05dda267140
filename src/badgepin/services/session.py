"""Opening, reading and ending sessions. A session exists only once its code was read again under a lock."""

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime

from badgepin.crypto.key_ring import KeyRing
from badgepin.crypto.randomness import new_guid
from badgepin.domain.audit import Activity, AuditEvent, Category, Operation
from badgepin.domain.caller import Call, Caller, Standing
from badgepin.domain.session import SEEN_STEP, Session, SessionRules, session_end
from badgepin.domain.sign_in import CHANGE_LIFE, Preferences, ProofKey
from badgepin.services.attempt import SERVICE, Attempt, Refusal, call_of, person_of, success_row
from badgepin.services.guess import refund_guess
from badgepin.services.replacement import take_over_at_sign_in
from badgepin.services.sign_in import Gone, OpenProof, PinToCheck, is_intact, open_proof
from badgepin.store import audit, replacement
from badgepin.store import session as store
from badgepin.store import sign_in as proofs
from badgepin.store.opening import ToOpen, insert_session
from badgepin.store.session import NewSession
from badgepin.store.transaction import Transaction


@dataclass(frozen=True)
class SignedIn:
    """A session just opened; `secret` goes into the cookie and is kept nowhere."""

    session_id: str
    user_id: str
    secret: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True)
class MustChange:
    """The PIN was right, and is a temporary one: a new one must be chosen until then."""

    expires_at: datetime


def digest_of(secret: str) -> bytes:
    """What is kept of a session's cookie."""
    return hashlib.sha256(secret.encode()).digest()


@dataclass(frozen=True)
class Opening:
    """What opening a session takes: the keys that code rows are sealed with, and how long sessions live."""

    ring: KeyRing
    rules: SessionRules


def pass_pin(
    tx: Transaction, attempt: Attempt, key: ProofKey, checked: PinToCheck, opening: Opening
) -> SignedIn | MustChange | Refusal | Gone:
    """The PIN was right: open a session, or ask for a new PIN (security design 5.2, finalise)."""
    opened = open_proof(tx, attempt, key, settling=True)
    if not isinstance(opened, OpenProof):
        return opened
    if checked.guess.kept.version != opened.proof.pin_version or not is_intact(opened.found, opening.ring):
        return Gone()
    if opened.badge.pin is not None and opened.badge.pin.must_change:
        until = attempt.now + CHANGE_LIFE
        if not proofs.prove_pin(tx, attempt.tenant_id, opened.proof.id, expires_at=until, now=attempt.now):
            return Gone()
        refund_guess(tx, call_of(attempt, opened.badge)[0], checked.guess.kept.id, checked.guess.pathway)
        return MustChange(until)
    return open_session(tx, attempt, opened, opened.proof.pin_version, opening.rules)


def open_session(
    tx: Transaction, attempt: Attempt, opened: OpenProof, pin_version: int, rules: SessionRules
) -> SignedIn | Gone:
    """Use the proof up and open its session, if everything is still as it was judged.

    A new badge that was still waiting takes over here: whoever is let in with it has it, and knows the PIN.
    """
    badge, secret = opened.badge, secrets.token_urlsafe(32)
    session = NewSession(
        new_guid(),
        digest_of(secret),
        badge.holder.id,
        badge.code.id,
        pin_version,
        badge.holder.token_generation,
        session_end(badge.code.expire_at, rules, attempt.now),
    )
    kept, pin_id = opened.found.kept, badge.pin.id if badge.pin else ""
    to_open = ToOpen(session, opened.proof.id, pin_id, kept.revision, kept.row_mac)
    if badge.code.is_replacement:
        replacement.lock_codes(tx, attempt.tenant_id, badge.holder.id)
    if not insert_session(tx, attempt.tenant_id, to_open, success_row(attempt, badge), attempt.now):
        return Gone()
    if badge.code.is_replacement:
        call, standing = call_of(attempt, badge)
        take_over_at_sign_in(tx, call, standing, person_of(badge.holder), badge.code.id)
    return SignedIn(session.id, badge.holder.id, secret, session.expires_at)


def save_preferences(tx: Transaction, tenant_id: str, user_id: str, wanted: Preferences) -> None:
    """Remember how a person wants the page."""
    proofs.save_preferences(tx, tenant_id, user_id, wanted)


@dataclass(frozen=True)
class SessionReading:
    """How sessions are judged on this installation."""

    rules: SessionRules
    ends_with_code: bool = True


def find_session(
    tx: Transaction, tenant_id: str, secret: str, reading: SessionReading, now: datetime
) -> Session | None:
    """The living session of a cookie: neither ended nor idle."""
    session = store.find(tx, tenant_id, digest_of(secret), now=now, ends_with_code=reading.ends_with_code)
    return None if session is None or session.is_idle(reading.rules, now) else session


def use_session(tx: Transaction, tenant_id: str, secret: str, reading: SessionReading, now: datetime) -> Session | None:
    """The same, and the idle time starts anew."""
    session = find_session(tx, tenant_id, secret, reading, now)
    if session is not None and now - session.last_seen_at >= SEEN_STEP:
        store.touch(tx, tenant_id, session.id, now)
    return session


def sign_out(tx: Transaction, attempt: Attempt, session: Session) -> bool:
    """End a session at the back end; everything derived from it dies with it. Returns whether this call did it."""
    if not store.end(tx, attempt.tenant_id, session.id, attempt.now):
        return False
    caller = Caller(attempt.tenant_id, attempt.client_id, session.user_id, frozenset(), session.token_generation)
    call = Call(caller, attempt.now, attempt.correlation_id, attempt.ip_address, reaches_others=False)
    standing = Standing(session.user_id, session.display_name, session.user_principal_name)
    event = AuditEvent(
        activity=Activity.SIGN_OUT,
        category=Category.USER_MANAGEMENT,
        operation=Operation.UPDATE,
        target_kind="User",
        target_id=session.user_id,
        target_name=session.display_name,
        target_user_principal_name=session.user_principal_name,
        service=SERVICE,
        details=(("SessionId", session.id),),
    )
    audit.append(tx, call, standing, event)
    return True
