"""The documents of a running batch, one kind of them: drawn while people are issued, encrypted, and kept in pieces."""

import asyncio
import hashlib
from collections.abc import MutableMapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

from badgepin.crypto.document_seal import DocumentKey, pieces_of
from badgepin.domain.badge_batch import BADGES_IN_A_DOCUMENT, BadgeBatch, BatchDocument, capacity_of_first
from badgepin.domain.caller import Call
from badgepin.printing.badge import Design
from badgepin.printing.layout import layout
from badgepin.printing.press import LongPrint
from badgepin.services import batch_delivery
from badgepin.web.installation import Installation

BADGES, SLIPS = "badges", "pinSlips"
_CONTENTS = {BADGES: "badges", SLIPS: "slips"}
_PATIENCE = 600.0


@dataclass(frozen=True)
class Paper:
    """What the documents of a batch look like."""

    layout: str
    design: Design


class Printing(Protocol):
    """What drawing needs to know of its run."""

    @property
    def installation(self) -> Installation:
        """Where."""
        ...

    @property
    def batch(self) -> BadgeBatch:
        """Of which batch."""
        ...

    @property
    def key(self) -> DocumentKey:
        """Under which documents are kept."""
        ...

    def call(self) -> Call:
        """For whom, now."""
        ...


class Folder:
    """The documents of one kind; a full one is finished and kept while the next one is begun.

    At most two are in memory, each in a process of its own, and one as its finished bytes.
    """

    def __init__(
        self, run: Printing, paper: Paper, kind: str, stack: AsyncExitStack, digests: MutableMapping[str, str]
    ) -> None:
        self._run, self._paper, self._kind, self._stack, self._digests = run, paper, kind, stack, digests
        self._drawing: LongPrint | None = None
        self._closing: asyncio.Task[None] | None = None
        self._number, self._count = 1, 0
        first = paper.design.starting_label if kind == BADGES else 1
        self._room = capacity_of_first(layout(paper.layout).labels, first)

    async def add(self, item: object) -> None:
        """One more badge or slip, behind all before it."""
        if self._drawing is None:
            self._drawing = await self._stack.enter_async_context(LongPrint(self._head()))
        await self._drawing.add(item)
        self._count += 1
        if self._count == self._room:
            await self._turn_over()

    async def close(self) -> None:
        """Finish the last one. Raises `InvalidValue` for what cannot be printed, `PressJammed`, `BatchLost`."""
        if self._drawing is not None:
            await self._turn_over()
        await self._closed()

    async def _turn_over(self) -> None:
        await self._closed()
        drawing = self._drawing
        if drawing is not None:
            self._closing = asyncio.create_task(self._keep(drawing, self._number, self._count))
            self._stack.callback(self._closing.cancel)
        self._drawing, self._count, self._room = None, 0, BADGES_IN_A_DOCUMENT
        self._number += 1

    async def _closed(self) -> None:
        if self._closing is not None:
            await self._closing
            self._closing = None

    def _head(self) -> dict[str, object]:
        design = self._paper.design if self._number == 1 else replace(self._paper.design, starting_label=1)
        return {"content": _CONTENTS[self._kind], "layout": self._paper.layout, "design": design}

    async def _keep(self, drawing: LongPrint, number: int, count: int) -> None:
        run, database = self._run, self._run.installation.database
        content = await drawing.finished(patience=_PATIENCE)
        document = BatchDocument(f"{self._kind}-{number}", self._kind, count, len(content))
        parts = pieces_of(content)
        for place, part in enumerate(parts):
            where = batch_delivery.piece_place(run.batch.id, document.name, place, len(parts))
            call, name = run.call(), document.name
            keep = partial(batch_delivery.keep_piece, call=call, batch=run.batch, name=name, number=place)
            await database.write(partial(keep, ciphertext=run.key.seal(where, part)))
        await database.write(partial(batch_delivery.keep_document, call=run.call(), batch=run.batch, document=document))
        self._digests[document.name] = hashlib.sha256(content).hexdigest()
