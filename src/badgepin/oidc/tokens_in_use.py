"""What a token is worth now: userinfo (OpenID Core 5.3), introspection (RFC 7662), revocation (RFC 7009).

Nothing is remembered: every answer is read from the database, so it is right in the moment after a revocation.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from badgepin.crypto.token import BadToken
from badgepin.domain.caller import Call, Caller
from badgepin.domain.tenant import Tenant
from badgepin.oidc.errors import invalid_bearer, invalid_client, invalid_request
from badgepin.oidc.token import Json, TokenRequest, find_application, issuer_of, read_form, read_proof
from badgepin.services import authorization
from badgepin.services.authorization import AtToken
from badgepin.services.standing import find_standing
from badgepin.services.user import find_profile
from badgepin.store.transaction import Transaction
from badgepin.web.bearer import AUDIENCES, read_caller
from badgepin.web.installation import Installation

_INACTIVE: Json = {"active": False}


@dataclass(frozen=True)
class _Read:
    caller: Caller
    claims: Mapping[str, object]


def _read(installation: Installation, token: str) -> _Read | None:
    claims = installation.tokens.verify(token, now=installation.clock(), audiences=AUDIENCES)
    if isinstance(claims, BadToken):
        return None
    caller = read_caller(claims, installation.settings.base_url)
    return None if caller is None else _Read(caller, claims)


def _call(installation: Installation, caller: Caller) -> Call:
    ends = installation.settings.delete_code_ends_sessions
    return Call(caller, installation.clock(), "", reaches_others=False, sessions_end_with_code=ends)


async def userinfo(installation: Installation, authorization_header: str | None) -> Json:
    """Who the bearer of a person's access token is. Raises `TokenError`."""
    scheme, _, token = (authorization_header or "").partition(" ")
    read = _read(installation, token.strip()) if scheme.lower() == "bearer" else None
    if read is None or read.caller.user_id is None or "openid" not in read.caller.scopes:
        raise invalid_bearer()
    call = _call(installation, read.caller)
    user = await installation.database.read(lambda tx: find_profile(tx, call))
    if user is None:
        raise invalid_bearer()
    answer: Json = {"sub": user.id, "oid": user.id}
    if "profile" in read.caller.scopes:
        answer |= {"name": user.display_name, "preferred_username": user.user_principal_name}
        answer |= {"given_name": user.given_name} if user.given_name else {}
        answer |= {"family_name": user.surname} if user.surname else {}
    if "email" in read.caller.scopes and user.mail:
        answer["email"] = user.mail
    return answer


async def introspect(installation: Installation, request: TokenRequest) -> Json:
    """Whether a token counts now, for a client that proves itself. Raises `TokenError`."""
    form, at = await _proven_client(installation, request)
    token = _token(form)
    read = _read(installation, token)
    if read is None:
        return await _introspect_refresh(installation, request.tenant, at, token)
    if read.caller.tenant_id != request.tenant.id:
        return _INACTIVE
    call = _call(installation, read.caller)
    standing = await installation.database.read(lambda tx: find_standing(tx, call))
    if standing is None or _is_over(installation, read.claims):
        return _INACTIVE
    answer = {name: value for name, value in read.claims.items() if name not in {"gen", "cgen", "grant", "uti"}}
    return {
        "active": True,
        "token_type": "Bearer",
        "client_id": read.caller.client_id,
        "scope": " ".join(sorted(read.caller.scopes)),
        "username": standing.user_principal_name or standing.display_name,
        **answer,
    }


def _is_over(installation: Installation, claims: Mapping[str, object]) -> bool:
    # the verifier is lenient about clocks; whoever asks us gets the exact answer
    expires = claims.get("exp")
    return not isinstance(expires, int) or installation.clock().timestamp() >= expires


async def _introspect_refresh(installation: Installation, tenant: Tenant, at: AtToken, token: str) -> Json:
    found = await installation.database.write(lambda tx: authorization.find_refresh_token(tx, at, token))
    if found is None:
        return _INACTIVE
    grant, session = found
    return {
        "active": True,
        "token_type": "refresh_token",
        "client_id": at.application.client_id,
        "scope": " ".join(sorted(grant.scopes)),
        "sub": session.user_id,
        "username": session.user_principal_name,
        "iss": issuer_of(installation, tenant),
        "exp": int(min(grant.expires_at, session.ends_at).timestamp()),
        "sid": session.id,
    }


async def revoke(installation: Installation, request: TokenRequest) -> Json:
    """End a client's own token with everything issued beside it; an unknown one is as good as ended."""
    form = read_form(request)
    token, client, now = _token(form), read_proof(installation, request, form), installation.clock()
    read = _read(installation, token)

    def work(tx: Transaction) -> bool:
        found = find_application(tx, request.tenant, client, now)
        if found is None or not (found[1] or found[0].is_public_somewhere):
            return False
        at = AtToken(request.tenant.id, *found, installation.session_reading, installation.keys, now)
        if read is not None and read.caller.client_id == at.application.client_id and read.caller.grant_id:
            authorization.revoke_grant(tx, at, read.caller.grant_id)
        elif read is None:
            authorization.revoke_refresh_token(tx, at, token)
        return True

    if not await installation.database.write(work):
        raise invalid_client(by_basic=client.by_basic)
    return {}


async def _proven_client(installation: Installation, request: TokenRequest) -> tuple[Mapping[str, str], AtToken]:
    form = read_form(request)
    client, now = read_proof(installation, request, form), installation.clock()
    found = None
    if client.proof is not None:
        found = await installation.database.write(lambda tx: find_application(tx, request.tenant, client, now))
    if found is None:
        raise invalid_client(by_basic=client.by_basic)
    return form, AtToken(request.tenant.id, *found, installation.session_reading, installation.keys, now)


def _token(form: Mapping[str, str]) -> str:
    token = form.get("token")
    if not token:
        raise invalid_request("token is required.")
    return token
