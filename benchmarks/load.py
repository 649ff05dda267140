"""A small HTTP/1.1 load: keep-alive connections that send one prepared request after another."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Load:
    """What a load measured: requests a second, the seconds of each, and how many had the wanted status."""

    rate: float
    seconds: tuple[float, ...]
    wanted: int


def request(method: str, path: str, token: str | None, port: int) -> bytes:
    """The bytes of a request without a body."""
    authorization = f"Authorization: Bearer {token}\r\n" if token else ""
    return f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{authorization}\r\n".encode()


async def run(port: int, requests: Sequence[bytes], *, connections: int, status: int) -> Load:
    """Send every request once over so many connections."""
    waiting = iter(requests)
    measured: list[tuple[float, bool]] = []
    started = time.perf_counter()
    await asyncio.gather(*(_send(port, waiting, measured, status) for _ in range(connections)))
    elapsed = time.perf_counter() - started
    seconds = tuple(duration for duration, _ in measured)
    return Load(len(measured) / elapsed, seconds, sum(ok for _, ok in measured))


async def _send(port: int, waiting: Iterator[bytes], measured: list[tuple[float, bool]], status: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    wanted = f"HTTP/1.1 {status}".encode()
    for content in waiting:
        began = time.perf_counter()
        writer.write(content)
        head = await reader.readuntil(b"\r\n\r\n")
        length = _length(head)
        if length:
            await reader.readexactly(length)
        measured.append((time.perf_counter() - began, head.startswith(wanted)))
    writer.close()


def _length(head: bytes) -> int:
    place = head.lower().find(b"content-length:")
    return 0 if place < 0 else int(head[place + 15 : head.index(b"\r", place)])
