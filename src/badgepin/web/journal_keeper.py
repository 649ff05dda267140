"""The keeper of this node's revocation journal: what it and the database know of each other (security design 5.4).

Every few seconds after a revocation, and every ten minutes in any case, the database is given a mark with a growing
number, and once that is committed the journal remembers the number. A database that has a smaller one comes from the
past: somebody restored a backup, on purpose or beneath us. Then a new epoch begins and the journal is replayed.
"""

import asyncio
import logging
import time
from datetime import UTC, datetime, timedelta

from badgepin.crypto.revocation_journal import JournalContents, JournalRefused, RevocationJournal
from badgepin.services import restoring as services
from badgepin.store.transaction import StoreUnavailable
from badgepin.web.installation import Installation

__all__ = ["JournalRefused", "meet_the_past", "note_the_end", "run_journal_keeper"]

log = logging.getLogger(__name__)

_EVERY = 2.0
_QUIET = 600.0
# by then the transaction that a record was written for has ended, one way or the other
_SETTLED = timedelta(seconds=60)
_CAUSE = "The database was older than the revocation journal of a node"


async def meet_the_past(installation: Installation) -> None:
    """Before the first request: replay what the database lacks. Raises `JournalRefused`, `StoreUnavailable`."""
    journal, database = installation.journal, installation.database
    if journal is not None:
        contents = await _read(journal)
        if await database.read(lambda tx: services.is_from_the_past(tx, contents)):
            await _begin_epoch(installation, contents)
        else:
            now = installation.clock()
            again = await database.write(lambda tx: services.catch_up(tx, contents, installation.keys, now))
            if again:
                log.warning("%s revocations that a crash had cut off were completed from the journal.", again)
    installation.epoch.number = await database.read(services.current_epoch)


async def run_journal_keeper(installation: Installation) -> None:
    """Keep the journal until cancelled."""
    if installation.journal is None:
        return
    keeper, trouble = JournalKeeper(installation, installation.journal), ""
    while True:
        try:
            await keeper.beat()
            trouble = ""
        except StoreUnavailable:
            trouble = _once(trouble, "The revocation journal's keeper waits for the database.")
        except (OSError, JournalRefused) as error:
            trouble = _once(trouble, f"The revocation journal cannot be kept, and nothing can be revoked: {error}")
        await asyncio.sleep(_EVERY)


async def note_the_end(installation: Installation) -> None:
    """No request runs any more: everything in the journal is settled."""
    journal = installation.journal
    if journal is None:
        return
    try:
        await asyncio.to_thread(journal.look)
        # a command may still be at work on what it wrote down
        wrote_at = journal.others_wrote_at
        is_alone = wrote_at is None or datetime.now(UTC) - wrote_at > _SETTLED
        await JournalKeeper(installation, journal).mark(settled=timedelta(0) if is_alone else _SETTLED)
    except (StoreUnavailable, OSError, JournalRefused) as error:
        log.warning("The revocation journal was not closed (%s): the next start looks at its end again.", error)


class JournalKeeper:
    """What this node does for its journal."""

    def __init__(self, installation: Installation, journal: RevocationJournal) -> None:
        self._installation, self._journal = installation, journal
        self._seq, self._marked_at = 0, time.monotonic()
        self._beat: int | None = None

    async def beat(self) -> None:
        """Mark what is settled, and see whether the database is still the one it was."""
        database, node = self._installation.database, self._journal.node
        # commands on this machine write into the same file
        await asyncio.to_thread(self._journal.look)
        kept = await database.read(lambda tx: services.mark_of(tx, node))
        if self._beat is not None and kept.beat < self._beat:
            await _begin_epoch(self._installation, await _read(self._journal))
        seq = self._journal.last_seq()
        if seq != self._seq or time.monotonic() - self._marked_at > _QUIET:
            await self.mark(settled=_SETTLED)
            self._seq, self._marked_at = seq, time.monotonic()
        kept = await database.read(lambda tx: services.mark_of(tx, node))
        self._beat = kept.beat
        self._installation.epoch.number = await database.read(services.current_epoch)

    async def mark(self, *, settled: timedelta) -> None:
        """Give the database its next mark; records younger than `settled` may still be on their way into it."""
        database, now, node = self._installation.database, self._installation.clock(), self._journal.node
        seq = self._journal.last_seq(before=settled)
        beat = await database.write(lambda tx: services.move_mark(tx, node, seq, now))
        await asyncio.to_thread(self._journal.mark, beat)


async def _begin_epoch(installation: Installation, contents: JournalContents) -> None:
    now = installation.clock()
    restored = await installation.database.write(
        lambda tx: services.begin_epoch(tx, [contents], installation.keys, cause=_CAUSE, now=now)
    )
    installation.epoch.number = restored.epoch
    counts = ", ".join(f"{name} {count}" for name, count in sorted(restored.ended.items()) if count)
    log.warning("%s: epoch %s began, and everybody signs in anew (%s).", _CAUSE, restored.epoch, counts or "nothing")


async def _read(journal: RevocationJournal) -> JournalContents:
    try:
        return await asyncio.to_thread(journal.begin)
    except OSError as error:
        raise JournalRefused(f"The revocation journal {journal.path} cannot be read ({error.strerror}).") from error


def _once(said: str, what: str) -> str:
    if said != what:
        log.warning(what)
    return what
