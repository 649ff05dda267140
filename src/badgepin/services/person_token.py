"""The claims of what an application gets for a person: access token and ID token (OpenID Connect Core 2).

They tell the truth: a software key on paper and a PIN, which is AAL1, under which kind of code, until when at most.
"""

import base64
import hashlib
from datetime import datetime, timedelta

from badgepin.domain.authorization import ACR, AMR, ID_TOKEN_LIFE, PERSON_TOKEN_LIFE
from badgepin.services.authorization import Delegated
from badgepin.services.token import Claims, person_claims


def access_token_life(delegated: Delegated, now: datetime) -> timedelta:
    """How long an access token lives: 900 s, and never past the session, the code or the grant."""
    return min(PERSON_TOKEN_LIFE, _left(delegated, now))


def access_token_claims(issuer: str, tenant_id: str, delegated: Delegated, now: datetime) -> Claims:
    """The claims of an access token; `grant` ties it to what it was issued under."""
    claims = person_claims(issuer, tenant_id, delegated.delegation, now=now, life=access_token_life(delegated, now))
    return {**claims, **_sign_in_claims(delegated), "grant": delegated.grant.id}


def id_token_claims(issuer: str, tenant_id: str, delegated: Delegated, *, access_token: str, now: datetime) -> Claims:
    """The claims of an ID token: who signed in, how, when, and under which session."""
    client_id, seconds = delegated.application.client_id, int(now.timestamp())
    claims: Claims = {
        "iss": issuer,
        "aud": client_id,
        "azp": client_id,
        "tid": tenant_id,
        "iat": seconds,
        "nbf": seconds,
        "exp": int((now + min(ID_TOKEN_LIFE, _left(delegated, now))).timestamp()),
        "at_hash": _half_hash(access_token),
        "ver": "2.0",
        **identity_claims(delegated),
        **_sign_in_claims(delegated),
    }
    if delegated.nonce is not None:
        claims["nonce"] = delegated.nonce
    return claims


def identity_claims(delegated: Delegated) -> Claims:
    """Who it is, as far as the scopes say: OpenID Connect Core 5.4."""
    user, scopes = delegated.delegation.user, delegated.delegation.scopes
    claims: Claims = {"sub": user.id, "oid": user.id}
    if "profile" in scopes:
        claims |= {
            "name": user.display_name,
            "preferred_username": user.user_principal_name,
            "upn": user.user_principal_name,
        }
        claims |= {
            name: value
            for name, value in (("given_name", user.given_name), ("family_name", user.surname))
            if value is not None
        }
    if "email" in scopes and user.mail:
        claims["email"] = user.mail
    return claims


def _sign_in_claims(delegated: Delegated) -> Claims:
    session = delegated.session
    return {
        "sid": session.id,
        "auth_time": int(session.signed_in_at.timestamp()),
        "amr": list(AMR),
        "acr": ACR,
        "qr_code_kind": session.code_kind.value,
        "qr_code_expires_at": int(session.code_expire_at.timestamp()),
        "stores": list(delegated.stores),
    }


def _left(delegated: Delegated, now: datetime) -> timedelta:
    return min(delegated.session.ends_at, delegated.grant.expires_at) - now


def _half_hash(access_token: str) -> str:
    digest = hashlib.sha256(access_token.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()
