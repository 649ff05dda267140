"""`badgepin users`."""

from dataclasses import replace
from typing import Annotated

import typer

from badgepin.cli.operator import Operator, run_as_operator
from badgepin.cli.options import DataOption, JsonOption, TenantOption
from badgepin.cli.output import Row, print_row, print_rows, when
from badgepin.crypto.randomness import new_guid
from badgepin.domain.filter import Comparison, Field, Kind, fold
from badgepin.domain.filter import Operator as Compare
from badgepin.domain.query import Page, Query
from badgepin.domain.user import User, UserType
from badgepin.services import user as services

app = typer.Typer(add_completion=False, rich_markup_mode=None, help="People.")

_NAME = Field("display_name", Kind.NAME)
UserArgument = Annotated[str, typer.Argument(metavar="USER", help="The person's user principal name or id.")]
NameOption = Annotated[str | None, typer.Option("--name", help="The name that others see.")]
DepartmentOption = Annotated[str | None, typer.Option("--department", help="Where they work.")]
JobOption = Annotated[str | None, typer.Option("--job-title", help="What they do.")]
EmployeeOption = Annotated[str | None, typer.Option("--employee-id", help="Their number in the staff list.")]


@app.command()
def add(
    user: Annotated[str, typer.Argument(metavar="USER", help="The new user principal name, such as ada@example.com.")],
    name: NameOption = None,
    department: DepartmentOption = None,
    job_title: JobOption = None,
    employee_id: EmployeeOption = None,
    guest: Annotated[bool, typer.Option("--guest", help="Somebody of another organization.")] = False,
    data: DataOption = None,
    tenant: TenantOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add a person. They sign in by badge once `badgepin codes issue` gave them a code.

    \b
    badgepin users add ada@example.com --name "Ada Okafor" --department "Store North"
    """

    async def work(operator: Operator) -> User:
        new = User(
            new_guid(),
            user,
            name or user.partition("@")[0],
            operator.installation.clock(),
            user_type=UserType.GUEST if guest else UserType.MEMBER,
            department=department,
            job_title=job_title,
            employee_id=employee_id,
        )
        return await operator.write(lambda tx, call: services.create_user(tx, call, lambda: new))

    print_row(_row(run_as_operator(data, tenant, work)), as_json=as_json)


@app.command(name="list")
def list_(
    starts_with: Annotated[str | None, typer.Option(help="Only names that begin like this.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 1000,
    data: DataOption = None,
    tenant: TenantOption = None,
    as_json: JsonOption = False,
) -> None:
    """List people; those whose name begins like this are in the order of their names.

    \b
    badgepin users list
    badgepin users list --starts-with Ada --json
    """

    async def work(operator: Operator) -> Page[User]:
        named = None if starts_with is None else Comparison(_NAME, Compare.STARTS_WITH, fold(starts_with))
        return await operator.read(lambda tx, call: services.list_users(tx, call, Query(limit, named)))

    rows = [_short(user) for user in run_as_operator(data, tenant, work).items]
    print_rows(rows, as_json=as_json, empty="There is nobody: `badgepin users add` adds people.")


@app.command()
def show(user: UserArgument, data: DataOption = None, tenant: TenantOption = None, as_json: JsonOption = False) -> None:
    """Show a person.

    \b
    badgepin users show ada@example.com
    """

    async def work(operator: Operator) -> User:
        return await operator.read(lambda tx, call: services.get_user(tx, call, user))

    print_row(_row(run_as_operator(data, tenant, work)), as_json=as_json)


@app.command()
def update(
    user: UserArgument,
    name: NameOption = None,
    rename: Annotated[str | None, typer.Option("--rename", help="A new user principal name.")] = None,
    department: DepartmentOption = None,
    job_title: JobOption = None,
    employee_id: EmployeeOption = None,
    data: DataOption = None,
    tenant: TenantOption = None,
    as_json: JsonOption = False,
) -> None:
    """Change what is given and leave the rest.

    \b
    badgepin users update ada@example.com --department "Store South"
    badgepin users update ada@example.com --rename ada.okafor@example.com
    """

    def changed(old: User) -> User:
        return replace(
            old,
            display_name=name or old.display_name,
            user_principal_name=rename or old.user_principal_name,
            department=department or old.department,
            job_title=job_title or old.job_title,
            employee_id=employee_id or old.employee_id,
        )

    async def work(operator: Operator) -> User:
        return await operator.write(lambda tx, call: services.update_user(tx, call, user, changed))

    print_row(_row(run_as_operator(data, tenant, work)), as_json=as_json)


@app.command()
def disable(user: UserArgument, data: DataOption = None, tenant: TenantOption = None) -> None:
    """Stop a person from signing in, and end their tokens at once. Their codes stay for `enable`.

    \b
    badgepin users disable ada@example.com
    """
    _set_enabled(user, data, tenant, enabled=False)
    typer.echo(f"{user} is disabled and their tokens ended.")


@app.command()
def enable(user: UserArgument, data: DataOption = None, tenant: TenantOption = None) -> None:
    """Let a disabled person sign in again.

    \b
    badgepin users enable ada@example.com
    """
    _set_enabled(user, data, tenant, enabled=True)
    typer.echo(f"{user} is enabled.")


@app.command()
def remove(user: UserArgument, data: DataOption = None, tenant: TenantOption = None) -> None:
    """Remove a person with their codes, PIN, roles and memberships.

    \b
    badgepin users remove ada@example.com
    """

    async def work(operator: Operator) -> None:
        await operator.write(lambda tx, call: services.delete_user(tx, call, user))

    run_as_operator(data, tenant, work)
    typer.echo(f"{user} is removed.")


def _set_enabled(user: str, data: str | None, tenant: str | None, *, enabled: bool) -> None:
    async def work(operator: Operator) -> None:
        await operator.write(
            lambda tx, call: services.update_user(tx, call, user, lambda old: replace(old, account_enabled=enabled))
        )

    run_as_operator(data, tenant, work)


def _short(user: User) -> Row:
    return {
        "id": user.id,
        "userPrincipalName": user.user_principal_name,
        "displayName": user.display_name,
        "accountEnabled": user.account_enabled,
    }


def _row(user: User) -> Row:
    return _short(user) | {
        "userType": user.user_type.value,
        "department": user.department,
        "jobTitle": user.job_title,
        "employeeId": user.employee_id,
        "createdDateTime": when(user.created_at),
    }
