"""`badgepin restore`."""

import os
import shutil
import time
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from badgepin.cli.operator import run_on_installation, settings_of
from badgepin.cli.options import DataOption
from badgepin.cli.refusal import CommandRefused
from badgepin.cli.restoring import Target, fill_and_settle, read_journals
from badgepin.cli.running import RunningElsewhere, alone
from badgepin.crypto.backup_file import BackupUnreadable
from badgepin.crypto.key_ring import KeyRing
from badgepin.crypto.key_ring_file import KeyRingRefused, load_key_ring
from badgepin.crypto.revocation_journal import JournalContents
from badgepin.services import backup as services
from badgepin.services.backup import OpenedBackup
from badgepin.services.scratch import DRILL, RESTORE_SCRATCH, clear_scratch, left_behind, scratch_folder
from badgepin.settings import Settings
from badgepin.store import migrate
from badgepin.store.snapshot import SnapshotRefused, create_scratch, drop_scratch, scratch_name
from badgepin.store.sqlite import SQLiteRefused
from badgepin.store.transaction import StoreUnavailable
from badgepin.web.audit_anchors import FILE as CHECKPOINTS
from badgepin.web.installation import Installation, system_clock

app = typer.Typer(add_completion=False, rich_markup_mode=None)
_FILE = "sqlite:///"
# what SQLite keeps beside a database
_BESIDE = ("-wal", "-shm", "-journal")


@app.command()
def restore(
    source: Annotated[Path, typer.Option("--from", metavar="FILE", help="The backup.")],
    verify: Annotated[
        bool, typer.Option("--verify", help="Only try it, in a scratch database that goes again.")
    ] = False,
    journal: Annotated[
        list[Path] | None, typer.Option("--journal", metavar="FILE", help="The revocation journal of another node.")
    ] = None,
    without_journal: Annotated[
        bool, typer.Option("--without-journal", help="There is none any more: what was revoked since works again.")
    ] = False,
    data: DataOption = None,
) -> None:
    """Put a backup back, with every node stopped, or try whether it could be.

    Whatever was revoked after the backup stays revoked: the journals say so. Everybody signs in anew, and temporary
    codes end. The database that is there now is moved aside; on PostgreSQL make a new empty one and set database_url.

    \b
    badgepin restore --from badgepin-20261129T140000Z.backup.age --verify
    badgepin restore --from badgepin-20261129T140000Z.backup.age --data /var/lib/badgepin
    """
    settings, started = settings_of(data), time.monotonic()
    try:
        ring = load_key_ring(settings.key_ring_path, settings.kek_path).at(system_clock())
        journals = read_journals(_journals(settings, journal or [], needed=not (without_journal or verify)), ring)
        _clear(settings)
        with scratch_folder(Path(settings.data), RESTORE_SCRATCH) as scratch:
            opened = services.open_backup(source, scratch, ring)
            age = system_clock() - opened.manifest.made_at
            typer.echo(f"It was made {_span(age)} ago by Badgepin {opened.manifest.version}.")
            _check_dialect(opened, settings)
            if verify:
                _drill(opened, settings, scratch, ring, journals)
            else:
                _restore(opened, settings, ring, journals)
                if without_journal and not settings.journal_path.exists():
                    # its end was accepted: the node may begin a new one
                    settings.journal_identity_path.unlink(missing_ok=True)
    except (KeyRingRefused, BackupUnreadable, SnapshotRefused, SQLiteRefused, migrate.MigrationRefused) as error:
        raise CommandRefused(str(error)) from error
    except RunningElsewhere as error:
        raise CommandRefused(str(error)) from error
    except StoreUnavailable as error:
        raise CommandRefused(f"The database does not answer ({error.__cause__}): check database_url.") from error
    except OSError as error:
        raise CommandRefused(f"{error.filename or source}: {error.strerror}.") from error
    seconds = time.monotonic() - started
    if verify:
        _note_drill(settings, source.name)
        typer.echo(f"This backup can be restored: {seconds:.1f} seconds here.")
    else:
        typer.echo(f"Restored in {seconds:.1f} seconds. Start the server; everybody signs in anew.")


def _journals(settings: Settings, others: list[Path], *, needed: bool) -> list[Path]:
    own = settings.journal_path
    if own.exists():
        return [own, *others]
    if needed and not others:
        raise CommandRefused(
            f"There is no revocation journal in {own}: give those of the nodes with --journal, or say "
            "--without-journal; then look in your own records for what was revoked after the backup."
        )
    return others


def _check_dialect(opened: OpenedBackup, settings: Settings) -> None:
    wanted = "sqlite" if settings.database.startswith(_FILE) else "postgresql"
    if opened.manifest.dialect != wanted:
        raise CommandRefused(f"The backup is of {opened.manifest.dialect}, and this installation is on {wanted}.")


def _clear(settings: Settings) -> None:
    """What an earlier run left that was killed: clear copies, and the database of a drill."""
    data = Path(settings.data)
    clear_scratch(data)
    if settings.database.startswith(_FILE):
        return
    for folder in left_behind(data, f"{RESTORE_SCRATCH}*"):
        if drop_scratch(settings.database, (folder / DRILL).read_text(encoding="ascii")):
            shutil.rmtree(folder, ignore_errors=True)


def _drill(
    opened: OpenedBackup, settings: Settings, scratch: Path, ring: KeyRing, journals: list[JournalContents]
) -> None:
    if opened.manifest.dialect == "sqlite":
        url = f"{_FILE}{scratch / 'drill.db'}"
        fill_and_settle(opened, Target(url, ring, journals, system_clock()), typer.echo)
        return
    name = scratch_name()
    # whoever comes after a crash finds it there
    (scratch / DRILL).write_text(name, encoding="ascii")
    url = create_scratch(settings.database, name)
    try:
        fill_and_settle(opened, Target(url, ring, journals, system_clock()), typer.echo)
    finally:
        drop_scratch(settings.database, name)


def _restore(opened: OpenedBackup, settings: Settings, ring: KeyRing, journals: list[JournalContents]) -> None:
    data, now = Path(settings.data), system_clock()
    with alone(data):
        if not settings.database.startswith(_FILE):
            if not migrate.is_empty(settings.database):
                raise CommandRefused("The database holds something: make a new empty one and set database_url to it.")
            fill_and_settle(opened, Target(settings.database, ring, journals, now), typer.echo)
        else:
            file = Path(settings.database.removeprefix(_FILE))
            fresh = file.with_name(f".{file.name}.restored")
            for ending in ("", *_BESIDE):
                # of a restore that was killed: a journal beside the new file would be played into it
                fresh.with_name(fresh.name + ending).unlink(missing_ok=True)
            fill_and_settle(opened, Target(f"{_FILE}{fresh}", ring, journals, now), typer.echo)
            _put_in_place(fresh, file, f"{now:%Y%m%dT%H%M%SZ}")
        checkpoints = data / CHECKPOINTS
        if checkpoints.exists():
            # they speak of events that this database never had
            checkpoints.rename(checkpoints.with_name(f"{CHECKPOINTS}.before-{now:%Y%m%dT%H%M%SZ}"))


def _put_in_place(fresh: Path, file: Path, stamp: str) -> None:
    for ending in _BESIDE:
        # the old database's own files go with it: they would be played into the new one
        beside = file.with_name(file.name + ending)
        if beside.exists():
            beside.rename(file.with_name(f"{file.name}.before-{stamp}{ending}"))
    if file.exists():
        aside = file.with_name(f"{file.name}.before-{stamp}")
        file.rename(aside)
        typer.echo(f"The database that was there is {aside}.")
    fresh.rename(file)
    for ending in _BESIDE:
        with suppress(FileNotFoundError):
            shutil.move(fresh.with_name(fresh.name + ending), file.with_name(file.name + ending))
    descriptor = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _note_drill(settings: Settings, name: str) -> None:
    async def work(installation: Installation) -> None:
        now = installation.clock()
        await installation.database.write(lambda tx: services.note_done(tx, services.DRILL, name, now))

    # a drill is worth something on a machine without the real database, too
    with suppress(CommandRefused):
        run_on_installation(settings, work)


def _span(age: timedelta) -> str:
    hours, minutes = divmod(int(age.total_seconds()) // 60, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
