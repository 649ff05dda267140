"""Who sends a Graph request: token or desk session -> `Caller`, then the route's permission (graph-contract 5.1)."""

from collections.abc import Mapping
from datetime import datetime

from badgepin.crypto.token import BadToken
from badgepin.domain.caller import Caller
from badgepin.domain.desk import is_fresh
from badgepin.graph.errors import GraphError, forbidden, unauthorized
from badgepin.graph.request import Incoming, Route
from badgepin.web.bearer import AUDIENCES, read_caller
from badgepin.web.desk_caller import carries_desk_cookie, read_desk_caller
from badgepin.web.installation import Installation

_EMPTY = "Access token is empty."
_MALFORMED = "CompactToken parsing failed with error code: 80049217"
_INVALID = "Access token validation failure."
_NOT_AT_DESK = "The session of the desk is over, or the request does not come from the desk's own page."
_PROVE_AGAIN = "Use your passkey again: the last time was more than 15 minutes ago."
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


async def authenticate_desk(installation: Installation, incoming: Incoming, now: datetime) -> Caller:
    """The person of a desk session, as long as the request comes from the desk's own page. Raises `GraphError` 401."""
    caller = await read_desk_caller(installation, incoming.verb, incoming.headers, now)
    if caller is None:
        raise unauthorized(_NOT_AT_DESK, installation.settings.base_url)
    return caller


def is_from_desk(headers: Mapping[str, str]) -> bool:
    """Whether a request brings a session of the desk instead of a token."""
    return "authorization" not in headers and carries_desk_cookie(headers)


def check_fresh(route: Route, caller: Caller, now: datetime) -> None:
    """Raises `GraphError` when somebody at the desk must prove first that it is still them."""
    if route.fresh:
        require_fresh(caller, now)


def require_fresh(caller: Caller, now: datetime) -> None:
    """The same, where only some of what an operation does needs it."""
    if not is_fresh(caller, now):
        raise GraphError(403, "stepUpRequired", _PROVE_AGAIN)


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
