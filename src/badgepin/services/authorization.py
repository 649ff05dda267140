"""Codes and tokens for applications that a person signed in to (RFC 6749 4.1 and 6, RFC 7636, RFC 9700).

Nothing here outlives what it is derived from: session, code, PIN and person are read again, under a lock, each time.
"""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from datetime import datetime

from badgepin.crypto.key_ring import KeyRing
from badgepin.crypto.randomness import new_guid
from badgepin.domain.application import Application
from badgepin.domain.authorization import (
    CODE_LIFE,
    OPENID_SCOPES,
    REFRESH_GRACE,
    AuthorizationRequest,
    granted_scopes,
    is_verifier_right,
    needs_fresh_sign_in,
)
from badgepin.domain.session import Session
from badgepin.services.session import SessionReading, digest_of
from badgepin.services.token import Delegation
from badgepin.store import administrative_unit as units
from badgepin.store import application as applications
from badgepin.store import grant as store
from badgepin.store import permission_grant as permission_grants
from badgepin.store import session as sessions
from badgepin.store import sign_in as proofs
from badgepin.store import user as users
from badgepin.store.grant import AuthorizationCode, Grant, RefreshToken
from badgepin.store.transaction import Transaction

_SUCCESSOR = b"badgepin/refresh/v1"


@dataclass(frozen=True)
class SignInNeeded:
    """Nobody is signed in here, or too long ago for this request."""


@dataclass(frozen=True)
class ConsentMissing:
    """An administrator did not grant these scopes to the application."""

    scopes: frozenset[str]


@dataclass(frozen=True)
class PushedBefore:
    """The pushed request got its code already."""


@dataclass(frozen=True)
class IssuedCode:
    """An authorization code, to be handed to the application once."""

    code: str = field(repr=False)


def find_client(tx: Transaction, tenant_id: str, client_id: str) -> Application | None:
    """An enabled application by its client id."""
    found = applications.find(tx, tenant_id, client_id.lower())
    if found is None or not found.account_enabled or found.client_id != client_id.lower():
        return None
    return found


def issue_code(
    tx: Transaction, tenant_id: str, request: AuthorizationRequest, secret: str, reading: SessionReading, now: datetime
) -> IssuedCode | SignInNeeded | ConsentMissing | PushedBefore:
    """A code for the session of this cookie, if the request is content with it."""
    session = sessions.find(tx, tenant_id, digest_of(secret), now=now, ends_with_code=reading.ends_with_code, lock=True)
    if session is None or session.is_idle(reading.rules, now):
        return SignInNeeded()
    if needs_fresh_sign_in(request, session.signed_in_at, now):
        return SignInNeeded()
    consented = permission_grants.scopes_for(tx, tenant_id, request.application_id, session.user_id)
    missing = frozenset(request.scopes) - OPENID_SCOPES - consented - {".default"}
    if missing:
        return ConsentMissing(missing)
    if request.pushed and not proofs.use_nonce(
        tx, tenant_id, digest_of(request.pushed), expires_at=now + reading.rules.overall, now=now
    ):
        return PushedBefore()
    grant = Grant(
        new_guid(),
        session.id,
        request.application_id,
        request.is_public,
        granted_scopes(request.scopes, consented),
        session.ends_at,
    )
    store.insert(tx, tenant_id, grant, now)
    if request.has_back_channel:
        store.remember_client(tx, tenant_id, grant, now)
    code = secrets.token_urlsafe(32)
    kept = AuthorizationCode(
        digest_of(code), request.redirect_uri, request.nonce, request.code_challenge, now + CODE_LIFE
    )
    store.insert_code(tx, tenant_id, grant.id, kept)
    return IssuedCode(code)


@dataclass(frozen=True)
class AtToken:
    """An application at the token endpoint: whether it proved itself, when, and how sessions are judged there."""

    tenant_id: str
    application: Application
    is_proven: bool
    reading: SessionReading
    ring: KeyRing
    now: datetime


@dataclass(frozen=True)
class Delegated:
    """A person at an application, and the sign-in behind it: what tokens are made of."""

    delegation: Delegation
    application: Application
    session: Session
    grant: Grant
    stores: tuple[str, ...]
    nonce: str | None = None
    refresh_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class GrantRefused:
    """The code or refresh token opens nothing; `reason` is for the client's developer."""

    reason: str


@dataclass(frozen=True)
class ProofNeeded:
    """The client can keep a secret, and did not show it."""


@dataclass(frozen=True)
class Redemption:
    """What a client shows with a code."""

    code: str = field(repr=False)
    redirect_uri: str
    verifier: str | None = field(repr=False)


def redeem_code(tx: Transaction, at: AtToken, shown: Redemption) -> Delegated | GrantRefused | ProofNeeded:
    """Exchange a code, once; a second use ends everything the first one issued (RFC 9700 4.5)."""
    found = store.find_code(tx, at.tenant_id, digest_of(shown.code))
    if found is None or found[1].application_id != at.application.id:
        return GrantRefused("The code is unknown, or was issued to another client.")
    kept, grant = found
    if not (grant.is_public or at.is_proven):
        return ProofNeeded()
    if kept.used_at is not None:
        store.revoke(tx, at.tenant_id, grant.id, at.now)
        return GrantRefused("The code was used before; everything issued for it has been revoked.")
    problem = _problem_of(kept, shown, at.now)
    if problem is not None:
        return GrantRefused(problem)
    session = _session_behind(tx, at, grant)
    if session is None or not store.use_code(tx, at.tenant_id, kept.digest, at.now):
        return GrantRefused("The sign-in behind this code has ended.")
    token = None
    if "offline_access" in grant.scopes:
        token = secrets.token_urlsafe(32)
        _keep(tx, at, grant, token)
    return _delegated(tx, at, grant, session, nonce=kept.nonce, refresh_token=token)


def _problem_of(kept: AuthorizationCode, shown: Redemption, now: datetime) -> str | None:
    if now >= kept.expires_at:
        return "The code has expired: it must be redeemed within 60 seconds."
    if kept.redirect_uri != shown.redirect_uri:
        return "The redirect_uri is not the one the code was issued for."
    if kept.code_challenge is None:
        return None if shown.verifier is None else "A code_verifier was sent for a code without code_challenge."
    if shown.verifier is None or not is_verifier_right(shown.verifier, kept.code_challenge):
        return "The code_verifier does not match the code_challenge."
    return None


def refresh(tx: Transaction, at: AtToken, token: str) -> Delegated | GrantRefused | ProofNeeded:
    """Exchange a refresh token for its one successor.

    The same token again within 10 s gets the same successor, because an answer can be lost; later it is a theft, and
    ends the whole family (RFC 9700 4.14).
    """
    found = store.find_refresh_token(tx, at.tenant_id, digest_of(token))
    if found is None or found[1].application_id != at.application.id:
        return GrantRefused("The refresh token is unknown, or was issued to another client.")
    kept, grant = found
    if not (grant.is_public or at.is_proven):
        return ProofNeeded()
    if kept.rotated_at is not None and at.now >= kept.rotated_at + REFRESH_GRACE:
        store.revoke(tx, at.tenant_id, grant.id, at.now)
        return GrantRefused("The refresh token was used before; the whole family has been revoked.")
    session, successor = _session_behind(tx, at, grant), _successor(token, kept, at.ring)
    if session is None or successor is None:
        return GrantRefused("The sign-in behind this refresh token has ended.")
    store.rotate(tx, at.tenant_id, kept.digest, at.now)
    _keep(tx, at, grant, successor)
    return _delegated(tx, at, grant, session, refresh_token=successor)


def _session_behind(tx: Transaction, at: AtToken, grant: Grant) -> Session | None:
    return store.find_session(tx, at.tenant_id, grant.id, now=at.now, ends_with_code=at.reading.ends_with_code)


def _successor(token: str, kept: RefreshToken, ring: KeyRing) -> str | None:
    key = next((key for key in ring.seals if key.kid == kept.key_id), None)
    if key is None:
        return None
    raw = hmac.new(key.key, _SUCCESSOR + token.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _keep(tx: Transaction, at: AtToken, grant: Grant, token: str) -> None:
    kept = RefreshToken(digest_of(token), at.ring.seals[0].kid, None)
    store.insert_refresh_token(tx, at.tenant_id, grant.id, kept, at.now)


def _delegated(
    tx: Transaction,
    at: AtToken,
    grant: Grant,
    session: Session,
    *,
    nonce: str | None = None,
    refresh_token: str | None = None,
) -> Delegated | GrantRefused:
    user = users.find(tx, at.tenant_id, session.user_id)
    if user is None:
        return GrantRefused("The sign-in behind this has ended.")
    # what an administrator took back since does not come back by renewing
    consented = permission_grants.scopes_for(tx, at.tenant_id, at.application.id, user.id)
    delegation = Delegation(
        user=user,
        token_generation=session.token_generation,
        client_id=at.application.client_id,
        client_generation=applications.token_generation(tx, at.tenant_id, at.application.id),
        scopes=grant.scopes & (OPENID_SCOPES | consented),
        grants=users.grants(tx, at.tenant_id, user.id),
    )
    stores = units.names_of_member(tx, at.tenant_id, user.id)
    return Delegated(delegation, at.application, session, grant, stores, nonce, refresh_token)


def deliver(tx: Transaction, at: AtToken, grant_id: str) -> Delegated | GrantRefused:
    """What a grant that was approved elsewhere is worth now, with its first refresh token if it may have one."""
    grant = store.find(tx, at.tenant_id, grant_id)
    session = None if grant is None else _session_behind(tx, at, grant)
    if grant is None or session is None:
        return GrantRefused("The sign-in behind this has ended.")
    token = None
    if "offline_access" in grant.scopes:
        token = secrets.token_urlsafe(32)
        _keep(tx, at, grant, token)
    return _delegated(tx, at, grant, session, refresh_token=token)


def revoke_refresh_token(tx: Transaction, at: AtToken, token: str) -> bool:
    """End the family of a client's own refresh token (RFC 7009). Returns whether it is one."""
    found = store.find_refresh_token(tx, at.tenant_id, digest_of(token))
    if found is None or found[1].application_id != at.application.id:
        return False
    store.revoke(tx, at.tenant_id, found[1].id, at.now)
    return True


def revoke_grant(tx: Transaction, at: AtToken, grant_id: str) -> None:
    """End a grant with everything issued under it."""
    store.revoke(tx, at.tenant_id, grant_id, at.now)


def find_refresh_token(tx: Transaction, at: AtToken, token: str) -> tuple[Grant, Session] | None:
    """A client's own refresh token that would still be exchanged, for introspection (RFC 7662)."""
    found = store.find_refresh_token(tx, at.tenant_id, digest_of(token))
    if found is None or found[1].application_id != at.application.id or found[0].rotated_at is not None:
        return None
    session = _session_behind(tx, at, found[1])
    return None if session is None else (found[1], session)
