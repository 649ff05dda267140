"""Running an installation under Granian, in this process, until it is told to stop."""

import asyncio
import contextlib
import logging
import signal
import socket
import ssl
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

import uvloop
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings, HTTP2Settings
from granian.server.embed import Server

from badgepin.app import Application, create_app, open_installation
from badgepin.cli.refusal import CommandRefused
from badgepin.settings import Settings
from badgepin.web.installation import Installation

log = logging.getLogger(__name__)

Announce = Callable[[Installation], Awaitable[None]]
Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]

HTTP1 = HTTP1Settings(header_read_timeout=10_000, max_buffer_size=65_536)
HTTP2 = HTTP2Settings(max_headers_size=65_536, max_concurrent_streams=100)
_BACKLOG = 1024
_BACKPRESSURE = 256
_READY_WITHIN = 10.0
_STOP_WITHIN = 15.0


class Unbranded:
    """Sends an empty `Server` header: Granian names itself in every answer that has none, and cannot be told not to."""

    def __init__(self, application: Application) -> None:
        self._application = application

    async def __call__(self, scope: Message, receive: Callable[[], Awaitable[Message]], send: Send) -> None:
        """Serve one request."""

        async def send_unbranded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"server", b"")]
            await send(message)

        await self._application(scope, receive, send_unbranded)


def serve(settings: Settings, announce: Announce) -> None:
    """Serve until SIGTERM or SIGINT; `announce` runs once requests are answered. Raises as `open_installation`."""
    _start_log(settings)
    check_free(settings)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(settings, announce))


async def _serve(settings: Settings, announce: Announce) -> None:
    application = create_app(open_installation(settings))
    try:
        await application.start()
        server = _server(settings, application)
        _stop_on_signals(server)
        serving = asyncio.create_task(server.serve())
        try:
            await _until_ready(settings, serving)
            await announce(application.installation)
            await serving
        finally:
            await _stop(server, serving)
    finally:
        await application.stop()


def _server(settings: Settings, application: Application) -> Server:
    return Server(
        Unbranded(application),
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGINL,
        http=HTTPModes.auto,
        http1_settings=HTTP1,
        http2_settings=HTTP2,
        websockets=False,
        backlog=_BACKLOG,
        backpressure=_BACKPRESSURE,
        log_enabled=False,
        ssl_cert=_file(settings.tls_certificate),
        ssl_key=_file(settings.tls_key),
    )


def _file(name: str) -> Path | None:
    return Path(name) if name else None


def _stop_on_signals(server: Server) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.stop)


async def _until_ready(settings: Settings, serving: asyncio.Task[None]) -> None:
    host = "127.0.0.1" if settings.host == "0.0.0.0" else settings.host  # noqa: S104 - asked for, and looked at from here
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_READY_WITHIN):
            while not serving.done():
                if await _answers(host, settings):
                    return
                await asyncio.sleep(0.01)
    raise CommandRefused(f"The server did not start on {settings.host}:{settings.port}: choose another --port.")


async def _answers(host: str, settings: Settings) -> bool:
    try:
        reader, writer = await asyncio.open_connection(host, settings.port, ssl=_own_tls(settings))
    except OSError:
        return False
    try:
        writer.write(b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        return (await reader.readline()).startswith(b"HTTP/1.1 200")
    finally:
        writer.close()


def _own_tls(settings: Settings) -> ssl.SSLContext | None:
    if not settings.tls_certificate:
        return None
    # whether clients trust the certificate is theirs to say; here only the listener is looked for
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


async def _stop(server: Server, serving: asyncio.Task[None]) -> None:
    """Let running requests finish; whoever takes too long is cut off."""
    server.stop()  # type: ignore[no-untyped-call]  # Granian leaves it bare
    done, _ = await asyncio.wait({serving}, timeout=_STOP_WITHIN)
    if not done:
        log.warning("Requests were still running %s seconds after the order to stop and were cut off.", _STOP_WITHIN)
        serving.cancel()


def check_free(settings: Settings) -> None:
    """Nobody else listens there. Raises `CommandRefused`."""
    # Granian shares a port that another of its kind listens on, so two servers would take turns without a word
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise CommandRefused(
            f"Cannot listen on {settings.host}:{settings.port} ({error.strerror}): choose another --host or --port."
        ) from error


def _start_log(settings: Settings) -> None:
    logging.basicConfig(
        stream=sys.stderr,
        level=settings.log_level.upper(),
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
