"""`badgepin explain`."""

from pathlib import Path
from typing import Annotated

import typer

from badgepin.cli.operator import Operator, run_as_operator
from badgepin.cli.options import DataOption, JsonOption, TenantOption
from badgepin.cli.output import Row, print_row, when
from badgepin.cli.refusal import CommandRefused
from badgepin.domain.eligibility import MayNotUse
from badgepin.services import explanation
from badgepin.services.eligibility import PersonalEligibility, read_eligibility
from badgepin.services.explanation import Explanation
from badgepin.web.refusal_log import find_refusal

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def explain(
    handle: Annotated[str | None, typer.Argument(metavar="HANDLE", help="The four characters on the screen.")] = None,
    user: Annotated[
        str | None, typer.Option(metavar="USER", help="Say whether this person may sign in by badge.")
    ] = None,
    data: DataOption = None,
    tenant: TenantOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say why a sign-in was refused and what helps, from the handle the worker reads on the screen.

    Refusals before a badge was proven are known on the node that refused only. With --user: whether policy and
    account let a person sign in by badge now, and what is in the way.

    \b
    badgepin explain K7QF
    badgepin explain --user ada@example.com
    """
    if (handle is None) == (user is None):
        raise CommandRefused(
            "Say which refusal or which person, one of them: `badgepin explain K7QF` or `explain --user USER`."
        )
    row = _of_handle(handle, data, tenant) if handle is not None else _of_person(user or "", data, tenant)
    print_row(row, as_json=as_json)


def _of_handle(handle: str, data: str | None, tenant: str | None) -> Row:
    async def work(operator: Operator) -> Explanation:
        seen = find_refusal(Path(operator.installation.settings.data), handle.upper())
        early = (seen.occurred_at, seen.cause) if seen else None
        return await operator.read(lambda tx, call: explanation.explain(tx, call, handle, early))

    found = run_as_operator(data, tenant, work)
    return {
        "handle": found.handle,
        "when": when(found.occurred_at) if found.occurred_at else None,
        "person": found.user_principal_name,
        "cause": found.cause,
        "fix": found.fix,
    }


def _of_person(user: str, data: str | None, tenant: str | None) -> Row:
    async def work(operator: Operator) -> PersonalEligibility:
        return await operator.read(lambda tx, call: read_eligibility(tx, call, user))

    found = run_as_operator(data, tenant, work)
    bar = found.eligibility if isinstance(found.eligibility, MayNotUse) else None
    return {
        "person": found.person.user_principal_name,
        "isEligible": bar is None,
        "reason": bar.obstacle.value if bar else None,
        "cause": found.cause or None,
        "fix": found.fix or None,
        "groupId": bar.group_id if bar else None,
    }
