"""`badgepin init`."""

import os
from pathlib import Path
from typing import Annotated

import typer

from badgepin.cli.admins import invitation_row, say_about_link
from badgepin.cli.operator import Operator, run_as_operator
from badgepin.cli.options import DataOption, JsonOption
from badgepin.cli.output import Row, print_row
from badgepin.cli.refusal import CommandRefused, refused
from badgepin.crypto.pin_hash import calibrate
from badgepin.domain.directory_role import GLOBAL_ADMINISTRATOR
from badgepin.domain.errors import DomainError
from badgepin.domain.user import check_user_principal_name
from badgepin.founding import Founding, FoundingRefused, found
from badgepin.services.newcomer import Newcomer, bring_in
from badgepin.settings import Settings, SettingsRefused, read_settings
from badgepin.store.sqlite import SQLiteRefused
from badgepin.store.transaction import StoreUnavailable
from badgepin.web.installation import system_clock

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def init(
    data: DataOption = None,
    domain: Annotated[str, typer.Option(help="The domain in which people's names end.")] = "example.com",
    name: Annotated[str | None, typer.Option(help="The organization's name [default: the domain].")] = None,
    base_url: Annotated[
        str | None, typer.Option(help="The address clients use, such as https://id.example.com.")
    ] = None,
    database_url: Annotated[
        str | None, typer.Option(help="postgresql://user@host/name [default: a SQLite file in the folder].")
    ] = None,
    admin: Annotated[
        str | None, typer.Option(help="Add a Global Administrator, such as ada@example.com, and print an invitation.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Make an installation: a folder only you can read, with keys, settings, a database and the first tenant.

    The key ring in the folder opens every PIN: copy it to a safe place, never next to a backup of the database.

    \b
    badgepin init --data /var/lib/badgepin --domain example.com --name "Example Stores"
    badgepin init --data /var/lib/badgepin --base-url https://id.example.com --admin ada@example.com
    badgepin init --data /etc/badgepin --database-url postgresql://badgepin@db/badgepin
    """
    chosen = {"base_url": base_url, "database_url": database_url}
    try:
        settings = read_settings(data, environment=os.environ, **chosen)
        if admin is not None:
            check_user_principal_name(admin)
        cost = calibrate()
        written: dict[str, str | int] = {key: value for key, value in chosen.items() if value is not None}
        written["hash_memory_kib"] = cost.memory_kib
        folder = Path(settings.data)
        tenant = found(Founding(folder, name or domain, domain, written), settings, system_clock())
    except (SettingsRefused, FoundingRefused, SQLiteRefused) as error:
        raise CommandRefused(str(error)) from error
    except StoreUnavailable as error:
        raise CommandRefused(f"The database does not answer ({error.__cause__}): check --database-url.") from error
    except DomainError as error:
        raise refused(error) from error
    except OSError as error:
        raise CommandRefused(f"Cannot write {error.filename} ({error.strerror}): choose another --data.") from error
    row: Row = {"data": str(folder), "tenantId": tenant.id, "domain": tenant.default_domain}
    row["origin"] = settings.base_url
    if admin is not None:
        row |= _invite(settings, admin)
    print_row(row, as_json=as_json)
    if not as_json:
        _say_what_next(settings, admin, str(row.get("link", "")))


def _invite(settings: Settings, admin: str) -> Row:
    async def work(operator: Operator) -> Row:
        wanted = Newcomer(admin, admin.partition("@")[0], GLOBAL_ADMINISTRATOR)
        return invitation_row(operator, await operator.write(lambda tx, call: bring_in(tx, call, wanted)))

    return run_as_operator(settings.data, None, work)


def _say_what_next(settings: Settings, admin: str | None, link: str) -> None:
    data = f" --data {settings.data}" if settings.data != Settings().data else ""
    if admin is not None:
        say_about_link(link)
        typer.echo(f"\nNext:  badgepin serve{data}")
        return
    steps = (
        f"badgepin admins invite ada@example.com --name 'Ada' --role 'Global Administrator'{data}",
        f"badgepin users add noor@example.com --name 'Noor'{data}",
        f"badgepin serve{data}",
    )
    typer.echo("\nNext:  " + "\n       ".join(steps))
