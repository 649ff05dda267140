"""The table of contents of the sign-in door, and the thin layer between HTTP and its functions."""

from collections.abc import Awaitable, Callable
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from badgepin.domain.authorization import AuthorizationRequest
from badgepin.domain.tenant import Tenant
from badgepin.portal import sign_in
from badgepin.portal.desk_door import desk_routes
from badgepin.portal.exchange import (
    NO_STORE,
    html_answer,
    language_of,
    problem_page,
    read_body,
    read_json,
    unavailable_answer,
)
from badgepin.portal.page import render_done, render_sign_in
from badgepin.portal.static_files import static_file
from badgepin.portal.step import Step, StepAnswer, busy, refuse_unproven
from badgepin.portal.view import DoneView, SignInView, brand_of
from badgepin.portal.words import choose_language
from badgepin.services import session as sessions
from badgepin.services.attempt import Attempt
from badgepin.services.tenant import find_tenant
from badgepin.store.transaction import StoreUnavailable, Transaction
from badgepin.web.client_address import client_address
from badgepin.web.cookies import (
    BROWSER,
    SESSION,
    drop_cookie,
    form_token,
    is_form_token,
    new_browser,
    read_cookie,
    set_cookie,
)
from badgepin.web.installation import Installation
from badgepin.web.limits import RateLimit
from badgepin.web.sealed_request import unseal_request

_BURST = 3

Handle = Callable[[Installation, Step], Awaitable[StepAnswer]]


def routes(installation: Installation) -> list[BaseRoute]:
    """The sign-in door's routes."""
    door = SignInDoor(installation)
    steps: dict[str, Handle] = {
        "challenge": sign_in.give_challenge,
        "proof": sign_in.take_proof,
        "pin": sign_in.take_pin,
        "change": sign_in.take_new_pin,
    }
    return [
        Route("/static/{digest}/{name:path}", door.static, methods=["GET"]),
        Route("/{tenant}/sign-in", door.page, methods=["GET"]),
        Route("/{tenant}/sign-in/done", door.done, methods=["GET"]),
        Route("/{tenant}/sign-in/sign-out", door.sign_out, methods=["POST"]),
        *(Route(f"/{{tenant}}/sign-in/{name}", door.step(handle), methods=["POST"]) for name, handle in steps.items()),
        *desk_routes(installation),
    ]


class SignInDoor:
    """The pages, and the steps behind them."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        rate = installation.settings.sign_ins_per_second
        # a sign-in is four requests
        self._limit = RateLimit(rate * 4, rate * 4 * _BURST)

    async def static(self, request: Request) -> Response:
        """A file of the page; its address changes with its content."""
        found = static_file(request.path_params["digest"], request.path_params["name"])
        if found is None:
            return Response(status_code=404)
        content, media_type = found
        headers = {"cache-control": "public, max-age=31536000, immutable"}
        return Response(content, media_type=media_type, headers=headers)

    async def page(self, request: Request) -> Response:
        """The sign-in page."""
        installation, sealed = self._installation, request.query_params.get("request", "")
        language = language_of(request)
        try:
            tenant = await self._tenant(request)
        except StoreUnavailable:
            return problem_page(installation, language, "unavailable", 503)
        if tenant is None:
            return problem_page(installation, language, "unknownTenant", 404)
        wanted = self._unsealed(tenant, sealed)
        if sealed and wanted is None:
            return problem_page(installation, language, "requestTooOld", 400)
        if wanted is not None:
            language = choose_language(request.headers.get("accept-language", ""), wanted.ui_locales)
        view = SignInView(
            brand=brand_of(installation.settings, tenant),
            language=language,
            base_url=installation.settings.base_url,
            base_path=f"/{tenant.id}/sign-in",
            sealed_request=sealed,
            client_name=wanted.client_name if wanted else "",
        )
        response = html_answer(render_sign_in(view))
        if read_cookie(request.headers.get("cookie", ""), BROWSER) is None:
            response.headers.append("set-cookie", set_cookie(BROWSER, new_browser()))
        return response

    async def done(self, request: Request) -> Response:
        """Who is signed in here, and the way out."""
        installation, language = self._installation, language_of(request)
        cookie = read_cookie(request.headers.get("cookie", ""), SESSION)
        try:
            tenant = await self._tenant(request)
            if tenant is None:
                return problem_page(installation, language, "unknownTenant", 404)
            now, reading = installation.clock(), installation.session_reading
            session = None
            if cookie is not None:
                session = await installation.database.write(
                    lambda tx: sessions.use_session(tx, tenant.id, cookie, reading, now)
                )
        except StoreUnavailable:
            return problem_page(installation, language, "unavailable", 503)
        path = f"/{tenant.id}/sign-in"
        if session is None or cookie is None:
            return RedirectResponse(path, status_code=303, headers=NO_STORE)
        view = DoneView(
            brand=brand_of(installation.settings, tenant),
            language=language,
            base_path=path,
            person=session.display_name,
            code_kind=session.code_kind.value,
            ends_at=session.ends_at,
            token=form_token(cookie),
        )
        return html_answer(render_done(view))

    async def sign_out(self, request: Request) -> Response:
        """End the session of this browser at the back end, and leave nothing of it here."""
        installation, language = self._installation, language_of(request)
        cookie = read_cookie(request.headers.get("cookie", ""), SESSION)
        try:
            tenant = await self._tenant(request)
            if tenant is None:
                return problem_page(installation, language, "unknownTenant", 404)
            token = (await read_body(request)).decode("utf-8", "replace").removeprefix("token=")
            if cookie is not None and not is_form_token(token, cookie):
                return problem_page(installation, language, "signOutRefused", 403)
            attempt = self._attempt(request, tenant, None)

            def work(tx: Transaction) -> None:
                session = sessions.find_session(tx, tenant.id, cookie or "", installation.session_reading, attempt.now)
                if session is not None:
                    sessions.sign_out(tx, attempt, session)

            await installation.database.write(work)
        except StoreUnavailable:
            return problem_page(installation, language, "unavailable", 503)
        response = RedirectResponse(f"/{tenant.id}/sign-in", status_code=303, headers=NO_STORE)
        for name in (SESSION, BROWSER):
            response.headers.append("set-cookie", drop_cookie(name))
        response.headers["clear-site-data"] = '"cache", "storage"'
        return response

    def step(self, handle: Handle) -> Callable[[Request], Awaitable[Response]]:
        """The endpoint of one step of the protocol."""

        async def endpoint(request: Request) -> Response:
            try:
                tenant = await self._tenant(request)
                if tenant is None:
                    return JSONResponse({"error": {"code": "unknownTenant"}}, status_code=404, headers=NO_STORE)
                step = await self._step(request, tenant)
                answer = await self._answer(request, step, handle)
            except StoreUnavailable:
                return unavailable_answer(language_of(request))
            response = JSONResponse(answer.body, status_code=answer.status, headers={**NO_STORE, **answer.headers})
            if answer.session is not None:
                response.headers.append("set-cookie", set_cookie(SESSION, answer.session))
                # what was proven before the sign-in dies with it: the next one begins anew
                response.headers.append("set-cookie", drop_cookie(BROWSER))
            return response

        return endpoint

    async def _answer(self, request: Request, step: Step, handle: Handle) -> StepAnswer:
        if not self._limit.allows(step.attempt.ip_address):
            return busy(step, "tooMany", 429)
        cause = self._foreign(request, step)
        if cause is not None:
            return refuse_unproven(self._installation, step, cause)
        return await handle(self._installation, step)

    def _foreign(self, request: Request, step: Step) -> str | None:
        if request.headers.get("origin") != self._installation.settings.base_url:
            return "sent from another site"
        if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
            return "sent from another site"
        if not step.browser:
            return "no cookie of the page"
        if step.sealed and self._unsealed(step.tenant, step.sealed) is None:
            return "authorization request not sealed here, or too old"
        return None

    async def _step(self, request: Request, tenant: Tenant) -> Step:
        body = await read_json(request)
        sealed = body.get("request")
        sealed = sealed if isinstance(sealed, str) and sealed.isascii() else ""
        wanted = self._unsealed(tenant, sealed)
        browser = read_cookie(request.headers.get("cookie", ""), BROWSER) or ""
        return Step(tenant, self._attempt(request, tenant, wanted), browser, sealed, body, language_of(request))

    def _unsealed(self, tenant: Tenant, sealed: str) -> AuthorizationRequest | None:
        installation = self._installation
        return unseal_request(installation.keys, tenant.id, sealed, installation.clock()) if sealed else None

    def _attempt(self, request: Request, tenant: Tenant, wanted: AuthorizationRequest | None) -> Attempt:
        return Attempt(
            tenant.id,
            self._installation.clock(),
            str(uuid4()),
            client_address(request.scope, self._installation.settings.trusted_proxies),
            request.headers.get("user-agent", ""),
            wanted.client_id if wanted else "",
            wanted.client_name if wanted else "",
        )

    async def _tenant(self, request: Request) -> Tenant | None:
        named = request.path_params["tenant"]
        if "\x00" in named:
            return None
        return await self._installation.database.read(lambda tx: find_tenant(tx, named))
