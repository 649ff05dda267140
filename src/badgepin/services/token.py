"""Proving an application, and the claims of the tokens it gets (graph-contract 5.1).

Whoever asks, the same work is done and the same refusal given: an unknown client looks like a wrong secret.
"""

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from badgepin.crypto.client_assertion import Assertion, RegisteredKey, UnusableKey, verify_assertion
from badgepin.crypto.randomness import new_guid
from badgepin.domain.application import Application
from badgepin.domain.caller import TENANT_WIDE, RoleGrant
from badgepin.domain.tenant import Tenant
from badgepin.domain.user import User
from badgepin.services.application import digest_of, read_key
from badgepin.store import application as applications
from badgepin.store import permission_grant as grants
from badgepin.store import used_assertion
from badgepin.store.transaction import Transaction

GRAPH_AUDIENCE = "https://graph.microsoft.com"
APPLICATION_LIFE = timedelta(seconds=3600)

Claims = dict[str, str | int | list[str] | dict[str, dict[str, str]]]


@dataclass(frozen=True)
class SecretProof:
    """A client secret as sent."""

    secret: str = field(repr=False)


@dataclass(frozen=True)
class AssertionProof:
    """A signed assertion as sent, and the audiences it may name: the issuer, and the token endpoint that MSAL names."""

    assertion: str = field(repr=False)
    audiences: frozenset[str]


Proof = SecretProof | AssertionProof


@dataclass(frozen=True)
class Proven:
    """The application is who it says, with what it may do now."""

    application: Application
    permissions: tuple[str, ...]
    token_generation: int


@dataclass(frozen=True)
class NotProven:
    """It is not; which part was wrong is nobody's business."""


def prove_application(
    tx: Transaction, tenant: Tenant, client_id: str, proof: Proof, *, now: datetime
) -> Proven | NotProven:
    """Check a secret, or an assertion that is then used up."""
    application = applications.find(tx, tenant.id, client_id.lower())
    if application is not None and application.client_id != client_id.lower():
        application = None
    if isinstance(proof, SecretProof):
        proven = _is_secret(tx, tenant, application, proof, now)
    else:
        proven = _is_assertion(tx, tenant, application, proof, now)
    if application is None or not proven:
        return NotProven()
    return vouch_for(tx, tenant.id, application.client_id)


def vouch_for(tx: Transaction, tenant_id: str, client_id: str) -> Proven | NotProven:
    """An application that the host itself vouches for: a managed identity, a demo."""
    application = applications.find(tx, tenant_id, client_id.lower())
    if application is None or not application.account_enabled:
        return NotProven()
    permissions = tuple(grant.permission for grant in grants.list_of(tx, tenant_id, application.id))
    return Proven(application, permissions, applications.token_generation(tx, tenant_id, application.id))


def _is_secret(
    tx: Transaction, tenant: Tenant, application: Application | None, proof: SecretProof, now: datetime
) -> bool:
    given = digest_of(proof.secret)
    kept = applications.list_secrets(tx, tenant.id, application.id if application else new_guid())
    # a comparison in any case, so that a client without secrets takes as long as one with
    matches = [hmac.compare_digest(given, secret.digest) for secret in kept] or [hmac.compare_digest(given, b"\0" * 32)]
    valid = [secret.start_at <= now < secret.end_at for secret in kept] or [False]
    return any(match and live for match, live in zip(matches, valid, strict=True))


def _is_assertion(
    tx: Transaction, tenant: Tenant, application: Application | None, proof: AssertionProof, now: datetime
) -> bool:
    keys = _live_keys(tx, tenant, application, now)
    client_id = application.client_id if application else ""
    checked = verify_assertion(proof.assertion, client_id=client_id, keys=keys, audiences=proof.audiences, now=now)
    if application is None or not isinstance(checked, Assertion):
        return False
    digest = hashlib.sha256(checked.jti.encode()).digest()
    return used_assertion.use(tx, tenant.id, application.id, digest, expires=checked.expires, now=now)


def _live_keys(tx: Transaction, tenant: Tenant, application: Application | None, now: datetime) -> list[RegisteredKey]:
    live = []
    for key in applications.list_keys(tx, tenant.id, application.id if application else new_guid()):
        if key.start_at <= now < key.end_at:
            try:
                live.append(read_key(key))
            except UnusableKey:
                continue
    return live


def application_claims(
    issuer: str, tenant_id: str, proven: Proven, *, by_secret: bool, now: datetime, life: timedelta = APPLICATION_LIFE
) -> Claims:
    """The claims of an application's own token."""
    application = proven.application
    return {
        **_common(issuer, tenant_id, now, life),
        "appid": application.client_id,
        "azp": application.client_id,
        "appidacr": "1" if by_secret else "2",
        "azpacr": "1" if by_secret else "2",
        "app_displayname": application.display_name,
        "idtyp": "app",
        "oid": application.service_principal_id,
        "sub": application.service_principal_id,
        "roles": sorted(proven.permissions),
        "gen": proven.token_generation,
    }


@dataclass(frozen=True)
class Delegation:
    """A person who uses an application: what the token may say of both."""

    user: User
    token_generation: int
    client_id: str
    client_generation: int
    scopes: frozenset[str]
    grants: frozenset[RoleGrant]


def person_claims(issuer: str, tenant_id: str, delegation: Delegation, *, now: datetime, life: timedelta) -> Claims:
    """The claims of a delegated access token; `wids` names the roles held for the whole tenant, for readers only."""
    user = delegation.user
    return {
        **_common(issuer, tenant_id, now, life),
        "appid": delegation.client_id,
        "azp": delegation.client_id,
        "idtyp": "user",
        "oid": user.id,
        "sub": user.id,
        "name": user.display_name,
        "upn": user.user_principal_name,
        "preferred_username": user.user_principal_name,
        "scp": " ".join(sorted(delegation.scopes)),
        "wids": sorted({grant.role_id for grant in delegation.grants if grant.unit_id == TENANT_WIDE}),
        "gen": delegation.token_generation,
        "cgen": delegation.client_generation,
    }


def _common(issuer: str, tenant_id: str, now: datetime, life: timedelta) -> Claims:
    return {
        "iss": issuer,
        "aud": GRAPH_AUDIENCE,
        "tid": tenant_id,
        "iat": int(now.timestamp()),
        "nbf": int(now.timestamp()),
        "exp": int((now + life).timestamp()),
        "uti": new_guid(),
        "ver": "2.0",
    }
