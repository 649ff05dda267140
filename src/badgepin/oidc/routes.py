"""The table of contents of the token issuer, and the thin layer between HTTP and its functions."""

from collections.abc import Awaitable, Callable, Mapping
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from badgepin.crypto.token import public_jwks
from badgepin.domain.tenant import Tenant
from badgepin.oidc.discovery import discovery_document
from badgepin.oidc.errors import TokenError, invalid_request, unavailable, unknown_tenant
from badgepin.oidc.managed_identity import answer_identity_request
from badgepin.oidc.token import TokenRequest, answer_token_request
from badgepin.services.tenant import find_tenant
from badgepin.store.transaction import StoreUnavailable
from badgepin.web.installation import Installation

_NO_STORE = {"cache-control": "no-store", "pragma": "no-cache"}
_KEYS_AGE = {"cache-control": "max-age=600"}
_MOST_BODY = 65_536

Answer = tuple[Mapping[str, object], Mapping[str, str]]


def routes(installation: Installation) -> list[BaseRoute]:
    """The issuer's routes."""

    async def discovery(request: Request) -> Answer:
        return discovery_document(installation, await _tenant(installation, request)), _KEYS_AGE

    async def keys(request: Request) -> Answer:
        await _tenant(installation, request)
        return public_jwks(installation.keys), _KEYS_AGE

    async def token(request: Request) -> Answer:
        tenant = await _tenant(installation, request)
        content_type = request.headers.get("content-type", "")
        authorization = request.headers.get("authorization")
        asked = TokenRequest(tenant, content_type, await _body(request), authorization)
        return await answer_token_request(installation, asked), _NO_STORE

    async def authorize(request: Request) -> Answer:
        await _tenant(installation, request)
        raise TokenError(501, "unsupported_response_type", "Signing people in is not part of this release.")

    async def identity(request: Request) -> Answer:
        header = request.headers.get("x-identity-header") or request.headers.get("secret")
        return await answer_identity_request(installation, request.query_params, header), _NO_STORE

    def route(path: str, verb: str, answer: Callable[[Request], Awaitable[Answer]]) -> Route:
        return Route(path, _endpoint(installation, answer), methods=[verb])

    return [
        route("/metadata/identity/oauth2/token", "GET", identity),
        route("/{tenant}/v2.0/.well-known/openid-configuration", "GET", discovery),
        route("/{tenant}/discovery/v2.0/keys", "GET", keys),
        route("/{tenant}/oauth2/v2.0/token", "POST", token),
        route("/{tenant}/oauth2/v2.0/authorize", "GET", authorize),
    ]


def _endpoint(
    installation: Installation, answer: Callable[[Request], Awaitable[Answer]]
) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            body, headers = await answer(request)
        except TokenError as error:
            return _refusal(installation, request, error)
        except StoreUnavailable:
            return _refusal(installation, request, unavailable())
        return JSONResponse(body, headers=dict(headers))

    return endpoint


def _refusal(installation: Installation, request: Request, error: TokenError) -> Response:
    correlation = request.headers.get("client-request-id", "")[:64] or str(uuid4())
    body = error.body(now=installation.clock(), trace_id=str(uuid4()), correlation_id=correlation)
    return JSONResponse(body, status_code=error.status, headers={**_NO_STORE, **error.headers})


async def _tenant(installation: Installation, request: Request) -> Tenant:
    named = request.path_params["tenant"]
    tenant = None if "\x00" in named else await installation.database.read(lambda tx: find_tenant(tx, named))
    if tenant is None:
        raise unknown_tenant()
    return tenant


async def _body(request: Request) -> bytes:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _MOST_BODY:
            raise invalid_request(f"The form must not be larger than {_MOST_BODY} bytes.")
    return body
