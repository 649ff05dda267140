"""`badgepin explain`."""

from pathlib import Path
from typing import Annotated

import typer

from badgepin.cli.operator import Operator, run_as_operator
from badgepin.cli.options import DataOption, JsonOption, TenantOption
from badgepin.cli.output import Row, print_row, when
from badgepin.services import explanation
from badgepin.services.explanation import Explanation
from badgepin.web.refusal_log import find_refusal

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def explain(
    handle: Annotated[str, typer.Argument(metavar="HANDLE", help="The four characters on the screen.")],
    data: DataOption = None,
    tenant: TenantOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say why a sign-in was refused and what helps, from the handle the worker reads on the screen.

    Refusals before a badge was proven are known on the node that refused only.

    \b
    badgepin explain K7QF
    """

    async def work(operator: Operator) -> Explanation:
        seen = find_refusal(Path(operator.installation.settings.data), handle.upper())
        early = (seen.occurred_at, seen.cause) if seen else None
        return await operator.read(lambda tx, call: explanation.explain(tx, call, handle, early))

    found = run_as_operator(data, tenant, work)
    row: Row = {
        "handle": found.handle,
        "when": when(found.occurred_at) if found.occurred_at else None,
        "person": found.user_principal_name,
        "cause": found.cause,
        "fix": found.fix,
    }
    print_row(row, as_json=as_json)
