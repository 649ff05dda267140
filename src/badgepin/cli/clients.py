"""`badgepin clients`."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from badgepin.cli.operator import Operator, run_as_operator
from badgepin.cli.options import DataOption, JsonOption, TenantOption
from badgepin.cli.output import Row, print_row, print_rows, when
from badgepin.cli.refusal import CommandRefused
from badgepin.crypto.randomness import new_guid
from badgepin.domain.application import Application, ApplicationKey, PermissionGrant
from badgepin.domain.authorization import is_acceptable_redirect_uri
from badgepin.domain.caller import Call
from badgepin.domain.errors import NotFound, Reason
from badgepin.domain.query import Page, Query
from badgepin.services import application as services
from badgepin.services import permission_grant as grants
from badgepin.services.application import ApplicationView, NewSecret, WantedCredential
from badgepin.services.permission_grant import WantedDelegation
from badgepin.store.transaction import Transaction

app = typer.Typer(add_completion=False, rich_markup_mode=None, help="Applications that call the API.")
secret = typer.Typer(add_completion=False, rich_markup_mode=None, help="Client secrets.")
key = typer.Typer(add_completion=False, rich_markup_mode=None, help="Public keys for signed assertions.")
app.add_typer(secret, name="secret")
app.add_typer(key, name="key")

ClientArgument = Annotated[str, typer.Argument(metavar="CLIENT", help="The client id.")]
PermissionArgument = Annotated[
    str, typer.Argument(metavar="PERMISSION", help="Such as UserAuthMethod-QR.ReadWrite.All.")
]
DaysOption = Annotated[int, typer.Option(min=1, max=3650, help="How long it is good for.")]
_MANY = 100_000


@app.command()
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The application's name.")],
    description: Annotated[str | None, typer.Option(help="What it does.")] = None,
    data: DataOption = None,
    tenant: TenantOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add an application. It may do nothing until it has a secret or key, and permissions.

    \b
    badgepin clients add "Badge printing"
    badgepin clients secret add CLIENT
    badgepin clients grant CLIENT UserAuthMethod-QR.ReadWrite.All
    """

    async def work(operator: Operator) -> Application:
        now = operator.installation.clock()
        new = Application(new_guid(), new_guid(), new_guid(), name, now, description=description)
        return await operator.write(lambda tx, call: services.create_application(tx, call, lambda: new))

    print_row(_row(run_as_operator(data, tenant, work)), as_json=as_json)


@app.command(name="list")
def list_(data: DataOption = None, tenant: TenantOption = None, as_json: JsonOption = False) -> None:
    """List applications.

    \b
    badgepin clients list
    """

    async def work(operator: Operator) -> Page[ApplicationView]:
        return await operator.read(lambda tx, call: services.list_applications(tx, call, Query(_MANY)))

    rows = [_row(view.application) for view in run_as_operator(data, tenant, work).items]
    print_rows(rows, as_json=as_json, empty="There is no application: `badgepin clients add` adds one.")


@app.command()
def show(
    client: ClientArgument, data: DataOption = None, tenant: TenantOption = None, as_json: JsonOption = False
) -> None:
    """Show an application with its credentials and permissions.

    \b
    badgepin clients show CLIENT --json
    """

    async def work(operator: Operator) -> tuple[ApplicationView, list[PermissionGrant]]:
        view = await operator.read(lambda tx, call: services.get_application(tx, call, client))
        return view, (await operator.read(lambda tx, call: grants.list_permissions(tx, call, client)))[1]

    view, held = run_as_operator(data, tenant, work)
    secrets = [f"{each.key_id} ({each.hint}..., until {when(each.end_at)})" for each in view.secrets]
    keys = [f"{each.key_id} ({each.kind}, until {when(each.end_at)})" for each in view.keys]
    row = _row(view.application) | {"secrets": secrets, "keys": keys}
    print_row(row | {"permissions": [grant.permission for grant in held]}, as_json=as_json)


@app.command()
def grant(
    client: ClientArgument, permission: PermissionArgument, data: DataOption = None, tenant: TenantOption = None
) -> None:
    """Grant an application a permission for itself. Its next token carries it.

    \b
    badgepin clients grant CLIENT UserAuthenticationMethod.ReadWrite.All
    """

    async def work(operator: Operator) -> None:
        await operator.write(lambda tx, call: grants.grant_permission(tx, call, client, lambda: permission))

    run_as_operator(data, tenant, work)
    typer.echo(f"{permission} is granted.")


@app.command()
def redirects(
    client: ClientArgument,
    web: Annotated[list[str] | None, typer.Option(help="An address of a server that keeps a secret.")] = None,
    spa: Annotated[list[str] | None, typer.Option(help="An address of a page that runs in the browser.")] = None,
    public: Annotated[list[str] | None, typer.Option(help="An address of a program on a device.")] = None,
    back_channel: Annotated[str | None, typer.Option(help="Where to tell it that somebody signed out.")] = None,
    data: DataOption = None,
    tenant: TenantOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say where people may be sent back to after signing in. Each kind that is named is replaced as a whole.

    \b
    badgepin clients redirects CLIENT --web https://till.example.com/callback
    badgepin clients redirects CLIENT --spa https://till.example.com/ --public http://localhost
    """
    refused = [uri for uris in (web, spa, public) for uri in uris or () if not is_acceptable_redirect_uri(uri)]
    if refused:
        raise CommandRefused(f"{refused[0]} cannot be a redirect URI: use https, http on localhost, or an own scheme.")

    def changed(old: Application) -> Application:
        return replace(
            old,
            redirect_uris=old.redirect_uris if web is None else tuple(web),
            spa_redirect_uris=old.spa_redirect_uris if spa is None else tuple(spa),
            public_redirect_uris=old.public_redirect_uris if public is None else tuple(public),
            backchannel_logout_uri=old.backchannel_logout_uri if back_channel is None else back_channel or None,
        )

    async def work(operator: Operator) -> Application:
        return await operator.write(lambda tx, call: services.update_application(tx, call, client, changed))

    print_row(_row(run_as_operator(data, tenant, work)), as_json=as_json)


@app.command()
def consent(
    client: ClientArgument,
    scopes: Annotated[list[str], typer.Argument(metavar="SCOPE...", help="Such as User.Read.")],
    data: DataOption = None,
    tenant: TenantOption = None,
) -> None:
    """Let an application use these scopes for everybody who signs in to it.

    \b
    badgepin clients consent CLIENT User.Read UserAuthMethod-QR.ReadWrite
    """
    wanted = WantedDelegation(client, None, frozenset(scopes))

    async def work(operator: Operator) -> None:
        await operator.write(lambda tx, call: grants.grant_delegation(tx, call, lambda: wanted))

    run_as_operator(data, tenant, work)
    typer.echo(f"{' '.join(scopes)}: granted for everybody.")


@app.command()
def revoke(
    client: ClientArgument, permission: PermissionArgument, data: DataOption = None, tenant: TenantOption = None
) -> None:
    """Take a permission back, and end the application's tokens.

    \b
    badgepin clients revoke CLIENT UserAuthenticationMethod.ReadWrite.All
    """

    def change(tx: Transaction, call: Call) -> None:
        _, held = grants.list_permissions(tx, call, client)
        found = next((each for each in held if each.permission.lower() == permission.lower()), None)
        if found is None:
            raise NotFound(Reason.OBJECT_NOT_FOUND, id=permission)
        grants.revoke_permission(tx, call, client, found.id)

    _change(data, tenant, change)
    typer.echo(f"{permission} is taken back and the tokens ended.")


@app.command()
def remove(client: ClientArgument, data: DataOption = None, tenant: TenantOption = None) -> None:
    """Remove an application with its credentials and permissions.

    \b
    badgepin clients remove CLIENT
    """
    _change(data, tenant, lambda tx, call: services.delete_application(tx, call, client))
    typer.echo(f"{client} is removed.")


@secret.command(name="add")
def add_secret(
    client: ClientArgument,
    days: DaysOption = 730,
    name: Annotated[str | None, typer.Option(help="What to call it.")] = None,
    data: DataOption = None,
    tenant: TenantOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a client secret. It is shown once, now; only its digest is kept.

    \b
    badgepin clients secret add CLIENT --days 90
    """

    async def work(operator: Operator) -> NewSecret:
        start = operator.installation.clock().replace(microsecond=0)
        wanted = WantedCredential(name, start, start + timedelta(days=days))
        return await operator.write(lambda tx, call: services.add_secret(tx, call, client, lambda: wanted))

    made = run_as_operator(data, tenant, work)
    row: Row = {"keyId": made.secret.key_id, "secretText": made.text, "endDateTime": when(made.secret.end_at)}
    print_row(row, as_json=as_json)


@secret.command(name="remove")
def remove_secret(
    client: ClientArgument,
    key_id: Annotated[str, typer.Argument(metavar="KEYID", help="As `badgepin clients show` lists it.")],
    data: DataOption = None,
    tenant: TenantOption = None,
) -> None:
    """Forget a secret, and end the tokens of the application.

    \b
    badgepin clients secret remove CLIENT KEYID
    """
    _change(data, tenant, lambda tx, call: services.remove_secret(tx, call, client, lambda: key_id))
    typer.echo("The secret is forgotten and the tokens ended.")


@key.command(name="add")
def add_key(
    client: ClientArgument,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A public JWK, or a certificate in PEM.")],
    days: DaysOption = 730,
    data: DataOption = None,
    tenant: TenantOption = None,
    as_json: JsonOption = False,
) -> None:
    """Register the public half of a key with which the application signs its assertions (private_key_jwt).

    \b
    badgepin clients key add CLIENT public.jwk
    badgepin clients key add CLIENT certificate.pem
    """
    text = _read(file)
    kind = "jwk" if text.lstrip().startswith("{") else "x509"

    async def work(operator: Operator) -> ApplicationKey:
        start = operator.installation.clock().replace(microsecond=0)
        wanted = WantedCredential(file.name, start, start + timedelta(days=days))
        return await operator.write(lambda tx, call: services.add_key(tx, call, client, kind, text, wanted))

    made = run_as_operator(data, tenant, work)
    print_row({"keyId": made.key_id, "kind": made.kind, "endDateTime": when(made.end_at)}, as_json=as_json)


@key.command(name="remove")
def remove_key(
    client: ClientArgument,
    key_id: Annotated[str, typer.Argument(metavar="KEYID", help="As `badgepin clients show` lists it.")],
    data: DataOption = None,
    tenant: TenantOption = None,
) -> None:
    """Forget a public key, and end the tokens of the application.

    \b
    badgepin clients key remove CLIENT KEYID
    """
    _change(data, tenant, lambda tx, call: services.remove_key(tx, call, client, key_id))
    typer.echo("The key is forgotten and the tokens ended.")


def _change(data: str | None, tenant: str | None, change: Callable[[Transaction, Call], None]) -> None:
    async def work(operator: Operator) -> None:
        await operator.write(change)

    run_as_operator(data, tenant, work)


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise CommandRefused(f"{file} cannot be read: give a public JWK or a certificate in PEM.") from error


def _row(application: Application) -> Row:
    return {
        "clientId": application.client_id,
        "displayName": application.display_name,
        "accountEnabled": application.account_enabled,
        "createdDateTime": when(application.created_at),
    }
