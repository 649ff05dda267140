"""The composition root: settings, database, keys and doors become one ASGI application."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from badgepin.crypto.key_ring import load_key_ring
from badgepin.crypto.pin_hash import Cost, PinHasher
from badgepin.crypto.token import TokenSigner, TokenVerifier
from badgepin.graph.dispatch import Dispatcher
from badgepin.graph.door import GraphDoor, Receive, Scope, Send
from badgepin.graph.openapi import openapi_document
from badgepin.graph.routes import ROUTES
from badgepin.oidc.back_channel import run_courier
from badgepin.oidc.routes import routes as oidc_routes
from badgepin.portal.routes import routes as portal_routes
from badgepin.services.health import check_start, is_alive
from badgepin.settings import Settings
from badgepin.store.purge import purge
from badgepin.store.transaction import StoreUnavailable, open_database
from badgepin.web.headers import SecurityHeaders
from badgepin.web.installation import Installation, system_clock
from badgepin.web.refusal_log import RefusalLog

log = logging.getLogger(__name__)

DEMO_MARKER = "DEMO.txt"
LOOPBACK = {"127.0.0.1", "::1", "localhost"}
_GRAPH = ("/v1.0", "/beta")
_TIDY_EVERY = 60.0


class StartRefused(Exception):
    """This installation must not be served; the sentence says what to do."""


def open_installation(settings: Settings, *, clock: Callable[[], datetime] = system_clock) -> Installation:
    """Open everything a node runs on. Raises `StartRefused`, `KeyRingRefused` or `SQLiteRefused`."""
    if (Path(settings.data) / DEMO_MARKER).exists() and settings.host not in LOOPBACK:
        raise StartRefused(
            f"{settings.data} holds a demo with known tokens and is served on loopback only: "
            "use --host 127.0.0.1, or `badgepin init` a folder of your own."
        )
    ring = load_key_ring(settings.key_ring_path)
    cost = Cost(memory_kib=settings.hash_memory_kib)
    return Installation(
        settings=settings,
        database=open_database(
            settings.database, pool_size=settings.database_pool_size, sqlite_journal=settings.sqlite_journal
        ),
        keys=ring,
        hasher=PinHasher(workers=settings.hash_workers, cost=cost, ring=ring),
        tokens=TokenVerifier(ring),
        signer=TokenSigner(ring),
        clock=clock,
        refusals=RefusalLog(Path(settings.data)),
    )


async def close_installation(installation: Installation) -> None:
    """Let running hashes finish and give back every connection."""
    installation.hasher.close()
    installation.refusals.close()
    await installation.database.close()


class Application:
    """Graph below `/v1.0` and `/beta`, everything else through Starlette."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self._chores: set[asyncio.Task[None]] = set()
        self._graph = GraphDoor(Dispatcher(installation, ROUTES))
        people = [*_health_routes(installation), *portal_routes(installation), *oidc_routes(installation)]
        self._rest = SecurityHeaders(Starlette(routes=people))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection event."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            path: str = scope["path"]
            below = path[1:].partition("/")[0].lower()
            door = self._graph if f"/{below}" in _GRAPH else self._rest
            await door(scope, receive, send)

    async def start(self) -> None:
        """Look at the database before the first request. Raises `StartRefused` or `StoreUnavailable`."""
        keys, now = self.installation.keys, self.installation.clock()
        refusal = await self.installation.database.read(lambda tx: check_start(tx, keys, now))
        if refusal is not None:
            raise StartRefused(refusal)
        self._chores = {asyncio.create_task(work(self.installation)) for work in (run_courier, _keep_tidy)}

    async def stop(self) -> None:
        """Give everything back."""
        for chore in self._chores:
            chore.cancel()
        if self._chores:
            await asyncio.wait(self._chores)
        await close_installation(self.installation)

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
        await self.stop()
        await send({"type": "lifespan.shutdown.complete"})


async def _keep_tidy(installation: Installation) -> None:
    while True:
        await asyncio.sleep(_TIDY_EVERY)
        try:
            await installation.database.write(lambda tx: purge(tx, installation.clock()))
        except StoreUnavailable:
            log.warning("Housekeeping waits for the database.")


def create_app(installation: Installation) -> Application:
    """The ASGI application of an open installation."""
    return Application(installation)


def _health_routes(installation: Installation) -> list[Route]:
    async def livez(_request: Request) -> Response:
        return JSONResponse({"status": "alive"})

    async def readyz(_request: Request) -> Response:
        try:
            await installation.database.read(is_alive)
        except StoreUnavailable:
            return JSONResponse({"status": "database unavailable"}, status_code=503, headers={"retry-after": "2"})
        return JSONResponse({"status": "ready"})

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
