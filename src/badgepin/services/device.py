"""Signing in a device without a browser from another one (RFC 8628). Off by default: RFC 10027 says why.

waiting ──approved by somebody signed in──▶ approved ──asked once more──▶ used
   └─denied, or time over─▶ refused
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from badgepin.crypto.randomness import new_guid
from badgepin.domain.application import Application
from badgepin.domain.authorization import granted_scopes
from badgepin.domain.session import Session
from badgepin.services.authorization import AtToken, Delegated, GrantRefused, ProofNeeded, deliver
from badgepin.services.session import digest_of
from badgepin.store import application as applications
from badgepin.store import device_code as store
from badgepin.store import grant as grants
from badgepin.store import permission_grant as permission_grants
from badgepin.store.device_code import DeviceCode
from badgepin.store.grant import Grant
from badgepin.store.transaction import Transaction

LIFE = timedelta(minutes=15)
INTERVAL = 5
_SLOWER = 5
_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
_LENGTH = 8


@dataclass(frozen=True)
class NewDevice:
    """What the device gets: its own code, and the one for the person, of 20^8 possible ones."""

    device_code: str
    user_code: str


@dataclass(frozen=True)
class Pending:
    """No answer yet; `error` is RFC 8628's word for it."""

    error: str


def begin(tx: Transaction, at: AtToken, scopes: tuple[str, ...]) -> NewDevice:
    """A device begins to wait."""
    made = NewDevice(secrets.token_urlsafe(32), "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH)))
    waiting = DeviceCode(
        digest_of(made.device_code), made.user_code, at.application.id, scopes, at.now + LIFE, at.now, INTERVAL
    )
    store.insert(tx, at.tenant_id, waiting)
    return made


def read_user_code(text: str) -> str:
    """A user code as typed: case, spaces and dashes do not matter."""
    return "".join(letter for letter in text.upper() if letter in _LETTERS)[: _LENGTH + 1]


def find_waiting(
    tx: Transaction, tenant_id: str, user_code: str, now: datetime
) -> tuple[DeviceCode, Application] | None:
    """The device that shows this code and still waits, and the application it runs."""
    found = store.find_by_user_code(tx, tenant_id, read_user_code(user_code))
    if found is None or now >= found.expires_at or found.grant_id or found.denied_at:
        return None
    application = applications.find(tx, tenant_id, found.application_id)
    return None if application is None or not application.account_enabled else (found, application)


def approve(tx: Transaction, tenant_id: str, waiting: DeviceCode, session: Session, now: datetime) -> None:
    """Somebody signed in lets the device act for them, within what was consented to."""
    consented = permission_grants.scopes_for(tx, tenant_id, waiting.application_id, session.user_id)
    scopes = granted_scopes(waiting.scopes, consented)
    grant = Grant(new_guid(), session.id, waiting.application_id, True, scopes, session.ends_at)  # noqa: FBT003 - public
    grants.insert(tx, tenant_id, grant, now)
    store.approve(tx, tenant_id, waiting.digest, grant.id)


def deny(tx: Transaction, tenant_id: str, waiting: DeviceCode, now: datetime) -> None:
    """Somebody says that this device is not theirs."""
    store.deny(tx, tenant_id, waiting.digest, now)


def poll(tx: Transaction, at: AtToken, device_code: str) -> Delegated | GrantRefused | ProofNeeded | Pending:
    """The device asks. Asking too soon makes it wait longer."""
    found = store.find(tx, at.tenant_id, digest_of(device_code))
    if found is None or found.application_id != at.application.id or found.used_at is not None:
        return GrantRefused("The device_code is unknown or was used.")
    if found.denied_at is not None:
        return Pending("access_denied")
    if at.now >= found.expires_at:
        return Pending("expired_token")
    if at.now < found.next_poll_at:
        store.note_poll(tx, at.tenant_id, found.digest, now=at.now, interval=found.interval_seconds + _SLOWER)
        return Pending("slow_down")
    if found.grant_id is None:
        store.note_poll(tx, at.tenant_id, found.digest, now=at.now, interval=found.interval_seconds)
        return Pending("authorization_pending")
    store.use(tx, at.tenant_id, found.digest, at.now)
    return deliver(tx, at, found.grant_id)
