"""The routes at the door of the desk: two pages, and the ceremonies behind them."""

from collections.abc import Awaitable, Callable
from urllib.parse import quote
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from badgepin.domain.desk import DeskSession
from badgepin.domain.tenant import DESK_CLIENT, Tenant
from badgepin.portal import desk_step
from badgepin.portal.exchange import (
    NO_STORE,
    html_answer,
    language_of,
    problem_page,
    read_json,
    unavailable_answer,
)
from badgepin.portal.page import render_desk, render_desk_shell
from badgepin.portal.step import Step, StepAnswer, busy
from badgepin.portal.view import DeskView, brand_of
from badgepin.services import desk_session
from badgepin.services.attempt import Attempt
from badgepin.services.tenant import find_tenant
from badgepin.store.transaction import StoreUnavailable
from badgepin.web.client_address import client_address
from badgepin.web.cookies import BROWSER, DESK, drop_cookie, is_form_token, new_browser, read_cookie, set_cookie
from badgepin.web.desk_caller import HEADER, is_same_origin, page_token, use_desk_session
from badgepin.web.installation import Installation
from badgepin.web.limits import RateLimit

_BURST = 3
_NAME = "Badgepin desk"

Ceremony = Callable[[Installation, Step], Awaitable[StepAnswer]]
SessionCeremony = Callable[[Installation, Step, DeskSession], Awaitable[StepAnswer]]


def desk_routes(installation: Installation) -> list[BaseRoute]:
    """The routes at the door of the desk."""
    door = DeskDoor(installation)
    ceremonies: dict[str, Callable[[Request, Step], Awaitable[StepAnswer]]] = {
        "invitation/options": door.anybody(desk_step.invitation_options),
        "invitation/register": door.anybody(desk_step.register),
        "sign-in/options": door.anybody(desk_step.sign_in_options),
        "sign-in": door.sign_in,
        "step-up/options": door.signed_in(desk_step.step_up_options),
        "step-up": door.signed_in(desk_step.step_up),
        "sign-out": door.sign_out,
    }
    return [
        Route("/{tenant}/desk/sign-in", door.page("desk_sign_in.html"), methods=["GET"]),
        Route("/{tenant}/desk", door.desk, methods=["GET"]),
        Route("/{tenant}/desk/invitation", door.page("desk_invitation.html"), methods=["GET"]),
        *(
            Route(f"/{{tenant}}/desk/{name}", door.endpoint(each), methods=["POST"])
            for name, each in ceremonies.items()
        ),
        Route("/{tenant}/desk/{page:path}", door.desk, methods=["GET"]),
    ]


class DeskDoor:
    """Pages for everybody; ceremonies for whoever comes from one of them."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        rate = installation.settings.sign_ins_per_second
        # a ceremony is two requests
        self._limit = RateLimit(rate * 2, rate * 2 * _BURST)

    def page(self, template: str) -> Callable[[Request], Awaitable[Response]]:
        """The endpoint of a page; it gives the browser the cookie that its challenges are bound to."""

        async def endpoint(request: Request) -> Response:
            installation, language = self._installation, language_of(request)
            try:
                tenant = await self._tenant(request)
            except StoreUnavailable:
                return problem_page(installation, language, "unavailable", 503)
            if tenant is None:
                return problem_page(installation, language, "unknownTenant", 404)
            view = DeskView(brand_of(installation.settings, tenant), language, f"/{tenant.id}/desk")
            response = html_answer(render_desk(template, view))
            if read_cookie(_cookies(request), BROWSER) is None:
                response.headers.append("set-cookie", set_cookie(BROWSER, new_browser()))
            return response

        return endpoint

    async def desk(self, request: Request) -> Response:
        """The desk, for whoever is signed in to it; anybody else is sent to its door."""
        installation, language = self._installation, language_of(request)
        try:
            tenant = await self._tenant(request)
            if tenant is None:
                return problem_page(installation, language, "unknownTenant", 404)
            cookie = read_cookie(_cookies(request), DESK)
            session = cookie and await use_desk_session(installation, tenant.id, cookie, installation.clock())
        except StoreUnavailable:
            return problem_page(installation, language, "unavailable", 503)
        base = f"/{tenant.id}/desk"
        if not session or cookie is None:
            wanted = quote(request.url.path, safe="/")
            return RedirectResponse(f"{base}/sign-in?next={wanted}", status_code=303, headers=NO_STORE)
        view = DeskView(brand_of(installation.settings, tenant), language, base, page_token(tenant.id, cookie))
        return html_answer(render_desk_shell(view))

    def endpoint(
        self, ceremony: Callable[[Request, Step], Awaitable[StepAnswer]]
    ) -> Callable[[Request], Awaitable[Response]]:
        """The endpoint of a ceremony: limited, from our own pages only."""

        async def endpoint(request: Request) -> Response:
            try:
                tenant = await self._tenant(request)
                if tenant is None:
                    return JSONResponse({"error": {"code": "unknownTenant"}}, status_code=404, headers=NO_STORE)
                given = read_cookie(_cookies(request), BROWSER)
                step = await self._step(request, tenant, given or new_browser())
                answer = await self._answer(request, step, ceremony)
            except StoreUnavailable:
                return unavailable_answer(language_of(request))
            response = JSONResponse(answer.body, status_code=answer.status, headers={**NO_STORE, **answer.headers})
            if given is None:
                response.headers.append("set-cookie", set_cookie(BROWSER, step.browser))
            if answer.session is not None:
                cookie = set_cookie(DESK, answer.session) if answer.session else drop_cookie(DESK)
                response.headers.append("set-cookie", cookie)
            return response

        return endpoint

    def anybody(self, ceremony: Ceremony) -> Callable[[Request, Step], Awaitable[StepAnswer]]:
        """A ceremony for which nobody is signed in yet."""

        async def held(_request: Request, step: Step) -> StepAnswer:
            return await ceremony(self._installation, step)

        return held

    def signed_in(self, ceremony: SessionCeremony) -> Callable[[Request, Step], Awaitable[StepAnswer]]:
        """A ceremony for whoever is at the desk."""

        async def held(request: Request, step: Step) -> StepAnswer:
            cookie = _own_cookie(request, step.tenant)
            session = cookie and await use_desk_session(self._installation, step.tenant.id, cookie, step.attempt.now)
            if not session:
                return desk_step.refuse(self._installation, step, "session over", "deskSessionOver")
            return await ceremony(self._installation, step, session)

        return held

    async def sign_in(self, request: Request, step: Step) -> StepAnswer:
        """Open a session; the one that this browser had before is not carried on."""
        return await desk_step.sign_in(self._installation, step, read_cookie(_cookies(request), DESK))

    async def sign_out(self, request: Request, step: Step) -> StepAnswer:
        """End the session at the back end, and leave nothing of it in the browser."""
        cookie = _own_cookie(request, step.tenant)
        if cookie is None:
            return desk_step.refuse(self._installation, step, "session over", "deskSessionOver")
        await self._installation.database.write(lambda tx: desk_session.sign_out(tx, step.attempt, cookie))
        return StepAnswer(200, {}, session="", headers={"clear-site-data": '"cache", "storage"'})

    async def _answer(
        self, request: Request, step: Step, ceremony: Callable[[Request, Step], Awaitable[StepAnswer]]
    ) -> StepAnswer:
        if not self._limit.allows(step.attempt.ip_address):
            return busy(step, "tooMany", 429)
        if not is_same_origin(self._installation, request.headers):
            return desk_step.refuse(self._installation, step, "sent from another site", "deskRefused")
        return await ceremony(request, step)

    async def _step(self, request: Request, tenant: Tenant, browser: str) -> Step:
        attempt = Attempt(
            tenant.id,
            self._installation.clock(),
            str(uuid4()),
            client_address(request.scope, self._installation.settings.trusted_proxies),
            request.headers.get("user-agent", ""),
            DESK_CLIENT,
            _NAME,
        )
        return Step(tenant, attempt, browser, "", await read_json(request), language_of(request))

    async def _tenant(self, request: Request) -> Tenant | None:
        named = request.path_params["tenant"]
        if "\x00" in named:
            return None
        return await self._installation.database.read(lambda tx: find_tenant(tx, named))


def _cookies(request: Request) -> str:
    # HTTP/2 may send each cookie on a line of its own
    return "; ".join(request.headers.getlist("cookie"))


def _own_cookie(request: Request, tenant: Tenant) -> str | None:
    """The desk's cookie, if the request knows what only the desk's own page can read."""
    cookie = read_cookie(_cookies(request), DESK)
    tenant_id, _, token = request.headers.get(HEADER, "").lower().partition(".")
    if cookie is None or tenant_id != tenant.id or not is_form_token(token, cookie):
        return None
    return cookie
