"""Running an installation under Granian, in this process, until it is told to stop."""

import asyncio
import contextlib
import ctypes
import gc
import logging
import signal
import socket
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path

import uvloop

from badgepin.app import Application, create_app
from badgepin.cli.certificate_trial import try_certificate
from badgepin.cli.listener import Listener, resolve
from badgepin.cli.log import start_log
from badgepin.cli.metrics import Exposition
from badgepin.cli.refusal import CommandRefused
from badgepin.cli.renewal import CertificateWatch
from badgepin.cli.running import RunningElsewhere, serving
from badgepin.cli.traces import open_traces
from badgepin.crypto.certificate import CertificateRefused
from badgepin.opening import open_installation
from badgepin.settings import Settings
from badgepin.web.installation import Installation

log = logging.getLogger(__name__)

Announce = Callable[[Installation], Awaitable[None]]

_READY_WITHIN = 10.0


def serve(settings: Settings, announce: Announce) -> None:
    """Serve until SIGTERM or SIGINT; `announce` runs once requests are answered.

    With a certificate, SIGHUP has its files looked at without delay. Raises as `open_installation`.
    """
    start_log(settings)
    check_tls(settings)
    check_free(settings)
    try:
        with serving(Path(settings.data)), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(settings, announce))
    except RunningElsewhere as error:
        raise CommandRefused(str(error)) from error


async def _serve(settings: Settings, announce: Announce) -> None:
    tracing = open_traces(settings)
    application = create_app(open_installation(settings), tracing)
    try:
        await application.start()
        _give_memory_back()
        orders = _Orders()
        exposition = Exposition(settings, application.installation.metrics)
        port = _Port(settings, application)
        try:
            await _until_ready(settings, port.listener)
            await announce(application.installation)
            await port.until(orders.stop)
            application.prepare_to_stop()
            await orders.drain(settings.drain_seconds)
        finally:
            await port.close()
            exposition.close()
    finally:
        await application.stop()


class _Orders:
    """What the node has been told: to stop after draining (SIGTERM), or at once (SIGINT, or a second SIGTERM)."""

    def __init__(self) -> None:
        self.stop, self._at_once = asyncio.Event(), asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._terminate)
        loop.add_signal_handler(signal.SIGINT, self._interrupt)

    async def drain(self, seconds: int) -> None:
        """Wait so long, unless the order is to stop at once."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._at_once.wait()

    def _terminate(self) -> None:
        if self.stop.is_set():
            self._at_once.set()
        self.stop.set()

    def _interrupt(self) -> None:
        self._at_once.set()
        self.stop.set()


def _give_memory_back() -> None:
    # what importing left over; other C libraries than glibc do it by themselves, or never
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


class _Port:
    """The installation's port: the listener that new connections reach, and older ones that still answer."""

    def __init__(self, settings: Settings, application: Application) -> None:
        self._settings, self._application = settings, application
        self._leaving: asyncio.Task[None] | None = None
        self._older: Listener | None = None
        watch = CertificateWatch(settings) if settings.tls_certificate else None
        self.listener = Listener(settings, application, is_first=True)
        self._watching = None if watch is None else asyncio.create_task(watch.watch(self._renew))
        if watch is not None:
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, watch.look_now)

    async def until(self, stopping: asyncio.Event) -> None:
        """Wait for the order to stop, or for a listener that ends by itself."""
        ordered = asyncio.create_task(stopping.wait())
        while not ordered.done():
            listener = self.listener
            await asyncio.wait({ordered, listener.serving}, return_when=asyncio.FIRST_COMPLETED)
            if listener is self.listener and listener.serving.done():
                ordered.cancel()
                return

    async def close(self) -> None:
        """Stop every listener, at the same time."""
        for task in (self._watching, self._leaving):
            if task is not None:
                task.cancel()
        await asyncio.gather(*(each.stop() for each in (self.listener, self._older) if each is not None))

    async def _renew(self) -> bool:
        """Listen with the certificate as it is now, beside the present listener, then let that one go."""
        if self._leaving is not None:
            # of three on one port the youngest would get nothing
            await self._leaving
        try:
            younger = Listener(self._settings, self._application, is_first=False)
            await _until_ready(self._settings, younger)
        except (OSError, CommandRefused) as error:
            log.warning("The certificate in use is kept: %s", error)
            return False
        self._older, self.listener = self.listener, younger
        self._leaving = asyncio.create_task(self._older.make_room())
        return True


async def _until_ready(settings: Settings, listener: Listener) -> None:
    host = "127.0.0.1" if settings.host == "0.0.0.0" else settings.host  # noqa: S104 - asked for, and looked at from here
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_READY_WITHIN):
            while not listener.serving.done():
                # an older listener may have answered
                if await _answers(host, settings) and listener.has_answered:
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


def check_tls(settings: Settings) -> None:
    """HTTPS is set up wholly or not at all. Raises `CommandRefused`."""
    certificate, key = settings.tls_certificate, settings.tls_key
    if not certificate and not key:
        return
    if not certificate or not key:
        missing = "tls_key" if certificate else "tls_certificate"
        raise CommandRefused(f"A certificate and its key belong together: set {missing} too.")
    try:
        try_certificate(Path(certificate), Path(key))
    except CertificateRefused as error:
        raise CommandRefused(f"{error} `badgepin certificates create` makes a pair for a trial.") from error
    if not settings.base_url.startswith("https://"):
        raise CommandRefused(
            f"With a certificate the server speaks HTTPS only, but clients are sent to {settings.base_url}: "
            f"set base_url, such as --base-url https://localhost:{settings.port}."
        )


def check_free(settings: Settings) -> None:
    """Nobody else listens there. Raises `CommandRefused`."""
    # listeners of ours share the port when a certificate is renewed, so two servers would take turns without a word
    try:
        family, address = resolve(settings.host, settings.port)
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise CommandRefused(
            f"Cannot listen on {settings.host}:{settings.port} ({error.strerror}): choose another --host or --port."
        ) from error
