"""One Granian server on one socket: it can make room for a younger one on the same port without losing a request.

Granian reads a certificate once, when it starts. A renewed one needs a second server beside the first:

    listens ──(a younger one listens)──▶ drains ──(5 s)──▶ stops ──(its requests are answered)──▶ gone

New connections reach the youngest at once. Those that the older one has are told to end: HTTP/1.1 by
`Connection: close` on their next answer, HTTP/2 by GOAWAY when the server stops.
"""

import asyncio
import ctypes
import logging
import os
import socket
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

from granian.constants import HTTPModes, Interfaces, SSLProtocols
from granian.http import HTTP1Settings, HTTP2Settings
from granian.net import SocketHolder  # type: ignore[attr-defined]  # its stub does not list it
from granian.server.embed import Server

from badgepin.app import Application
from badgepin.settings import Settings

log = logging.getLogger(__name__)

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]

HTTP1 = HTTP1Settings(header_read_timeout=10_000, max_buffer_size=65_536)
HTTP2 = HTTP2Settings(max_headers_size=65_536, max_concurrent_streams=100)
DRAIN = 5.0
_BACKLOG = 1024
_BACKPRESSURE = 256
_STOP_WITHIN = 15.0
_IS_UNIX_SOCKET = False
# socket(7) and linux/filter.h; Python names neither
_SO_ATTACH_REUSEPORT_CBPF = 51
_BPF_RETURN_CONSTANT = 0x06


class Listener:
    """A server on the installation's port, from its start until its last request is answered."""

    def __init__(self, settings: Settings, application: Application, *, is_first: bool) -> None:
        """Read the certificate. Raises `OSError` when it cannot be used."""
        self._answering = _Answering(application)
        self._server = _BoundServer(
            self._answering,
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
            # handhelds with Android 9 and older know nothing newer; all its suites here are ECDHE with AEAD (RFC 9325)
            ssl_protocol_min=SSLProtocols.tls12,
        )
        self._server.is_first = is_first
        self.serving = asyncio.create_task(self._server.serve())

    @property
    def has_answered(self) -> bool:
        """Whether a request has reached this listener."""
        return self._answering.has_answered

    async def make_room(self) -> None:
        """Stop once the connections have had time to end; a younger listener takes the new ones."""
        self._answering.draining = True
        await asyncio.sleep(DRAIN)
        await self.stop()

    async def stop(self) -> None:
        """Let running requests finish; whoever takes too long is cut off."""
        self._server.stop()  # type: ignore[no-untyped-call]  # Granian leaves it bare
        done, _ = await asyncio.wait({self.serving}, timeout=_STOP_WITHIN)
        if not done:
            log.warning("Requests that ran %s seconds after the order to stop were cut off.", _STOP_WITHIN)
            self.serving.cancel()


class _Answering:
    """Sends an empty `Server` header: Granian names itself in every answer that has none, and cannot be told not to."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self.draining = self.has_answered = False

    async def __call__(self, scope: Message, receive: Callable[[], Awaitable[Message]], send: Send) -> None:
        """Serve one request."""

        async def send_on(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.has_answered = True
                message["headers"] = [*message["headers"], (b"server", b""), *self._farewell(scope)]
            await send(message)

        await self._application(scope, receive, send_on)

    def _farewell(self, scope: Message) -> list[tuple[bytes, bytes]]:
        # HTTP/2 forbids the header (RFC 9113 8.2.2)
        return [(b"connection", b"close")] if self.draining and scope["http_version"].startswith("1") else []


class _BoundServer(Server):
    """Granian on a socket of ours: its own give no say in who gets a connection when two listen."""

    is_first = True

    def _init_shared_socket(self) -> None:
        if sys.platform != "linux":
            super()._init_shared_socket()
            return
        bound = _bound_socket(self.bind_addr, self.bind_port)
        if self.is_first:
            _prefer_the_youngest(bound)
        # Granian's stubs know neither the backlog nor that the attribute is ever filled
        # the worker listens on it, and closes it when it stops
        self._shd: Any = SocketHolder(bound.detach(), _IS_UNIX_SOCKET, self.backlog)  # type: ignore[call-arg]  # its stub is older
        self._ssp = None


def resolve(host: str, port: int) -> tuple[socket.AddressFamily, tuple[Any, ...]]:
    """The address to listen on. Raises `OSError`."""
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    return family, address


def _bound_socket(host: str, port: int) -> socket.socket:
    family, address = resolve(host, port)
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        bound.setblocking(False)  # noqa: FBT003 - the standard library's own
        bound.bind(address)
    except OSError:
        bound.close()
        raise
    return bound


class _Instruction(ctypes.Structure):
    _fields_ = (("code", ctypes.c_uint16), ("jt", ctypes.c_uint8), ("jf", ctypes.c_uint8), ("k", ctypes.c_uint32))


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint16), ("instructions", ctypes.POINTER(_Instruction)))


def _prefer_the_youngest(bound: socket.socket) -> None:
    """Of two sockets that listen on one port, the second gets every new connection; of one, that one.

    Said once to the first, it stays true for all that follow on this port, whichever of them end (socket(7)).
    """
    # the answer is an index into the sockets by age; with one socket, 1 is out of range and the kernel takes that one
    instruction = _Instruction(_BPF_RETURN_CONSTANT, 0, 0, 1)
    try:
        bound.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_REUSEPORT_CBPF, bytes(_Program(1, ctypes.pointer(instruction))))
    except OSError as error:
        log.debug("The kernel spreads connections by itself (%s).", os.strerror(error.errno or 0))


def _file(name: str) -> Path | None:
    return Path(name) if name else None
