"""The bearer of a Graph request: token -> `Caller`, then the route's permission (graph-contract 5.1, 5.2)."""

from datetime import datetime

from badgepin.crypto.token import BadToken
from badgepin.domain.caller import Caller
from badgepin.graph.errors import GraphError, forbidden, unauthorized
from badgepin.graph.request import Route
from badgepin.web.bearer import AUDIENCES, read_caller
from badgepin.web.installation import Installation

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
    caller = read_caller(claims, authority)
    if caller is None:
        raise unauthorized(_INVALID, authority)
    return caller


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
