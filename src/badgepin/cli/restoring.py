"""The steps of a restore: each answers with a sentence, and the first thing that is wrong ends it.

The same steps run on a scratch database for a drill and on the real one.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from badgepin.cli.audit_verification import Trust, Verification
from badgepin.cli.refusal import CommandRefused
from badgepin.crypto.checkpoint import CheckpointKey
from badgepin.crypto.key_ring import KeyRing, journal_keys
from badgepin.crypto.revocation_journal import JournalContents, JournalRefused, read_journal
from badgepin.services.backup import Manifest, OpenedBackup
from badgepin.services.health import check_keys
from badgepin.services.restoring import Restored, begin_epoch
from badgepin.services.tenant import list_tenants
from badgepin.store import migrate
from badgepin.store.snapshot import find_damage, put_back
from badgepin.store.transaction import Database, open_database

Say = Callable[[str], None]


@dataclass(frozen=True)
class Target:
    """An empty database to restore into, the keys that belong to it, and the journals of its nodes."""

    url: str
    ring: KeyRing
    journals: Sequence[JournalContents]
    now: datetime


def read_journals(paths: Sequence[Path], ring: KeyRing) -> list[JournalContents]:
    """The journals to replay. Raises `CommandRefused`."""
    try:
        return [read_journal(path, journal_keys(ring)) for path in paths]
    except JournalRefused as error:
        raise CommandRefused(str(error)) from error
    except OSError as error:
        raise CommandRefused(f"The revocation journal {error.filename} cannot be read ({error.strerror}).") from error


def fill_and_settle(opened: OpenedBackup, target: Target, say: Say) -> Restored:
    """Put the backup into the target, check it, and make it safe to use. Raises `CommandRefused`."""
    manifest = opened.manifest
    _check_version(manifest)
    put_back(opened.database, target.url)
    damage = find_damage(target.url)
    if damage is not None:
        raise CommandRefused(f"The backup's database is damaged ({damage}): take an older backup.")
    say("The database is whole.")
    migrate.upgrade(target.url)
    say(f"Its schema was {manifest.schema} and is {migrate.newest_revision()}.")
    return asyncio.run(_settle(target, manifest, say))


def _check_version(manifest: Manifest) -> None:
    if not migrate.knows(manifest.schema):
        raise CommandRefused(
            f"The backup was made by Badgepin {manifest.version} with schema {manifest.schema}, which this version "
            "does not know: restore it with that version or a newer one."
        )


async def _settle(target: Target, manifest: Manifest, say: Say) -> Restored:
    database = open_database(target.url, pool_size=2)
    try:
        wrong = await database.read(lambda tx: check_keys(tx, target.ring, thorough=True))
        if wrong is not None:
            raise CommandRefused(wrong)
        say("The key ring opens everything that is kept.")
        await _verify_log(database, target.ring, manifest, say)
        cause = f"Restored from the backup of {manifest.made_at:%Y-%m-%d %H:%M:%S} UTC"
        restored = await database.write(
            lambda tx: begin_epoch(tx, target.journals, target.ring, cause=cause, now=target.now)
        )
    finally:
        await database.close()
    counts = ", ".join(f"{name} {count}" for name, count in sorted(restored.ended.items()) if count) or "nothing"
    say(f"{_told(target.journals)}; epoch {restored.epoch} ended: {counts}.")
    return restored


def _told(journals: Sequence[JournalContents]) -> str:
    records = sum(len(journal.records) for journal in journals)
    return f"{len(journals)} revocation journal{'' if len(journals) == 1 else 's'} with {records} records replayed"


async def _verify_log(database: Database, ring: KeyRing, manifest: Manifest, say: Say) -> None:
    # as of then: what waited for its place in the chain at that moment is not late
    trust, events = Trust(CheckpointKey(ring), manifest.made_at), 0
    for tenant in await database.read(list_tenants):
        report = await Verification(database.read, trust, tenant.id).run()
        if report.finding is not None:
            raise CommandRefused(
                f"The audit log of {tenant.default_domain} in this backup is not whole: {report.finding.sentence}"
            )
        events += report.events
    say(f"The audit log's chain holds, {events} events.")
