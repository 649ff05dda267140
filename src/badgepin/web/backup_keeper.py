"""Scheduled backups: whichever node finds one due makes it, and gives it up when the node stops."""

import asyncio
import logging
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from badgepin.services import backup as services
from badgepin.services.backup import BackupSource
from badgepin.store.snapshot import SnapshotRefused, Stop
from badgepin.store.transaction import StoreUnavailable
from badgepin.web.installation import Installation

log = logging.getLogger(__name__)
_LOOK_EVERY = 30.0
_AGAIN_AFTER = timedelta(minutes=10)


async def run_backups(installation: Installation) -> None:
    """Make a backup whenever one is due, until cancelled."""
    settings = installation.settings
    is_cut_off = await asyncio.to_thread(_clear, installation)
    while settings.backup_directory:
        try:
            if is_cut_off:
                await _free_at_once(installation)
                is_cut_off = False
            await make_due_backup(installation)
        except StoreUnavailable:
            log.warning("A scheduled backup waits for the database.")
        await asyncio.sleep(_LOOK_EVERY)


def _clear(installation: Installation) -> bool:
    data = Path(installation.settings.data)
    try:
        return services.clear_left(data, Path(installation.settings.backup_directory or data))
    except OSError as error:
        log.warning("What an earlier backup left cannot be looked for (%s).", error.strerror)
        return False


async def _free_at_once(installation: Installation) -> None:
    """The backup that this node was making when it was killed is due again."""
    database = installation.database
    chore = await database.read(lambda tx: services.find_chore(tx, services.BACKUP))
    if chore is not None and (chore.done_at is None or chore.done_at < chore.claimed_at):
        every = timedelta(hours=installation.settings.backup_every_hours)
        await _note_failure(installation, "The node that made it was killed.", installation.clock() - every)


async def make_due_backup(installation: Installation) -> Path | None:
    """Make a backup if none was begun for `backup_every_hours`. Returns its file.

    One that fails is tried again in ten minutes, one that is cancelled at once, by whoever looks next.
    """
    settings, database, now = installation.settings, installation.database, installation.clock()
    every = timedelta(hours=settings.backup_every_hours)
    if not await database.write(lambda tx: services.claim(tx, services.BACKUP, now=now, free_before=now - every)):
        return None
    source = await database.read(lambda tx: services.read_source(tx, settings.database, Path(settings.data)))
    try:
        file, gone = await _make(installation, source, now)
    except asyncio.CancelledError:
        with suppress(StoreUnavailable):
            await _note_failure(installation, "The node that made it was stopped.", now - every)
        raise
    except (SnapshotRefused, OSError) as error:
        log.error("The scheduled backup failed: %s", error)  # noqa: TRY400 - the sentence says it all
        await _note_failure(installation, str(error), now - every + min(every, _AGAIN_AFTER))
        return None
    log.info("Backup %s was made; %s older ones went.", file, gone)
    name = file.name
    await database.write(lambda tx: services.note_done(tx, services.BACKUP, name, now))
    return file


async def _make(installation: Installation, source: BackupSource, now: datetime) -> tuple[Path, int]:
    folder, stop = Path(installation.settings.backup_directory), Stop()

    def work() -> tuple[Path, int]:
        # named whole: where the folder is missing it must fail, not become a file that each backup replaces
        wanted = folder / services.backup_name(now)
        file = services.make_backup(source, wanted, installation.keys, now, stop)
        return file, services.prune_backups(folder, installation.settings.backup_keep)

    making = asyncio.get_running_loop().run_in_executor(None, work)
    try:
        return await asyncio.shield(making)
    except asyncio.CancelledError:
        # a thread cannot be cancelled: it is told, and takes what is half done with it
        stop.give()
        with suppress(SnapshotRefused, OSError):
            await making
        raise


async def _note_failure(installation: Installation, outcome: str, claimed_at: datetime) -> None:
    await installation.database.write(lambda tx: services.note_failed(tx, services.BACKUP, outcome, claimed_at))
