"""`badgepin groups`."""

from collections.abc import Callable
from typing import Annotated

import typer

from badgepin.cli.operator import Operator, run_as_operator
from badgepin.cli.options import DataOption, JsonOption, TenantOption
from badgepin.cli.output import Row, print_row, print_rows, when
from badgepin.crypto.randomness import new_guid
from badgepin.domain.caller import Call
from badgepin.domain.directory_object import DirectoryObject
from badgepin.domain.errors import NotFound, Reason
from badgepin.domain.filter import Comparison, Field, Kind, fold
from badgepin.domain.filter import Operator as Compare
from badgepin.domain.group import Group
from badgepin.domain.ids import is_guid
from badgepin.domain.query import Page, Query
from badgepin.domain.user import User
from badgepin.services import group as services
from badgepin.store.transaction import Transaction

app = typer.Typer(add_completion=False, rich_markup_mode=None, help="Groups.")
members = typer.Typer(add_completion=False, rich_markup_mode=None, help="Who is in a group.")
app.add_typer(members, name="members")

GroupArgument = Annotated[str, typer.Argument(metavar="GROUP", help="The group's name or id.")]
MemberArgument = Annotated[str, typer.Argument(metavar="MEMBER", help="A user principal name, or an id.")]
_NAME = Field("display_name", Kind.NAME)
_MANY = 100_000


@app.command()
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The group's name.")],
    description: Annotated[str | None, typer.Option(help="What it is for.")] = None,
    assignable_to_role: Annotated[
        bool, typer.Option("--assignable-to-role", help="Directory roles may be given to it; it takes people only.")
    ] = False,
    data: DataOption = None,
    tenant: TenantOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add a group.

    \b
    badgepin groups add "Night shift"
    """

    async def work(operator: Operator) -> Group:
        now = operator.installation.clock()
        new = Group(new_guid(), name, now, description=description, is_assignable_to_role=assignable_to_role)
        return await operator.write(lambda tx, call: services.create_group(tx, call, lambda: new))

    print_row(_row(run_as_operator(data, tenant, work)), as_json=as_json)


@app.command(name="list")
def list_(data: DataOption = None, tenant: TenantOption = None, as_json: JsonOption = False) -> None:
    """List groups.

    \b
    badgepin groups list --json
    """

    async def work(operator: Operator) -> Page[Group]:
        return await operator.read(lambda tx, call: services.list_groups(tx, call, Query(_MANY)))

    rows = [_row(group) for group in run_as_operator(data, tenant, work).items]
    print_rows(rows, as_json=as_json, empty="There is no group: `badgepin groups add` adds one.")


@app.command()
def remove(group: GroupArgument, data: DataOption = None, tenant: TenantOption = None) -> None:
    """Remove a group; the people in it stay.

    \b
    badgepin groups remove "Night shift"
    """
    _change(group, data, tenant, services.delete_group)
    typer.echo(f"{group} is removed.")


@members.command(name="list")
def list_members(
    group: GroupArgument, data: DataOption = None, tenant: TenantOption = None, as_json: JsonOption = False
) -> None:
    """List who is in a group.

    \b
    badgepin groups members list "Night shift"
    """

    async def work(operator: Operator) -> Page[DirectoryObject]:
        def page(tx: Transaction, call: Call) -> Page[DirectoryObject]:
            return services.list_members(tx, call, _find(tx, call, group), Query(_MANY), transitive=False)

        return await operator.read(page)

    rows: list[Row] = [
        {
            "id": member.id,
            "kind": "user" if isinstance(member, User) else "group",
            "name": member.user_principal_name if isinstance(member, User) else member.display_name,
        }
        for member in run_as_operator(data, tenant, work).items
    ]
    print_rows(rows, as_json=as_json, empty="Nobody is in this group.")


@members.command(name="add")
def add_member(
    group: GroupArgument, member: MemberArgument, data: DataOption = None, tenant: TenantOption = None
) -> None:
    """Put a person or a group into a group.

    \b
    badgepin groups members add "Night shift" ada@example.com
    """
    _change(group, data, tenant, lambda tx, call, group_id: services.add_member(tx, call, group_id, lambda: member))
    typer.echo(f"{member} is in {group}.")


@members.command(name="remove")
def remove_member(
    group: GroupArgument, member: MemberArgument, data: DataOption = None, tenant: TenantOption = None
) -> None:
    """Take a person or a group out of a group.

    \b
    badgepin groups members remove "Night shift" ada@example.com
    """

    def change(tx: Transaction, call: Call, group_id: str) -> None:
        services.remove_member(tx, call, group_id, services.find_member(tx, call, member).id)

    _change(group, data, tenant, change)
    typer.echo(f"{member} is no longer in {group}.")


def _change(group: str, data: str | None, tenant: str | None, change: Callable[[Transaction, Call, str], None]) -> None:
    async def work(operator: Operator) -> None:
        await operator.write(lambda tx, call: change(tx, call, _find(tx, call, group)))

    run_as_operator(data, tenant, work)


def _find(tx: Transaction, call: Call, named: str) -> str:
    if is_guid(named):
        return named.lower()
    same_name = Comparison(_NAME, Compare.EQUAL, fold(named))
    found = services.list_groups(tx, call, Query(2, same_name)).items
    if len(found) != 1:
        raise NotFound(Reason.OBJECT_NOT_FOUND, id=named)
    return found[0].id


def _row(group: Group) -> Row:
    return {
        "id": group.id,
        "displayName": group.display_name,
        "description": group.description,
        "isAssignableToRole": group.is_assignable_to_role,
        "createdDateTime": when(group.created_at),
    }
