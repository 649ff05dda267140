"""A demo server in a process of its own, reached as a third party would reach it."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.clients.authority import ServerCertificate

ROOT = Path(__file__).parents[2]
BADGEPIN = Path(sys.executable).with_name("badgepin")


@dataclass
class Running:
    """A server's announcement: the first line it printed."""

    announcement: dict[str, Any]
    process: "subprocess.Popen[str]"

    def save(self, path: Path) -> Path:
        """The announcement as a file for a client's process."""
        path.write_text(json.dumps(self.announcement), encoding="utf-8")
        return path


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def demo(folder: Path) -> Iterator[Running]:
    """`badgepin demo --json`, for as long as the block runs."""
    command = [str(BADGEPIN), "demo", "--json", "--port", str(free_port()), "--data", str(folder)]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line, "the demo ended before it said anything"
            yield Running(json.loads(line), process)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)


@contextmanager
def https(folder: Path, certificate: ServerCertificate, settings: dict[str, str]) -> Iterator[str]:
    """`badgepin serve` on a demo's folder, speaking HTTPS itself; yields its origin."""
    port = free_port()
    origin = f"https://localhost:{port}"
    environment = {
        **os.environ,
        "BADGEPIN_BASE_URL": origin,
        "BADGEPIN_TLS_CERTIFICATE": str(certificate.certificate),
        "BADGEPIN_TLS_KEY": str(certificate.key),
        **settings,
    }
    command = [str(BADGEPIN), "serve", "--data", str(folder), "--port", str(port)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stderr is not None
            for line in process.stderr:
                if "serving" in line:
                    break
            yield origin
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=90)


@contextmanager
def tls_in_front(port: int, certificate: ServerCertificate) -> Iterator[int]:
    """A TLS listener that passes every byte on to a plain port; yields its own port."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate.certificate, certificate.key)

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            while part := await reader.read(65_536):
                writer.write(part)
                await writer.drain()
        writer.close()

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(copy(reader, inner_writer), copy(inner_reader, writer))

    async def listen() -> asyncio.Server:
        return await asyncio.start_server(forward, "127.0.0.1", 0, ssl=context)

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(listen(), loop).result(10)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
