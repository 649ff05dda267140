"""The options that many commands share."""

from typing import Annotated

import typer

DataOption = Annotated[
    str | None,
    typer.Option("--data", metavar="DIR", help="The installation's folder [default: $BADGEPIN_DATA or badgepin-data]."),
]
TenantOption = Annotated[
    str | None,
    typer.Option("--tenant", metavar="ID|DOMAIN", help="Which tenant, where the installation has several."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for a script.")]
