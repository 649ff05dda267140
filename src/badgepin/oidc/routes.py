"""The table of contents of the OpenID provider, and the thin layer between HTTP and its functions."""

from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import urlencode
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from badgepin.crypto.token import public_jwks
from badgepin.domain.authorization import ResponseMode
from badgepin.domain.tenant import Tenant
from badgepin.oidc.authorization_request import AuthorizationRefused, read_parameters
from badgepin.oidc.authorize import SendBack, SendToSignIn, authorize, refusal, resume
from badgepin.oidc.device import answer_device_request, show_device
from badgepin.oidc.discovery import discovery_document
from badgepin.oidc.end_session import Ask, end_session
from badgepin.oidc.errors import TokenError, invalid_request, unavailable, unknown_tenant
from badgepin.oidc.managed_identity import answer_identity_request
from badgepin.oidc.pushed_request import answer_push
from badgepin.oidc.token import TokenRequest, answer_token_request
from badgepin.oidc.tokens_in_use import introspect, revoke, userinfo
from badgepin.services.attempt import Attempt
from badgepin.services.tenant import find_tenant
from badgepin.store.transaction import StoreUnavailable
from badgepin.web.client_address import client_address
from badgepin.web.cookies import SESSION, drop_cookie, form_token, read_cookie
from badgepin.web.installation import Installation
from badgepin.web.plain_page import PlainPage, posting_page, question_page, sentence_page

NO_STORE = {"cache-control": "no-store", "pragma": "no-cache"}
_KEYS_AGE = {"cache-control": "max-age=600"}
_MOST_BODY = 65_536
# endpoints without cookies may be called by pages of applications (Fetch standard, CORS)
_ANY_PAGE = {"access-control-allow-origin": "*"}
_PREFLIGHT = {
    **_ANY_PAGE,
    "access-control-allow-methods": "GET, POST",
    "access-control-allow-headers": "authorization, content-type, x-client-sku, x-client-ver, client-request-id",
    "access-control-max-age": "3600",
}

Answer = tuple[Mapping[str, object], Mapping[str, str]]


def routes(installation: Installation) -> list[BaseRoute]:
    """The provider's routes."""
    pages = _Pages(installation)

    async def discovery(request: Request) -> Answer:
        return discovery_document(installation, await find(installation, request)), _KEYS_AGE

    async def keys(request: Request) -> Answer:
        await find(installation, request)
        return public_jwks(installation.keys), _KEYS_AGE

    async def identity(request: Request) -> Answer:
        header = request.headers.get("x-identity-header") or request.headers.get("secret")
        return await answer_identity_request(installation, request.query_params, header), NO_STORE

    async def who(request: Request) -> Answer:
        return await userinfo(installation, request.headers.get("authorization")), NO_STORE

    def client(
        path: str, answer: Callable[[Installation, TokenRequest], Awaitable[Mapping[str, object]]], status: int = 200
    ) -> Route:
        async def post(request: Request) -> Answer:
            return await answer(installation, await _token_request(installation, request)), NO_STORE

        return Route(path, _endpoint(installation, post, status), methods=["POST", "OPTIONS"])

    def route(path: str, verbs: list[str], answer: Callable[[Request], Awaitable[Answer]]) -> Route:
        return Route(path, _endpoint(installation, answer), methods=verbs)

    devices = [Route("/{tenant}/device", pages.device, methods=["GET", "POST"])]
    if not installation.settings.device_flow:
        devices = []
    return [
        route("/metadata/identity/oauth2/token", ["GET"], identity),
        route("/oidc/userinfo", ["GET", "POST", "OPTIONS"], who),
        route("/{tenant}/v2.0/.well-known/openid-configuration", ["GET", "OPTIONS"], discovery),
        route("/{tenant}/discovery/v2.0/keys", ["GET", "OPTIONS"], keys),
        client("/{tenant}/oauth2/v2.0/token", answer_token_request),
        client("/{tenant}/oauth2/v2.0/par", answer_push, 201),
        client("/{tenant}/oauth2/v2.0/devicecode", answer_device_request),
        client("/{tenant}/oauth2/v2.0/introspect", introspect),
        client("/{tenant}/oauth2/v2.0/revoke", revoke),
        Route("/{tenant}/oauth2/v2.0/authorize", pages.authorize, methods=["GET", "POST"]),
        Route("/{tenant}/oauth2/v2.0/authorize/resume", pages.resume, methods=["GET"]),
        Route("/{tenant}/oauth2/v2.0/logout", pages.logout, methods=["GET", "POST"]),
        *devices,
    ]


class _Pages:
    """The endpoints that a person's browser visits."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation

    async def authorize(self, request: Request) -> Response:
        """An application sends a person here."""
        return await self._answer(request, authorize, await _encoded(request))

    async def resume(self, request: Request) -> Response:
        """The sign-in page sends the person back here."""
        return await self._answer(request, resume, request.query_params.get("request", ""))

    async def _answer(
        self,
        request: Request,
        step: Callable[[Installation, Tenant, str, str | None], Awaitable[SendBack | SendToSignIn]],
        given: str,
    ) -> Response:
        try:
            tenant = await find(self._installation, request)
        except TokenError as error:
            return _problem(error.description, error.status)
        except StoreUnavailable:
            return _away()
        try:
            outcome = await step(self._installation, tenant, given, _session(request))
        except AuthorizationRefused as error:
            back = refusal(self._installation, tenant, error)
            return _problem(error.description) if back is None else _send_back(back)
        except StoreUnavailable:
            return _away()
        if isinstance(outcome, SendToSignIn):
            return RedirectResponse(outcome.path, status_code=303, headers=NO_STORE)
        return _send_back(outcome)

    async def device(self, request: Request) -> Response:
        """Somebody signs a device in."""
        try:
            tenant = await find(self._installation, request)
            posted = request.method == "POST"
            encoded = await _encoded(request)
            shown = await show_device(self._installation, tenant, encoded, _session(request), posted=posted)
        except TokenError as error:
            return _problem(error.description, error.status)
        except AuthorizationRefused as error:
            return _problem(error.description)
        except StoreUnavailable:
            return _away()
        return _html(shown.page, shown.status)

    async def logout(self, request: Request) -> Response:
        """An application sends a person here to sign out."""
        installation, session = self._installation, _session(request)
        try:
            tenant = await find(installation, request)
            encoded = await _encoded(request)
            address = client_address(request.scope, installation.settings.trusted_proxies)
            attempt = Attempt(tenant.id, installation.clock(), str(uuid4()), address)
            outcome = await end_session(installation, tenant, encoded, session, attempt)
        except TokenError as error:
            return _problem(error.description, error.status)
        except AuthorizationRefused as error:
            return _problem(error.description)
        except StoreUnavailable:
            return _away()
        if isinstance(outcome, Ask):
            fields = {**read_parameters(encoded).values, "token": form_token(session or "")}
            sentence = "An application asks to sign you out of this device."
            return _html(question_page("Sign out?", sentence, request.url.path, "Sign out", fields))
        if outcome.location is None:
            response: Response = _html(sentence_page("You are signed out", "You can close this page now."))
        else:
            response = RedirectResponse(outcome.location, status_code=303, headers=NO_STORE)
        response.headers.append("set-cookie", drop_cookie(SESSION))
        response.headers["clear-site-data"] = '"cache", "storage"'
        return response


def _send_back(back: SendBack) -> Response:
    uri, mode = back.destination.uri, back.destination.mode
    if mode is ResponseMode.FORM_POST:
        return _html(posting_page(uri, back.values))
    mark = "#" if mode is ResponseMode.FRAGMENT else ("&" if "?" in uri else "?")
    # 303: the browser must not send a form's body on (RFC 9700 4.12)
    response = Response(status_code=303, headers=NO_STORE)
    response.headers["location"] = f"{uri}{mark}{urlencode(back.values)}"
    return response


def _html(page: PlainPage, status: int = 200) -> Response:
    return HTMLResponse(page.html, status_code=status, headers=dict(page.headers))


def _problem(sentence: str, status: int = 400) -> Response:
    return _html(sentence_page("This sign-in cannot go on", sentence), status)


def _away() -> Response:
    page = sentence_page("Please try again", "The service is not available for the moment.")
    response = _html(page, 503)
    response.headers["retry-after"] = "2"
    return response


def _endpoint(
    installation: Installation, answer: Callable[[Request], Awaitable[Answer]], status: int = 200
) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=_PREFLIGHT)
        try:
            body, headers = await answer(request)
        except TokenError as error:
            return _refusal(installation, request, error)
        except StoreUnavailable:
            return _refusal(installation, request, unavailable())
        return JSONResponse(body, status_code=status, headers={**headers, **_ANY_PAGE})

    return endpoint


def _refusal(installation: Installation, request: Request, error: TokenError) -> Response:
    correlation = request.headers.get("client-request-id", "")[:64] or str(uuid4())
    body = error.body(now=installation.clock(), trace_id=str(uuid4()), correlation_id=correlation)
    return JSONResponse(body, status_code=error.status, headers={**NO_STORE, **_ANY_PAGE, **error.headers})


async def find(installation: Installation, request: Request) -> Tenant:
    """The tenant in the path. Raises `TokenError`."""
    named = request.path_params["tenant"]
    tenant = None if "\x00" in named else await installation.database.read(lambda tx: find_tenant(tx, named))
    if tenant is None:
        raise unknown_tenant()
    return tenant


async def _token_request(installation: Installation, request: Request) -> TokenRequest:
    tenant = await find(installation, request)
    content_type, authorization = request.headers.get("content-type", ""), request.headers.get("authorization")
    return TokenRequest(tenant, content_type, await _body(request), authorization)


async def _encoded(request: Request) -> str:
    if request.method == "POST":
        return (await _body(request)).decode("utf-8", "replace")
    return str(request.url.query)


async def _body(request: Request) -> bytes:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _MOST_BODY:
            raise invalid_request(f"The form must not be larger than {_MOST_BODY} bytes.")
    return body


def _session(request: Request) -> str | None:
    return read_cookie(request.headers.get("cookie", ""), SESSION)
