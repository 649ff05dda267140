"""`badgepin backup`."""

from pathlib import Path
from typing import Annotated

import typer

from badgepin.cli.operator import run_on_installation, settings_of
from badgepin.cli.options import DataOption
from badgepin.cli.refusal import CommandRefused
from badgepin.services import backup as services
from badgepin.store.snapshot import SnapshotRefused
from badgepin.web.installation import Installation

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def backup(
    to: Annotated[
        Path | None, typer.Option("--to", metavar="FILE|DIR", help="Where to [default: backup_directory].")
    ] = None,
    keep: Annotated[int | None, typer.Option(min=1, help="Leave so many backups in the folder.")] = None,
    data: DataOption = None,
) -> None:
    """Write an encrypted copy of the database while the server works: one file, never with the key ring in it.

    \b
    badgepin backup --to /mnt/backups --keep 48
    """
    settings = settings_of(data)
    target = to or (Path(settings.backup_directory) if settings.backup_directory else None)
    if target is None:
        raise CommandRefused("Say where the backup goes with --to, or set backup_directory.")
    if keep is not None and not target.is_dir():
        raise CommandRefused(f"--keep counts the backups of a folder, and {target} is none.")

    async def work(installation: Installation) -> Path:
        database, now = installation.database, installation.clock()
        source = await database.read(lambda tx: services.read_source(tx, settings.database, Path(settings.data)))
        file = services.make_backup(source, target, installation.keys, now)
        name = file.name
        await database.write(lambda tx: services.note_done(tx, services.BACKUP, name, now))
        return file

    try:
        file = run_on_installation(settings, work)
        gone = services.prune_backups(target, keep) if keep is not None else 0
    except SnapshotRefused as error:
        raise CommandRefused(str(error)) from error
    except OSError as error:
        raise CommandRefused(f"Cannot write {error.filename or target} ({error.strerror}).") from error
    typer.echo(f"{file} ({file.stat().st_size} bytes)" + (f"; {gone} older ones went." if gone else ""))
