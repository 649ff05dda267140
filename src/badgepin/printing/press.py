"""Where print jobs run: in processes of their own, a few at a time."""

import asyncio
import sys
from types import TracebackType
from typing import Self

import msgspec

from badgepin.domain.errors import InvalidValue, Reason

_AT_ONCE = 2
_PATIENCE = 120.0
_REFUSED = 2


class PressJammed(Exception):
    """A job ended without a document; what it said is in the log."""


class Press:
    """Runs jobs of `printing/job.py`. What draws letters is heavy and is loaded there only."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def run(self, job: object, *, patience: float = _PATIENCE) -> bytes:
        """The document of a `Job`, after `patience` seconds at most.

        Raises `InvalidValue` for what cannot be printed, `PressJammed`.
        """
        async with self._places:
            process = await _begin()
            try:
                document, said = await asyncio.wait_for(process.communicate(msgspec.json.encode(job)), patience)
            except TimeoutError as error:
                raise PressJammed("A print job took too long.") from error
            finally:
                await _end(process)
        return _judged(process, document, said)


class LongPrint:
    """A document that is drawn while its content is still being made; leaving it unfinished ends its process."""

    def __init__(self, stream: object) -> None:
        self._head = stream
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        """Begin."""
        self._process = await _begin("--stream")
        await self.add(self._head)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the process, whatever happened."""
        if self._process is not None:
            await _end(self._process)

    async def add(self, item: object) -> None:
        """One more badge or slip; waits while the drawing is behind. Raises as `Press.run` once that has ended."""
        process = self._process
        if process is None or process.stdin is None:
            raise PressJammed("The document was not begun.")
        try:
            process.stdin.write(msgspec.json.encode(item) + b"\n")
            await process.stdin.drain()
        except ConnectionError as error:
            # it is gone, and said why: nobody else's badge is made for this document
            await self.finished()
            raise PressJammed("The drawing ended early.") from error

    async def finished(self, *, patience: float = _PATIENCE) -> bytes:
        """The document, after `patience` seconds at most. Raises as `Press.run`."""
        process = self._process
        if process is None or process.stdin is None:
            raise PressJammed("The document was not begun.")
        process.stdin.close()
        try:
            document, said = await asyncio.wait_for(process.communicate(), patience)
        except TimeoutError as error:
            raise PressJammed("A print job took too long.") from error
        return _judged(process, document, said)


async def _begin(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "badgepin.printing.job",
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()
        await process.wait()


def _judged(process: asyncio.subprocess.Process, document: bytes, said: bytes) -> bytes:
    if process.returncode == _REFUSED:
        raise InvalidValue(Reason.VALUE_INVALID, message=said.decode(errors="replace"))
    if process.returncode != 0:
        raise PressJammed(said.decode(errors="replace")[-2000:])
    return document
