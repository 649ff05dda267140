"""Scheduled backups: whichever node finds one due makes it."""

import asyncio
import logging
from datetime import timedelta
from pathlib import Path

from badgepin.services import backup as services
from badgepin.store.snapshot import SnapshotRefused
from badgepin.store.transaction import StoreUnavailable
from badgepin.web.installation import Installation

log = logging.getLogger(__name__)
_LOOK_EVERY = 30.0


async def run_backups(installation: Installation) -> None:
    """Make a backup whenever one is due, until cancelled."""
    while installation.settings.backup_directory:
        try:
            await make_due_backup(installation)
        except StoreUnavailable:
            log.warning("A scheduled backup waits for the database.")
        await asyncio.sleep(_LOOK_EVERY)


async def make_due_backup(installation: Installation) -> Path | None:
    """Make a backup if none was begun for `backup_every_hours`. Returns its file."""
    settings, database, now = installation.settings, installation.database, installation.clock()
    free_before = now - timedelta(hours=settings.backup_every_hours)
    if not await database.write(lambda tx: services.claim(tx, services.BACKUP, now=now, free_before=free_before)):
        return None
    source = await database.read(lambda tx: services.read_source(tx, settings.database, Path(settings.data)))
    folder = Path(settings.backup_directory)
    try:
        # named whole: where the folder is missing it must fail, not become a file that each backup replaces
        wanted = folder / services.backup_name(now)
        file = await asyncio.to_thread(services.make_backup, source, wanted, installation.keys, now)
        gone = await asyncio.to_thread(services.prune_backups, folder, settings.backup_keep)
    except (SnapshotRefused, OSError) as error:
        log.error("The scheduled backup failed: %s", error)  # noqa: TRY400 - the sentence says it all
        outcome = str(error)
        await database.write(lambda tx: services.note_done(tx, services.BACKUP, outcome, done=False, now=now))
        return None
    log.info("Backup %s was made; %s older ones went.", file, gone)
    name = file.name
    await database.write(lambda tx: services.note_done(tx, services.BACKUP, name, done=True, now=now))
    return file
