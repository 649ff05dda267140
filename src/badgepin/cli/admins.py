"""`badgepin admins`."""

from ipaddress import ip_address
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from badgepin.cli.operator import Operator, run_as_operator
from badgepin.cli.options import DataOption, JsonOption, TenantOption
from badgepin.cli.output import Row, print_json, print_row, print_rows, when
from badgepin.cli.refusal import CommandRefused
from badgepin.domain.administrative_unit import AdministrativeUnit
from badgepin.domain.caller import TENANT_WIDE, Call, RoleGrant
from badgepin.domain.desk import DESK_ROLES, Passkey
from badgepin.domain.directory_role import BUILT_IN, BY_ID
from badgepin.domain.errors import NotFound, Reason
from badgepin.domain.filter import fold
from badgepin.domain.ids import is_guid
from badgepin.domain.query import Query
from badgepin.services import administrative_unit, newcomer, passkey
from badgepin.services.invitation import Invited, link_to
from badgepin.services.newcomer import Newcomer
from badgepin.services.passkey import DeskHolder
from badgepin.services.user import get_user
from badgepin.store.transaction import Transaction

app = typer.Typer(add_completion=False, rich_markup_mode=None, help="Who signs in to the desk, with passkeys.")

UserArgument = Annotated[
    str, typer.Argument(metavar="USER", help="Their user principal name, such as ada@example.com.")
]
_MANY = 100_000
_SHORT = 8
ONCE = "The link works once, for 24 hours: open it on the device that shall keep the passkey."


@app.command()
def invite(
    user: UserArgument,
    name: Annotated[
        str | None, typer.Option("--name", help="Their name; adds them when they are not there yet.")
    ] = None,
    role: Annotated[
        str | None, typer.Option("--role", help='A role to give them first, such as "Badge Manager".')
    ] = None,
    unit: Annotated[
        str | None, typer.Option("--unit", help="The administrative unit in which they get it [default: everywhere].")
    ] = None,
    data: DataOption = None,
    tenant: TenantOption = None,
    as_json: JsonOption = False,
) -> None:
    """Invite somebody to the desk: prints a link with which they register a passkey. Older links of theirs end.

    \b
    badgepin admins invite ada@example.com --name "Ada Okafor" --role "Global Administrator"
    badgepin admins invite noor@example.com --role "Badge Manager" --unit "Store North"
    badgepin admins invite ada@example.com
    """
    role_id = _role(role)
    if unit is not None and role_id is None:
        raise CommandRefused("--unit says where a role is held: say which one with --role.")

    async def work(operator: Operator) -> Row:
        def bring_in(tx: Transaction, call: Call) -> Invited:
            unit_id = TENANT_WIDE if unit is None else _unit(tx, call, unit).id
            try:
                return newcomer.bring_in(tx, call, Newcomer(user, name, role_id, unit_id))
            except NotFound as error:
                if error.reason is not Reason.USER_NOT_FOUND:
                    raise
                raise CommandRefused(f"There is no person '{user}': give their --name to add them.") from error

        return invitation_row(operator, await operator.write(bring_in))

    row = run_as_operator(data, tenant, work)
    print_row(row, as_json=as_json)
    if not as_json:
        say_about_link(str(row["link"]))


@app.command(name="list")
def list_(data: DataOption = None, tenant: TenantOption = None, as_json: JsonOption = False) -> None:
    """List who may sign in to the desk: roles, passkeys, when they were last used, open invitations.

    \b
    badgepin admins list
    badgepin admins list --json
    """

    async def work(operator: Operator) -> list[DeskHolder]:
        return await operator.read(passkey.list_holders)

    holders = run_as_operator(data, tenant, work)
    if as_json:
        print_json([_document(holder) for holder in holders])
        return
    empty = "Nobody may sign in to the desk: `badgepin admins invite` lets somebody in."
    print_rows([_row(holder) for holder in holders], as_json=False, empty=empty)


@app.command(name="remove-passkey")
def remove_passkey(
    user: UserArgument,
    passkey_id: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="Which one, or how its id begins [default: the only one].")
    ] = None,
    data: DataOption = None,
    tenant: TenantOption = None,
    as_json: JsonOption = False,
) -> None:
    """Remove a passkey that was lost; whoever is at the desk with it is signed out at once.

    \b
    badgepin admins remove-passkey ada@example.com
    badgepin admins remove-passkey ada@example.com 1f0c23aa
    """

    async def work(operator: Operator) -> Passkey:
        def remove(tx: Transaction, call: Call) -> Passkey:
            _, held = passkey.list_passkeys(tx, call, get_user(tx, call, user).id)
            chosen = _choose(user, held, passkey_id)
            passkey.remove_passkey(tx, call, chosen.user_id, chosen.id)
            return chosen

        return await operator.write(remove)

    removed = run_as_operator(data, tenant, work)
    print_row({"id": removed.id, "label": removed.label, "removed": True}, as_json=as_json)


def invitation_row(operator: Operator, invited: Invited) -> Row:
    """An invitation as it is printed, the only time that its link is seen."""
    base_url = operator.installation.settings.base_url
    return {
        "userPrincipalName": invited.person.user_principal_name,
        "roles": _roles(invited.person.grants),
        "link": link_to(base_url, operator.tenant.id, invited.secret),
        "expiresDateTime": when(invited.invitation.expires_at),
    }


def say_about_link(link: str) -> None:
    """What to do with a link, and why it may not work from here."""
    typer.echo(f"\n{ONCE}")
    address = urlsplit(link)
    host = address.hostname or ""
    if _is_ip(host) or (address.scheme == "http" and host != "localhost"):
        typer.echo("Browsers keep passkeys only for https://NAME or http://localhost: set base_url to such an address.")


def _is_ip(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _role(name: str | None) -> str | None:
    if name is None:
        return None
    for role in BUILT_IN:
        if role.id in DESK_ROLES and name.casefold() in {role.display_name.casefold(), role.id}:
            return role.id
    known = ", ".join(f'"{role.display_name}"' for role in BUILT_IN if role.id in DESK_ROLES)
    raise CommandRefused(f"'{name}' is no role for the desk; there is {known}.")


def _unit(tx: Transaction, call: Call, named: str) -> AdministrativeUnit:
    if is_guid(named):
        return administrative_unit.get_unit(tx, call, named)
    units = administrative_unit.list_units(tx, call, Query(_MANY)).items
    found = [unit for unit in units if fold(unit.display_name) == fold(named)]
    if len(found) != 1:
        problem = "There is no" if not found else "There are several with the name"
        raise CommandRefused(f"{problem} administrative unit '{named}': say its id with --unit.")
    return found[0]


def _choose(user: str, held: list[Passkey], wanted: str | None) -> Passkey:
    found = [each for each in held if wanted is None or each.id.startswith(wanted.lower())]
    if len(found) == 1:
        return found[0]
    if not found:
        raise CommandRefused(f"{user} has no such passkey: `badgepin admins list` shows them.")
    ids = ", ".join(f"{each.id[:_SHORT]} ({each.label})" for each in found)
    raise CommandRefused(f"{user} has several passkeys, {ids}: say which one.")


def _roles(grants: frozenset[RoleGrant]) -> list[str]:
    return sorted({BY_ID[grant.role_id].display_name for grant in grants if grant.role_id in DESK_ROLES})


def _row(holder: DeskHolder) -> Row:
    used = max((key.last_used_at for key in holder.passkeys if key.last_used_at), default=None)
    return {
        "userPrincipalName": holder.person.user_principal_name,
        "roles": _roles(holder.person.grants),
        "enabled": holder.person.is_enabled,
        "passkeys": [f"{key.id[:_SHORT]} {key.label}" for key in holder.passkeys] or None,
        "lastUsed": when(used),
        "invitedUntil": when(holder.invited_until),
    }


def _document(holder: DeskHolder) -> dict[str, Any]:
    return {
        "id": holder.person.id,
        "userPrincipalName": holder.person.user_principal_name,
        "displayName": holder.person.display_name,
        "accountEnabled": holder.person.is_enabled,
        "roles": _roles(holder.person.grants),
        "passkeys": [
            {
                "id": key.id,
                "label": key.label,
                "createdDateTime": when(key.created_at),
                "lastUsedDateTime": when(key.last_used_at),
            }
            for key in holder.passkeys
        ],
        "invitedUntilDateTime": when(holder.invited_until),
    }
