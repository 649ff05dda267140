"""`badgepin db`: the only command that needs the migrations."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from badgepin.cli.operator import settings_of
from badgepin.cli.options import DataOption, JsonOption
from badgepin.cli.output import print_json
from badgepin.cli.refusal import CommandRefused
from badgepin.crypto.key_ring_file import KeyRingRefused, load_key_ring
from badgepin.services.backup import BackupSource, make_backup
from badgepin.services.health import too_new
from badgepin.settings import Settings
from badgepin.store import migrate
from badgepin.store.snapshot import SnapshotRefused, ToolMissing
from badgepin.store.sqlite import SQLiteRefused
from badgepin.store.transaction import StoreUnavailable
from badgepin.web.installation import system_clock

T = TypeVar("T")

app = typer.Typer(add_completion=False, rich_markup_mode=None, help="The database's schema.", no_args_is_help=False)
_OFF = "Set backup_before_upgrade to false to go on without one."


@app.command()
def upgrade(data: DataOption = None) -> None:
    """Bring the database to the schema of this version, while nodes of the version before go on working.

    A backup is made first, where there is something to lose (`backup_before_upgrade`). When the migration fails,
    the database is as it was. docs/upgrading.md goes through it step by step.

    \b
    badgepin db upgrade --data /var/lib/badgepin
    """
    settings = settings_of(data)
    state = _settle(lambda: migrate.inspect(settings.database))
    if state.is_newer:
        typer.echo(f"The database is at {state.current}, a newer version's schema that this one can serve.")
        return
    if state.current is not None and not migrate.knows(state.current):
        raise CommandRefused(too_new(state.current))
    if state.current != state.newest and settings.backup_before_upgrade:
        _back_up(settings, state)
    _settle(lambda: migrate.upgrade(settings.database))
    typer.echo(f"The database is at {state.newest}.")


def _back_up(settings: Settings, state: migrate.SchemaState) -> None:
    if not _settle(lambda: migrate.holds_tenants(settings.database)):
        return
    data, now = Path(settings.data), system_clock()
    # by another name than scheduled ones: it stays until somebody removes it
    target = Path(settings.backup_directory or data) / f"before-{state.newest}-{now:%Y%m%dT%H%M%SZ}.backup.age"
    try:
        ring = load_key_ring(settings.key_ring_path, settings.kek_path).at(now)
        file = make_backup(BackupSource(settings.database, data, state.current), target, ring, now)
    except ToolMissing as error:
        typer.echo(f"badgepin: No backup is made before the migration: {error}", err=True)
    except (SnapshotRefused, KeyRingRefused) as error:
        raise CommandRefused(f"There is no backup, so nothing was changed: {error} {_OFF}") from error
    except OSError as error:
        raise CommandRefused(
            f"There is no backup, so nothing was changed ({target}: {error.strerror}). {_OFF}"
        ) from error
    else:
        typer.echo(f"The backup of before is {file}.")


@app.command()
def check(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Say whether this version can serve the database; exit code 1 when not.

    \b
    badgepin db check
    badgepin db check --json
    """
    url = settings_of(data).database
    state = _settle(lambda: migrate.inspect(url))
    if as_json:
        differences = list(state.drift)
        print_json(
            {
                "current": state.current,
                "newest": state.newest,
                "isCurrent": state.is_current,
                "isNewer": state.is_newer,
                "drift": differences,
            }
        )
    if state.is_newer:
        if not as_json:
            typer.echo(f"The database is at {state.current}, a newer version's schema that this one can serve.")
        return
    if state.current is not None and not migrate.knows(state.current):
        raise CommandRefused(too_new(state.current))
    if state.current != state.newest:
        raise CommandRefused(
            f"The database is at {state.current or 'nothing'}, not at {state.newest}: run `badgepin db upgrade`."
        )
    if state.drift:
        raise CommandRefused(f"The database differs from its schema ({'; '.join(state.drift)}): restore it or ask why.")
    if not as_json:
        typer.echo(f"The database is at {state.newest}, as this version needs it.")


@app.command()
def downgrade(
    revision: Annotated[str, typer.Argument(help="The revision to go back to; 'base' removes everything.")],
    data: DataOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Take the database back to an older schema. What only the newer one can hold is lost.

    \b
    badgepin db downgrade 2026_11_23_first_schema
    badgepin db downgrade base --yes
    """
    url = settings_of(data).database
    if not yes and not typer.confirm(f"Take the database back to {revision}?"):
        raise CommandRefused("Nothing was changed.")
    _settle(lambda: migrate.downgrade(url, revision))
    typer.echo(f"The database is at {revision}.")


def _settle(work: Callable[[], T]) -> T:
    try:
        return work()
    except (SQLiteRefused, migrate.MigrationRefused) as error:
        raise CommandRefused(str(error)) from error
    except StoreUnavailable as error:
        raise CommandRefused(f"The database does not answer ({error.__cause__}): check database_url.") from error
