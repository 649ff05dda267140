"""A node at work on one batch: hashes side by side, documents drawn meanwhile, and the lease that says it is alive."""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from functools import partial

from badgepin.crypto.document_seal import DocumentKey
from badgepin.domain.badge_batch import BadgeBatch, BatchKind, BatchRow
from badgepin.domain.caller import Call
from badgepin.domain.errors import DomainError
from badgepin.printing.press import PressJammed
from badgepin.services import badge_batch as services
from badgepin.services import batch_delivery, batch_issue
from badgepin.services.badge_batch import BatchLost
from badgepin.store.badge_batch import TenantsBatch
from badgepin.store.transaction import StoreUnavailable
from badgepin.web.batch_issue import IssuedRow, issue_row
from badgepin.web.batch_keeper import settle
from badgepin.web.batch_paper import BADGES, SLIPS, Folder, Paper
from badgepin.web.installation import Installation

log = logging.getLogger(__name__)

_BEAT = 5.0
_ROWS = 100
_REVOKED_AT_ONCE = 10
_UNKNOWN = "Something went wrong that should not: the server's log says more."


@dataclass(frozen=True)
class Run:
    """One node's work on one batch."""

    installation: Installation
    asked: Call
    batch: BadgeBatch
    key: DocumentKey
    paper: Paper | None

    def call(self) -> Call:
        """The requester's call, now: whoever loses the right meanwhile issues nothing more.

        `strict` was asked of the request; the lifetimes it left out are defaulted, as its preview did.
        """
        return replace(self.asked, now=self.installation.clock(), strict=False)


async def run_batch(run: Run) -> None:
    """Work until the end, whatever it is; the batch says what it was."""
    try:
        await _work(run)
    except BatchLost:
        log.info("Batch %s was ended while this node worked on it.", run.batch.id)
    except (DomainError, PressJammed) as error:
        log.warning("Batch %s failed: %s", run.batch.id, error)
        await _fail(run, _sentence(error))
    except StoreUnavailable:
        # whoever finds the database again ends the batch, once its lease is over
        log.warning("Batch %s lost the database.", run.batch.id)
        return
    except asyncio.CancelledError:
        await _fail(run, "The server was stopped while it worked on this batch.")
        raise
    except Exception:  # the edge of a task that nobody waits for: what went wrong is logged, the batch ends
        log.exception("batch %s failed", run.batch.id)
        await _fail(run, _UNKNOWN)
    else:
        return
    await _settle(run)


async def _work(run: Run) -> None:
    beating = asyncio.create_task(_beat(run))
    working = asyncio.create_task(_take_turn(run))
    try:
        done, _ = await asyncio.wait({beating, working}, return_when=asyncio.FIRST_COMPLETED)
        await next(iter(done))
    finally:
        for task in (beating, working):
            task.cancel()
        await asyncio.gather(beating, working, return_exceptions=True)


async def _beat(run: Run) -> None:
    """Renew the lease. Ends by `BatchLost` only."""
    while True:
        await asyncio.sleep(_BEAT)
        try:
            await run.installation.database.write(
                lambda tx: services.renew(tx, run.call(), run.batch.id, run.batch.holder or "")
            )
        except StoreUnavailable:
            log.warning("Batch %s waits for the database.", run.batch.id)


async def _take_turn(run: Run) -> None:
    if run.batch.kind is BatchKind.REVOKE:
        # what must end does not wait for what is being made
        await _revoke(run)
        return
    async with run.installation.background.turn():
        if run.paper is not None:
            try:
                await _issue(run, run.paper)
            except* (DomainError, PressJammed, StoreUnavailable, BatchLost) as errors:
                raise _first(errors) from errors


async def _issue(run: Run, paper: Paper) -> None:
    at_once = 2 * run.installation.settings.hash_workers
    digests: dict[str, str] = {}
    async with AsyncExitStack() as stack:
        badges = Folder(run, paper, BADGES, stack, digests)
        slips = Folder(run, paper, SLIPS, stack, digests)

        async def put(one: asyncio.Task[IssuedRow | None]) -> None:
            made = await one
            if made is not None:
                await badges.add(made.badge)
            if made is not None and made.slip is not None:
                await slips.add(made.slip)

        async with asyncio.TaskGroup() as group:
            begun: deque[asyncio.Task[IssuedRow | None]] = deque()
            async for row in _rows(run):
                begun.append(group.create_task(issue_row(run, row)))
                if len(begun) >= at_once:
                    await put(begun.popleft())
            while begun:
                await put(begun.popleft())
        await badges.close()
        await slips.close()
    manifest = batch_delivery.seal_manifest(run.key, run.batch.id, digests) if digests else None
    await run.installation.database.write(lambda tx: services.finish(tx, run.call(), run.batch, manifest))


async def _rows(run: Run) -> AsyncIterator[BatchRow]:
    after = -1
    while True:
        read = partial(batch_issue.list_planned, call=run.call(), batch_id=run.batch.id, after=after, limit=_ROWS)
        rows = await run.installation.database.read(read)
        for row in rows:
            yield row
        if not rows:
            return
        after = rows[-1].number


async def _revoke(run: Run) -> None:
    after, database = -1, run.installation.database
    while True:
        call = run.call()
        revoke = partial(batch_issue.revoke_portion, call=call, of=run.batch, after=after, limit=_REVOKED_AT_ONCE)
        last = await database.write(revoke)
        if last is None:
            break
        after = last
    await database.write(lambda tx: services.finish(tx, run.call(), run.batch, None))


async def _fail(run: Run, message: str) -> None:
    try:
        await run.installation.database.write(lambda tx: services.fail(tx, run.call(), run.batch, message))
    except StoreUnavailable:
        log.warning("Batch %s will be ended once the database answers.", run.batch.id)


async def _settle(run: Run) -> None:
    try:
        found = await run.installation.database.read(
            lambda tx: services.find_unsettled(tx, run.asked.tenant_id, run.batch.id)
        )
        if found is not None:
            await settle(run.installation, TenantsBatch(run.asked.tenant_id, found))
    except StoreUnavailable:
        log.warning("Batch %s will be settled once the database answers.", run.batch.id)


def _first(errors: BaseExceptionGroup[Exception]) -> Exception:
    first: BaseException = errors
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    if not isinstance(first, Exception):
        raise first
    return first


def _sentence(error: Exception) -> str:
    if isinstance(error, DomainError):
        return str(error.details.get("message") or f"It was refused: {error.reason.value.replace('_', ' ')}.")
    return "The documents could not be drawn: the server's log says more."
