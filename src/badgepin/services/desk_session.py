"""Signing in to the desk with a passkey, proving again who one is, and leaving.

A refusal before the passkey is proven writes nothing; one after it is an event of the sign-in log.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime

from badgepin.crypto.passkey import Presented, Site, verify
from badgepin.crypto.randomness import new_client_secret, new_guid
from badgepin.domain.audit import Activity, AuditEvent, Category, Operation
from badgepin.domain.caller import Caller
from badgepin.domain.desk import (
    CHALLENGE_LIFE,
    DESK_SCOPES,
    SEEN_STEP,
    DeskDenial,
    DeskPersonNow,
    DeskRules,
    DeskSession,
    Passkey,
    is_count_behind,
)
from badgepin.domain.tenant import DESK_CLIENT
from badgepin.services.attempt import SERVICE, Attempt, new_handle
from badgepin.services.invitation import desk_call
from badgepin.store import audit
from badgepin.store import desk_session as store
from badgepin.store import passkey as passkeys
from badgepin.store.desk_session import NewDeskSession
from badgepin.store.sign_in import use_nonce
from badgepin.store.transaction import Transaction

METHOD = "Passkey"
_LONGEST_AGENT = 256
# Entra's numbers, used as `status.errorCode` only: account disabled, not assigned, credential not valid
_ERROR_CODES = {
    DeskDenial.ACCOUNT_DISABLED: 50057,
    DeskDenial.NO_DESK_ROLE: 50105,
    DeskDenial.PASSKEY_COPIED: 135010,
}


@dataclass(frozen=True)
class AtDesk:
    """A session just opened; `secret` goes into the cookie and is kept nowhere."""

    session_id: str
    person: DeskPersonNow
    expires_at: datetime
    secret: str = field(repr=False)


@dataclass(frozen=True)
class Unproven:
    """No passkey was proven; `cause` is for the server's own log."""

    cause: str


@dataclass(frozen=True)
class TurnedAway:
    """The passkey was right and its person is not let in; recorded under `handle`."""

    denial: DeskDenial
    handle: str


@dataclass(frozen=True)
class _Proven:
    passkey: Passkey
    person: DeskPersonNow
    sign_count: int


def digest_of(secret: str) -> bytes:
    """What is kept of a session's cookie."""
    return hashlib.sha256(b"badgepin/desk/v1\0" + secret.encode()).digest()


def sign_in(
    tx: Transaction, attempt: Attempt, site: Site, presented: Presented, rules: DeskRules, old_cookie: str | None
) -> AtDesk | Unproven | TurnedAway:
    """Open a session for whoever holds the passkey; the one this browser had before ends."""
    proven = _prove(tx, attempt, site, presented)
    if not isinstance(proven, _Proven):
        return proven
    if old_cookie is not None:
        store.end(tx, attempt.tenant_id, digest_of(old_cookie), attempt.now)
    person, secret = proven.person, new_client_secret()
    session = NewDeskSession(
        new_guid(),
        digest_of(secret),
        person.id,
        proven.passkey.id,
        person.token_generation,
        attempt.now + rules.overall,
    )
    store.insert(tx, attempt.tenant_id, session, attempt.now)
    _record(tx, attempt, proven.passkey, person, None, None)
    return AtDesk(session.id, person, session.expires_at, secret)


def prove_again(
    tx: Transaction, attempt: Attempt, site: Site, presented: Presented, session: DeskSession
) -> Unproven | TurnedAway | None:
    """Note that the person of a session proved again, with any passkey of theirs, who they are; None: done."""
    proven = _prove(tx, attempt, site, presented, user_id=session.person.id)
    if not isinstance(proven, _Proven):
        return proven
    if not store.prove(tx, attempt.tenant_id, session.id, attempt.now):
        return Unproven("session over")
    call, standing = desk_call(attempt, proven.person)
    details = (("SessionId", session.id), ("PasskeyId", proven.passkey.id))
    audit.append(tx, call, standing, _event(Activity.PROVE_AGAIN, proven.person, details))
    return None


def sign_out(tx: Transaction, attempt: Attempt, cookie: str) -> bool:
    """End the session of a cookie at the back end. Returns whether this call did it."""
    session = store.find(tx, attempt.tenant_id, digest_of(cookie), attempt.now)
    if not store.end(tx, attempt.tenant_id, digest_of(cookie), attempt.now):
        return False
    if session is not None:
        call, standing = desk_call(attempt, session.person)
        what = _event(Activity.SIGN_OUT, session.person, (("SessionId", session.id),))
        audit.append(tx, call, standing, what)
    return True


def find_session(tx: Transaction, tenant_id: str, cookie: str, rules: DeskRules, now: datetime) -> DeskSession | None:
    """The living session of a cookie: not over, in use, its person enabled and still holding a role for the desk."""
    found = store.find(tx, tenant_id, digest_of(cookie), now)
    return found if found is not None and found.lives(rules, now) else None


def credentials_of(tx: Transaction, tenant_id: str, user_id: str) -> tuple[bytes, ...]:
    """How a person's authenticators know their keys."""
    return tuple(passkey.credential_id for passkey in passkeys.list_of(tx, tenant_id, [user_id]))


def is_to_be_noted(session: DeskSession, now: datetime) -> bool:
    """Whether its use was last noted long enough ago."""
    return now - session.last_seen_at >= SEEN_STEP


def note_use(tx: Transaction, tenant_id: str, session: DeskSession, now: datetime) -> None:
    """Begin the idle time anew."""
    store.touch(tx, tenant_id, session.id, now)


def caller_of(tenant_id: str, session: DeskSession) -> Caller:
    """The person at the desk as a caller of the API."""
    return Caller(
        tenant_id,
        DESK_CLIENT,
        session.person.id,
        DESK_SCOPES,
        session.person.token_generation,
        session.client_generation,
        desk_session_id=session.id,
        proven_at=session.proven_at,
    )


def _prove(
    tx: Transaction, attempt: Attempt, site: Site, presented: Presented, *, user_id: str | None = None
) -> _Proven | Unproven | TurnedAway:
    found = passkeys.find_with_person(tx, attempt.tenant_id, presented.credential_id)
    if found is None:
        return Unproven("unknown passkey")
    passkey, person = found
    count = verify(site, presented, passkey.public_key)
    if count is None:
        return Unproven("passkey's signature wrong")
    # a discoverable key always says whose it is; it must be the same as we say
    if presented.user_id != person.id or user_id not in {None, person.id}:
        return Unproven("passkey of somebody else")
    digest = hashlib.sha256(presented.challenge.encode()).digest()
    expires_at = attempt.now + CHALLENGE_LIFE
    if not use_nonce(tx, attempt.tenant_id, digest, expires_at=expires_at, now=attempt.now):
        return Unproven("challenge used before")
    denial = person.denial
    behind = is_count_behind(passkey.sign_count, count)
    if behind or not passkeys.note_use(tx, attempt.tenant_id, passkey, count, attempt.now):
        denial = DeskDenial.PASSKEY_COPIED
    if denial is None:
        return _Proven(passkey, person, count)
    handle = new_handle()
    _record(tx, attempt, passkey, person, denial, handle)
    return TurnedAway(denial, handle)


def _record(
    tx: Transaction,
    attempt: Attempt,
    passkey: Passkey,
    person: DeskPersonNow,
    denial: DeskDenial | None,
    handle: str | None,
) -> None:
    call, standing = desk_call(attempt, person)
    details = [
        ("ErrorCode", str(_ERROR_CODES[denial]) if denial else "0"),
        ("Denial", denial.value if denial else ""),
        ("Method", METHOD),
        ("PasskeyId", passkey.id),
        ("AppDisplayName", attempt.client_name),
        ("UserAgent", attempt.user_agent[:_LONGEST_AGENT]),
    ]
    event = AuditEvent(
        activity=Activity.SIGN_IN,
        category=Category.SIGN_IN,
        operation=Operation.SIGN_IN,
        target_kind="User",
        target_id=person.id,
        target_name=person.display_name,
        target_user_principal_name=person.user_principal_name,
        service=SERVICE,
        result="failure" if denial else "success",
        result_reason=denial.value if denial else METHOD,
        details=tuple((key, value) for key, value in details if value),
        handle=handle,
    )
    audit.append(tx, call, standing, event)


def _event(activity: Activity, person: DeskPersonNow, details: tuple[tuple[str, str], ...]) -> AuditEvent:
    return AuditEvent(
        activity=activity,
        category=Category.USER_MANAGEMENT,
        operation=Operation.UPDATE,
        target_kind="User",
        target_id=person.id,
        target_name=person.display_name,
        target_user_principal_name=person.user_principal_name,
        service=SERVICE,
        details=details,
    )
