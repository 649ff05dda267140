"""Making a backup: one encrypted file with a consistent copy of the database and a note of what it is.

The key ring is never in it. The copy lies in clear beside the database for as long as it takes to encrypt it.
"""

import tarfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from badgepin import __version__
from badgepin.crypto.backup_file import BackupUnreadable, decrypt_backup, encrypt_backup
from badgepin.crypto.key_ring import KeyRing
from badgepin.services.scratch import BACKUP_SCRATCH, clear_scratch, left_behind, scratch_folder
from badgepin.store import node
from badgepin.store.health import current_revision
from badgepin.store.node import Chore
from badgepin.store.snapshot import NEVER, SnapshotRefused, Stop, take_snapshot
from badgepin.store.transaction import Transaction

BACKUP, DRILL = "backup", "restore drill"
"""The chores whose last success `badgepin doctor` looks for."""

_FORMAT = 1
_PATTERN = "badgepin-*.backup.age"
_MANIFEST, _DATABASE = "manifest.json", "database"
_PARTIAL = ".*.backup.age.partial"


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a backup says of itself."""

    format: int
    made_at: datetime
    version: str
    dialect: str
    schema: str | None


@dataclass(frozen=True)
class BackupSource:
    """What is backed up: the database, and the folder beside it for what is not encrypted yet."""

    url: str
    data: Path
    schema: str | None


def read_source(tx: Transaction, url: str, data: Path) -> BackupSource:
    """The source as it is now."""
    return BackupSource(url, data, current_revision(tx))


def backup_name(now: datetime) -> str:
    """The name of a backup made now; names sort by age."""
    return f"badgepin-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}.backup.age"


def make_backup(source: BackupSource, target: Path, ring: KeyRing, now: datetime, stop: Stop = NEVER) -> Path:
    """Write the backup to `target` (a file, or an existing folder). Takes as long as reading the database.

    Returns the file. Raises `SnapshotRefused`, `OSError`; then nothing is left of it, nor when `stop` says so.
    """
    if not ring.backups:
        raise SnapshotRefused(
            "The key ring has no backup key: run `badgepin keys complete`, and keep a copy of the ring."
        )
    file = target / backup_name(now) if target.is_dir() else target
    clear_left(source.data, file.parent)
    with scratch_folder(source.data, BACKUP_SCRATCH) as scratch:
        database, packed = scratch / _DATABASE, scratch / "packed"
        dialect = take_snapshot(source.url, database, stop)
        manifest = scratch / _MANIFEST
        manifest.write_bytes(msgspec.json.encode(Manifest(_FORMAT, now, __version__, dialect, source.schema)))
        with tarfile.open(packed, "w:gz", compresslevel=1) as archive:
            for path in (manifest, database):
                with path.open("rb") as content:
                    archive.addfile(archive.gettarinfo(fileobj=content, arcname=path.name), stop.watched(content))
        with packed.open("rb") as content:
            try:
                encrypt_backup(stop.watched(content), file, ring.backups[0])
            except OSError:
                # also what age makes of the order to stop
                stop.obey()
                raise
    return file


def clear_left(data: Path, folder: Path) -> bool:
    """Remove what backups left that were cut off: clear copies in the data folder, half a file where they go to.

    Whether there was one. Raises `OSError`.
    """
    is_cut_off = clear_scratch(data)
    if folder.is_dir():
        for partial in left_behind(folder, _PARTIAL):
            partial.unlink(missing_ok=True)
    return is_cut_off


def prune_backups(folder: Path, keep: int) -> int:
    """Remove the oldest backups of a folder until `keep` are left. Returns how many went."""
    doomed = sorted(folder.glob(_PATTERN))[:-keep]
    for file in doomed:
        file.unlink(missing_ok=True)
    return len(doomed)


@dataclass(frozen=True)
class OpenedBackup:
    """A backup, decrypted into a scratch folder."""

    manifest: Manifest
    database: Path


def open_backup(file: Path, scratch: Path, ring: KeyRing) -> OpenedBackup:
    """Decrypt a backup into an empty folder. Raises `BackupUnreadable`, `OSError`."""
    packed = scratch / "packed"
    decrypt_backup(file, packed, ring.backups)
    try:
        with tarfile.open(packed, "r:gz") as archive:
            for name in (_MANIFEST, _DATABASE):
                archive.extract(name, scratch, filter="data")
        manifest = msgspec.json.decode((scratch / _MANIFEST).read_bytes(), type=Manifest)
    except (tarfile.TarError, KeyError, EOFError, msgspec.DecodeError) as error:
        raise BackupUnreadable(f"{file} is not a backup of Badgepin ({error}).") from error
    if manifest.format != _FORMAT:
        raise BackupUnreadable(f"{file} was made by Badgepin {manifest.version}, which this version cannot read.")
    packed.unlink()
    return OpenedBackup(manifest, scratch / _DATABASE)


def find_chore(tx: Transaction, name: str) -> Chore | None:
    """When a chore was last done."""
    return node.find_chore(tx, name)


def claim(tx: Transaction, name: str, *, now: datetime, free_before: datetime) -> bool:
    """Take a chore that is due; of several nodes one gets it."""
    return node.claim(tx, name, now=now, free_before=free_before)


def note_done(tx: Transaction, name: str, outcome: str, now: datetime) -> None:
    """Remember that a chore was done."""
    node.note_done(tx, name, outcome, done_at=now, now=now)


def note_failed(tx: Transaction, name: str, outcome: str, claimed_at: datetime) -> None:
    """Remember why a chore was not done; it can be claimed again as if it had been begun at `claimed_at`."""
    node.note_failed(tx, name, outcome, claimed_at)
