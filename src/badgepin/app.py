"""The composition root: an open installation and its doors become one ASGI application."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from badgepin.graph.dispatch import Dispatcher
from badgepin.graph.door import GraphDoor, Receive, Scope, Send
from badgepin.graph.openapi import openapi_document
from badgepin.graph.routes import ROUTES
from badgepin.oidc.back_channel import run_courier
from badgepin.oidc.routes import routes as oidc_routes
from badgepin.opening import StartRefused, close_installation
from badgepin.portal.routes import routes as portal_routes
from badgepin.services.health import check_start
from badgepin.store.purge import purge
from badgepin.store.transaction import StoreUnavailable
from badgepin.web.audit_keeper import run_keeper
from badgepin.web.backup_keeper import run_backups
from badgepin.web.batch_keeper import run_batch_keeper
from badgepin.web.headers import SecurityHeaders
from badgepin.web.installation import Installation
from badgepin.web.journal_keeper import JournalRefused, meet_the_past, note_the_end, run_journal_keeper
from badgepin.web.key_ring_keeper import run_key_ring_keeper
from badgepin.web.node_clock import NodeClock, follow
from badgepin.web.observed import Observed, Tracing
from badgepin.web.probe import probe, run_probe
from badgepin.web.vitals import Vitals

log = logging.getLogger(__name__)

_GRAPH = ("/v1.0", "/beta")
# our own operations have an address of their own too
_OWN, _OWN_PLACE = "/badgepin/v1/", "/v1.0/badgepin/"
_TIDY_EVERY = 60.0
_BEGUN_AGAIN = 5.0


class Application:
    """Graph below `/v1.0` and `/beta`, everything else through Starlette."""

    def __init__(self, installation: Installation, tracing: Tracing | None = None) -> None:
        self.installation = installation
        self._chores: set[asyncio.Task[None]] = set()
        graph = GraphDoor(Dispatcher(installation, ROUTES))
        people = [*_health_routes(installation), *portal_routes(installation), *oidc_routes(installation)]
        self._graph = Observed(graph, installation.metrics, "graph", tracing=tracing)
        self._rest = Observed(SecurityHeaders(Starlette(routes=people)), installation.metrics, tracing=tracing)
        self._tracing = tracing
        if tracing is not None:
            installation.hasher.note_wait = _both(installation.metrics.note_hash_wait, tracing.note_hash_wait)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection event."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            if scope["path"].startswith(_OWN):
                scope = _moved(scope)
            path: str = scope["path"]
            below = path[1:].partition("/")[0].lower()
            door = self._graph if f"/{below}" in _GRAPH else self._rest
            await door(scope, receive, send)

    async def start(self) -> None:
        """Look at the database before the first request. Raises `StartRefused` or `StoreUnavailable`."""
        keys, now = self.installation.keys, self.installation.clock()
        is_declared = self.installation.settings.high_availability
        refusal = await self.installation.database.read(
            lambda tx: check_start(tx, keys, now, high_availability=is_declared)
        )
        if refusal is not None:
            raise StartRefused(refusal)
        if isinstance(self.installation.clock, NodeClock):
            await self.installation.clock.ask(self.installation.database)
        try:
            await meet_the_past(self.installation)
        except JournalRefused as error:
            raise StartRefused(str(error)) from error
        await probe(self.installation)
        vitals = Vitals(self.installation)
        self.installation.metrics.registry.register(vitals)
        self._chores = {asyncio.create_task(_lasting(work, self.installation)) for work in _CHORES}
        self._chores.add(asyncio.create_task(vitals.run()))

    def prepare_to_stop(self) -> None:
        """Say on `/readyz` that requests should go elsewhere, and go on answering those that come."""
        self.installation.readiness.is_stopping = True

    async def stop(self) -> None:
        """Give everything back."""
        for chore in self._chores:
            chore.cancel()
        if self._chores:
            await asyncio.wait(self._chores)
        await self.installation.background.stop()
        if self._chores:
            await note_the_end(self.installation)
        await close_installation(self.installation)
        if self._tracing is not None:
            await asyncio.to_thread(self._tracing.close)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            await self.start()
        except StartRefused as refusal:
            await send({"type": "lifespan.startup.failed", "message": str(refusal)})
            return
        except StoreUnavailable:
            await send({"type": "lifespan.startup.failed", "message": "The database does not answer."})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        self.prepare_to_stop()
        await self.stop()
        await send({"type": "lifespan.shutdown.complete"})


def _moved(scope: Scope) -> Scope:
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    path = scope["path"].replace(_OWN, _OWN_PLACE, 1)
    return {**scope, "path": path, "raw_path": raw.replace(_OWN.encode(), _OWN_PLACE.encode(), 1)}


async def _lasting(work: Callable[[Installation], Awaitable[None]], installation: Installation) -> None:
    """Work that goes on as long as the node runs, whatever once went wrong with it."""
    while True:
        try:
            await work(installation)
        except Exception:
            log.exception("Work in the background is begun again.")
            await asyncio.sleep(_BEGUN_AGAIN)
        else:
            return


async def _keep_tidy(installation: Installation) -> None:
    while True:
        await asyncio.sleep(_TIDY_EVERY)
        try:
            await installation.database.write(lambda tx: purge(tx, installation.clock()))
        except StoreUnavailable:
            log.warning("Housekeeping waits for the database.")


async def _keep_time(installation: Installation) -> None:
    if isinstance(installation.clock, NodeClock) and installation.database.dialect == "postgresql":
        await follow(installation.clock, installation.database)


_CHORES = (
    run_courier,
    run_keeper,
    run_probe,
    run_batch_keeper,
    run_journal_keeper,
    run_key_ring_keeper,
    run_backups,
    _keep_tidy,
    _keep_time,
)


def create_app(installation: Installation, tracing: Tracing | None = None) -> Application:
    """The ASGI application of an open installation."""
    if tracing is not None:
        installation = replace(installation, database=tracing.around(installation.database))
    return Application(installation, tracing)


def _both(one: Callable[[float | None], None], other: Callable[[float | None], None]) -> Callable[[float | None], None]:
    def tell(seconds: float | None) -> None:
        one(seconds)
        other(seconds)

    return tell


def _health_routes(installation: Installation) -> list[Route]:
    async def livez(_request: Request) -> Response:
        return JSONResponse({"status": "alive"})

    async def readyz(_request: Request) -> Response:
        problem = installation.readiness.judge()
        if problem is None:
            return JSONResponse({"status": "ready"})
        answer = {"status": problem.status, "reason": problem.reason}
        return JSONResponse(answer, status_code=503, headers={"retry-after": "2"})

    async def openapi(_request: Request) -> Response:
        return JSONResponse(openapi_document())

    async def no_content(_request: Request) -> Response:
        return Response(status_code=204)

    return [
        Route("/livez", livez),
        Route("/readyz", readyz),
        Route("/livez/nothing", no_content),
        Route("/openapi.json", openapi),
    ]
