"""`badgepin db`: the only command that needs the migrations."""

from collections.abc import Callable
from typing import Annotated, TypeVar

import typer

from badgepin.cli.operator import settings_of
from badgepin.cli.options import DataOption, JsonOption
from badgepin.cli.output import print_json
from badgepin.cli.refusal import CommandRefused
from badgepin.store import migrate
from badgepin.store.sqlite import SQLiteRefused
from badgepin.store.transaction import StoreUnavailable

T = TypeVar("T")

app = typer.Typer(add_completion=False, rich_markup_mode=None, help="The database's schema.", no_args_is_help=False)


@app.command()
def upgrade(data: DataOption = None) -> None:
    """Bring the database to the schema of this version. Make a backup first.

    \b
    badgepin db upgrade --data /var/lib/badgepin
    """
    url = settings_of(data).database
    _settle(lambda: migrate.upgrade(url))
    typer.echo(f"The database is at {migrate.newest_revision()}.")


@app.command()
def check(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Say whether the database has the schema of this version; exit code 1 when not.

    \b
    badgepin db check
    badgepin db check --json
    """
    url = settings_of(data).database
    state = _settle(lambda: migrate.inspect(url))
    if as_json:
        differences = list(state.drift)
        print_json(
            {"current": state.current, "newest": state.newest, "isCurrent": state.is_current, "drift": differences}
        )
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
