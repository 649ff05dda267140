"""`badgepin tenants`."""

from typing import Annotated

import typer

from badgepin.cli.operator import run_on_installation, settings_of
from badgepin.cli.options import DataOption, JsonOption
from badgepin.cli.output import Row, print_row, print_rows, when
from badgepin.domain.tenant import Tenant
from badgepin.services.tenant import create_tenant, list_tenants
from badgepin.web.installation import Installation

app = typer.Typer(add_completion=False, rich_markup_mode=None, help="Organizations: each is a directory of its own.")


@app.command()
def add(
    domain: Annotated[str, typer.Option(help="The domain in which people's names end.")],
    name: Annotated[str | None, typer.Option(help="The organization's name [default: the domain].")] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add a tenant.

    \b
    badgepin tenants add --domain example.org --name "Example Hospital"
    """

    async def work(installation: Installation) -> Tenant:
        now = installation.clock()
        return await installation.database.write(
            lambda tx: create_tenant(tx, display_name=name or domain, default_domain=domain, now=now)
        )

    print_row(_row(run_on_installation(settings_of(data), work)), as_json=as_json)


@app.command(name="list")
def list_(data: DataOption = None, as_json: JsonOption = False) -> None:
    """List the tenants, the oldest first.

    \b
    badgepin tenants list --json
    """

    async def work(installation: Installation) -> list[Tenant]:
        return await installation.database.read(list_tenants)

    tenants = run_on_installation(settings_of(data), work)
    print_rows([_row(tenant) for tenant in tenants], as_json=as_json, empty="There is no tenant yet.")


def _row(tenant: Tenant) -> Row:
    return {
        "id": tenant.id,
        "displayName": tenant.display_name,
        "defaultDomain": tenant.default_domain,
        "createdDateTime": when(tenant.created_at),
    }
