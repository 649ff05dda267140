"""`badgepin codes`."""

from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from badgepin import issuing
from badgepin.cli.operator import Operator, run_as_operator
from badgepin.cli.options import DataOption, JsonOption, TenantOption
from badgepin.cli.output import Row, print_json, print_row, when, write_new
from badgepin.cli.refusal import CommandRefused
from badgepin.domain.qr_code import CodeKind, QRCode
from badgepin.domain.qr_code_pin import QRCodePinMethod
from badgepin.issuing import Badge
from badgepin.printing.qr_image import qr_terminal
from badgepin.services import pin as pins
from badgepin.services import qr_code_pin as services
from badgepin.services.qr_code_pin import WantedLifetime

app = typer.Typer(add_completion=False, rich_markup_mode=None, help="QR codes and PINs.")

UserArgument = Annotated[str, typer.Argument(metavar="USER", help="The person's user principal name or id.")]
SvgOption = Annotated[Path | None, typer.Option("--svg", metavar="FILE", help="Also write the code as a picture.")]


class Which(StrEnum):
    """What to revoke."""

    STANDARD = "standard"
    TEMPORARY = "temporary"
    ALL = "all"


@app.command()
def issue(
    user: UserArgument,
    days: Annotated[int | None, typer.Option(min=1, help="How long it lives [default: what the policy says].")] = None,
    svg: SvgOption = None,
    data: DataOption = None,
    tenant: TenantOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give a person a standard code, and a temporary PIN if they have none. Both are shown once, now.

    \b
    badgepin codes issue ada@example.com
    badgepin codes issue ada@example.com --days 90 --svg ada.svg
    """

    async def work(operator: Operator) -> Badge:
        now = operator.installation.clock()
        expire_at = None if days is None else now.replace(microsecond=0) + timedelta(days=days)
        return await issuing.issue_standard(operator.installation, operator.call, user, WantedLifetime(None, expire_at))

    _hand_out(user, run_as_operator(data, tenant, work), svg, as_json=as_json)


@app.command()
def temporary(
    user: UserArgument,
    hours: Annotated[float, typer.Option(min=0.01, max=12, help="How long it lives.")] = 8,
    svg: SvgOption = None,
    data: DataOption = None,
    tenant: TenantOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give a person who forgot the badge a code for today. The PIN and the badge at home stay as they are.

    \b
    badgepin codes temporary ada@example.com
    badgepin codes temporary ada@example.com --hours 4 --json
    """

    async def work(operator: Operator) -> Badge:
        expire_at = operator.installation.clock().replace(microsecond=0) + timedelta(hours=hours)
        return await issuing.issue_temporary(operator.installation, operator.call, user, expire_at)

    _hand_out(user, run_as_operator(data, tenant, work), svg, as_json=as_json)


@app.command()
def show(user: UserArgument, data: DataOption = None, tenant: TenantOption = None, as_json: JsonOption = False) -> None:
    """Show which codes a person has, and until when. What is printed on a badge cannot be shown again.

    \b
    badgepin codes show ada@example.com
    """

    async def work(operator: Operator) -> QRCodePinMethod:
        admitted = await operator.read(lambda tx, call: services.read_method(tx, call, user))
        return admitted.method

    method = run_as_operator(data, tenant, work)
    row: Row = {"methodId": method.id}
    for kind, code in (("standard", method.standard_qr_code), ("temporary", method.temporary_qr_code)):
        if code is not None:
            row |= {f"{kind}QRCodeId": code.id, f"{kind}ExpireDateTime": when(code.expire_at)}
    row |= {"pinUpdatedDateTime": when(method.pin.updated_at)}
    row |= {"forceChangePinNextSignIn": method.pin.must_change_at_next_sign_in}
    print_row(row | {"lastUsedDateTime": when(method.last_used_at)}, as_json=as_json)


@app.command()
def revoke(
    user: UserArgument,
    which: Annotated[Which, typer.Argument(help="What to revoke; 'all' takes both codes and the PIN.")],
    data: DataOption = None,
    tenant: TenantOption = None,
) -> None:
    """Revoke a code: from this moment it opens nothing. An expired one is cleared away.

    \b
    badgepin codes revoke ada@example.com temporary
    badgepin codes revoke ada@example.com standard      # the badge was lost
    badgepin codes revoke ada@example.com all           # codes and PIN
    """

    async def work(operator: Operator) -> None:
        if which is Which.ALL:
            await operator.write(lambda tx, call: services.delete_method(tx, call, user))
        else:
            await operator.write(lambda tx, call: services.delete_qr_code(tx, call, user, CodeKind(which.value)))

    run_as_operator(data, tenant, work)
    what = "codes and PIN are" if which is Which.ALL else f"{which.value} code is"
    typer.echo(f"The {what} revoked.")


@app.command()
def reset_pin(
    user: UserArgument, data: DataOption = None, tenant: TenantOption = None, as_json: JsonOption = False
) -> None:
    """Give a person a fresh temporary PIN, shown once, now. It also ends a lockout.

    \b
    badgepin codes reset-pin ada@example.com
    """

    async def work(operator: Operator) -> str:
        return await issuing.reset_pin(operator.installation, operator.call, user)

    print_row({"pin": run_as_operator(data, tenant, work)}, as_json=as_json)


@app.command()
def unlock(
    user: UserArgument,
    reason: Annotated[str, typer.Option(help="Why, for the audit log.")] = "",
    data: DataOption = None,
    tenant: TenantOption = None,
) -> None:
    """Let a locked-out person try their PIN again now.

    \b
    badgepin codes unlock ada@example.com --reason "she came to the desk with her badge"
    """

    async def work(operator: Operator) -> None:
        await operator.write(lambda tx, call: pins.unlock_pin(tx, call, user, lambda: reason))

    run_as_operator(data, tenant, work)
    typer.echo(f"{user} may try again.")


def _hand_out(user: str, badge: Badge, svg: Path | None, *, as_json: bool) -> None:
    if svg is not None:
        _write_picture(badge, svg)
    row = _code_row(badge.code) | {"pin": badge.pin or None}
    if as_json:
        print_json({"user": user} | row | {"text": badge.printed.text})
        return
    typer.echo(qr_terminal(badge.printed.text, error=badge.printed.error_correction_level))
    print_row(row, as_json=False)


def _write_picture(badge: Badge, svg: Path) -> None:
    try:
        write_new(svg, badge.printed.svg)
    except OSError as error:
        raise CommandRefused(
            f"The code was issued, but {svg} cannot be written ({error.strerror}): revoke it and issue another."
        ) from error


def _code_row(code: QRCode) -> Row:
    return {
        "id": code.id,
        "kind": code.kind.value,
        "startDateTime": when(code.start_at),
        "expireDateTime": when(code.expire_at),
    }
