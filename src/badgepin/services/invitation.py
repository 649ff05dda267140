"""Invitations to the desk: a link that lets one person register one passkey, once."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

from badgepin.crypto.passkey import NewKey
from badgepin.crypto.randomness import new_client_secret, new_guid
from badgepin.domain.access import MethodAction, Refused, Target
from badgepin.domain.audit import AUTHENTICATION_METHODS, Activity, AuditEvent, Category, Operation
from badgepin.domain.caller import Call, Caller, Standing
from badgepin.domain.desk import (
    CHALLENGE_LIFE,
    INVITATION_LIFE,
    LONGEST_LABEL,
    DeskDenial,
    DeskPersonNow,
    Invitation,
    Passkey,
    may_invite,
)
from badgepin.domain.errors import Conflict, InvalidValue, NotFound, NotPermitted, Reason
from badgepin.domain.tenant import DESK_CLIENT
from badgepin.services.attempt import Attempt
from badgepin.services.qr_code_pin import check_access, refusal
from badgepin.store import audit, passkey, qr_code_pin
from badgepin.store import invitation as store
from badgepin.store.sign_in import use_nonce
from badgepin.store.transaction import Transaction

_HINDRANCES = {
    DeskDenial.ACCOUNT_DISABLED: "This account is disabled: enable it first.",
    DeskDenial.NO_DESK_ROLE: "This person has no role for the desk: give them one first, such as Badge Manager.",
}


@dataclass(frozen=True)
class Invited:
    """An invitation just made; `secret` goes into the link and is kept nowhere."""

    invitation: Invitation
    person: DeskPersonNow
    secret: str = field(repr=False)


@dataclass(frozen=True)
class Registration:
    """Who may register a passkey now, and the keys that their devices have already."""

    person: DeskPersonNow
    known: tuple[bytes, ...]


def link_to(base_url: str, tenant_id: str, secret: str) -> str:
    """The address that is handed over; the secret stands where no server and no log ever sees it."""
    return f"{base_url}/{tenant_id}/desk/invitation#{secret}"


def invite(tx: Transaction, call: Call, named: str) -> Invited:
    """Make an invitation; an older one of the same person ends. Raises `NotFound`, `NotPermitted`, `InvalidValue`."""
    # two at once would not see each other's, and leave two links
    qr_code_pin.lock_person(tx, call.tenant_id, named)
    standing, person = _admit(tx, call, named)
    if person.denial is not None:
        raise InvalidValue(Reason.VALUE_INVALID, message=_HINDRANCES[person.denial])
    secret = new_client_secret()
    made = Invitation(new_guid(), person.id, call.now, standing.id, call.now + INVITATION_LIFE)
    store.insert(tx, call.tenant_id, made, digest_of(secret))
    details = (("InvitationId", made.id), ("ExpireDateTime", made.expires_at.isoformat()))
    audit.append(tx, call, standing, _event(Activity.INVITE, Operation.ADD, person, *details))
    return Invited(made, person, secret)


def list_open(tx: Transaction, call: Call, named: str) -> tuple[DeskPersonNow, list[Invitation]]:
    """The invitations of a person that can still be taken up. Raises `NotFound`, `NotPermitted`."""
    _, person = _admit(tx, call, named)
    return person, store.list_open(tx, call.tenant_id, [person.id], call.now)


def withdraw(tx: Transaction, call: Call, named: str, invitation_id: str) -> None:
    """Make an invitation worthless. Raises `NotFound`, `NotPermitted`."""
    standing, person = _admit(tx, call, named)
    if not store.delete(tx, call.tenant_id, person.id, invitation_id):
        raise NotFound(Reason.OBJECT_NOT_FOUND, id=invitation_id)
    what = _event(Activity.WITHDRAW_INVITATION, Operation.DELETE, person, ("InvitationId", invitation_id.lower()))
    audit.append(tx, call, standing, what)


def find_registration(tx: Transaction, attempt: Attempt, secret: str) -> Registration | None:
    """Whom a link is for, as long as it can be taken up and they may come to the desk."""
    invitation = store.find(tx, attempt.tenant_id, digest_of(secret), attempt.now)
    if invitation is None:
        return None
    person = passkey.find_person(tx, attempt.tenant_id, invitation.user_id)
    if person is None or person.denial is not None:
        return None
    known = passkey.list_of(tx, attempt.tenant_id, [person.id])
    return Registration(person, tuple(each.credential_id for each in known))


def register(
    tx: Transaction, attempt: Attempt, secret: str, key: NewKey, challenge_digest: bytes, label: str
) -> Passkey | None:
    """Use the invitation up and keep the passkey, together or not at all; None when it cannot be used any more.

    Raises `Conflict` when the key is known already.
    """
    expires_at = attempt.now + CHALLENGE_LIFE
    fresh = use_nonce(tx, attempt.tenant_id, challenge_digest, expires_at=expires_at, now=attempt.now)
    found = find_registration(tx, attempt, secret)
    if not fresh or found is None or not store.use(tx, attempt.tenant_id, digest_of(secret), attempt.now):
        return None
    person = found.person
    made = Passkey(
        new_guid(),
        person.id,
        key.credential_id,
        key.public_key,
        key.sign_count,
        key.transports,
        key.aaguid,
        key.backed_up,
        label.strip()[:LONGEST_LABEL] or "Passkey",
        attempt.now,
    )
    if not passkey.insert(tx, attempt.tenant_id, made):
        raise Conflict(Reason.OBJECT_EXISTS, property="credentialId")
    call, standing = desk_call(attempt, person)
    details = (("PasskeyId", made.id), ("AAGUID", made.aaguid))
    what = _event(Activity.USER_REGISTERED, Operation.ADD, person, *details, reason="User registered passkey for user")
    audit.append(tx, call, standing, what)
    return made


def desk_call(attempt: Attempt, person: DeskPersonNow) -> tuple[Call, Standing]:
    """What somebody does at the door of the desk, as a call: they act for themselves."""
    caller = Caller(attempt.tenant_id, DESK_CLIENT, person.id, frozenset(), person.token_generation)
    call = Call(caller, attempt.now, attempt.correlation_id, attempt.ip_address, reaches_others=False)
    return call, Standing(person.id, person.display_name, person.user_principal_name, grants=person.grants)


def read_target(
    tx: Transaction, call: Call, named: str, may: Callable[[Standing, Target], object]
) -> tuple[Standing, DeskPersonNow]:
    """A person, once `may` does not refuse. Raises `NotFound`, `NotPermitted`."""
    view = qr_code_pin.view(tx, call, named)
    if view is None:
        raise NotPermitted(Reason.CALLER_UNKNOWN)
    if view.person is None or view.target is None:
        raise NotFound(Reason.USER_NOT_FOUND, user=named)
    decision = may(view.standing, view.target)
    if isinstance(decision, Refused):
        # whom the caller may not even know is not found, whatever was wanted of them
        check_access(call, view, MethodAction.READ, view.target, named)
        raise refusal(decision, named)
    person = passkey.find_person(tx, call.tenant_id, view.person.id)
    if person is None:
        raise NotFound(Reason.USER_NOT_FOUND, user=named)
    return view.standing, person


def digest_of(secret: str) -> bytes:
    """What is kept of a link's secret."""
    return hashlib.sha256(b"badgepin/invitation/v1\0" + secret.encode()).digest()


def _admit(tx: Transaction, call: Call, named: str) -> tuple[Standing, DeskPersonNow]:
    return read_target(tx, call, named, lambda standing, target: may_invite(call.caller, standing, target))


def _event(
    activity: Activity, operation: Operation, person: DeskPersonNow, *details: tuple[str, str], reason: str = ""
) -> AuditEvent:
    return AuditEvent(
        activity=activity,
        category=Category.USER_MANAGEMENT,
        operation=operation,
        target_kind="User",
        target_id=person.id,
        target_name=person.display_name,
        target_user_principal_name=person.user_principal_name,
        service=AUTHENTICATION_METHODS,
        result_reason=reason or activity.value,
        details=details,
    )
