"""The bearer of a Graph request: token -> `Caller`, then the route's permission (graph-contract 5.1, 5.2)."""

from collections.abc import Mapping
from datetime import datetime

from badgepin.crypto.token import BadToken
from badgepin.domain.caller import Caller
from badgepin.domain.ids import canonical_guid
from badgepin.graph.errors import GraphError, forbidden, unauthorized
from badgepin.graph.request import Route
from badgepin.web.installation import Installation

AUDIENCES = frozenset(
    {"https://graph.microsoft.com", "https://graph.microsoft.com/", "00000003-0000-0000-c000-000000000000"}
)
_EMPTY = "Access token is empty."
_MALFORMED = "CompactToken parsing failed with error code: 80049217"
_INVALID = "Access token validation failure."
_LONGEST = 16_384


def authenticate(installation: Installation, authorization: str | None, now: datetime) -> Caller:
    """The caller that a valid access token of this installation names. Raises `GraphError` 401."""
    authority = installation.settings.base_url
    scheme, _, token = (authorization or "").strip().partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise unauthorized(_EMPTY, authority)
    if token.count(".") != 2 or len(token) > _LONGEST:  # noqa: PLR2004 - a compact JWS has three parts
        raise unauthorized(_MALFORMED, authority)
    claims = installation.tokens.verify(token, now=now, audiences=AUDIENCES)
    if isinstance(claims, BadToken):
        raise unauthorized(_INVALID, authority)
    caller = _caller(claims)
    if caller is None or claims.get("iss") != f"{authority}/{caller.tenant_id}/v2.0":
        raise unauthorized(_INVALID, authority)
    return caller


def _caller(claims: Mapping[str, object]) -> Caller | None:
    tenant, client = claims.get("tid"), claims.get("appid")
    generation = claims.get("gen")
    if not (isinstance(tenant, str) and isinstance(client, str) and isinstance(generation, int)):
        return None
    if canonical_guid(tenant) is None or canonical_guid(client) is None:
        return None
    if claims.get("idtyp") == "app":
        roles = claims.get("roles")
        scopes = frozenset(role for role in roles if isinstance(role, str)) if isinstance(roles, list) else frozenset()
        return Caller(tenant, client, None, scopes, generation)
    user, scp, client_generation = claims.get("oid"), claims.get("scp"), claims.get("cgen")
    if not (isinstance(user, str) and isinstance(scp, str) and isinstance(client_generation, int)):
        return None
    if canonical_guid(user) is None:
        return None
    return Caller(tenant, client, user, frozenset(scp.split()), generation, client_generation)


def check_permission(route: Route, caller: Caller, *, strict: bool) -> bool:
    """Whether the permission that lets the caller in reaches other people. Raises `GraphError` when none lets it in."""
    if route.path.startswith("/me") and caller.is_application:
        raise GraphError(400, "BadRequest", "/me request is only valid with delegated authentication flow.")
    if not route.permission.application and not route.permission.delegated:
        return False
    held = route.permission.held_by(caller.scopes, application=caller.is_application, strict=strict)
    if not held:
        raise forbidden(route.family)
    return caller.is_application or any(not scope.endswith((".Read", ".ReadWrite")) for scope in held)
