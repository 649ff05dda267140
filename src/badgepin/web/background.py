"""Work that goes on after its request was answered, as long as the node runs."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

_AT_ONCE = 2


class Background:
    """Tasks of this node; a few at a time have their turn."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._turns = asyncio.Semaphore(_AT_ONCE)

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Begin work that settles its own errors."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait until few enough others are at heavy work."""
        async with self._turns:
            yield

    async def idle(self) -> None:
        """Wait until nothing is going on."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def stop(self) -> None:
        """Cancel everything and wait until it has said so."""
        for task in self._tasks:
            task.cancel()
        await self.idle()
