"""`badgepin codes`."""

from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from badgepin import issuing
from badgepin.cli.forecast import forecast
from badgepin.cli.issuing_many import Chosen, Papers, issue_to_many
from badgepin.cli.operator import Operator, run_as_operator
from badgepin.cli.options import DataOption, JsonOption, TenantOption
from badgepin.cli.output import Row, print_json, print_row, when, write_new
from badgepin.cli.refusal import CommandRefused
from badgepin.cli.revoking_many import read_date
from badgepin.cli.revoking_many import revoke_many as revoke_all
from badgepin.domain.qr_code import CodeKind, QRCode
from badgepin.domain.qr_code_pin import QRCodePinMethod
from badgepin.issuing import Badge
from badgepin.printing.qr_image import qr_terminal
from badgepin.services import pin as pins
from badgepin.services import qr_code_pin as services
from badgepin.services.qr_code_pin import WantedLifetime
from badgepin.services.replacement import Replaced, Wanted, revoke_replacement

app = typer.Typer(add_completion=False, rich_markup_mode=None, help="QR codes and PINs.")
app.command()(forecast)

UserArgument = Annotated[str, typer.Argument(metavar="USER", help="The person's user principal name or id.")]
SvgOption = Annotated[Path | None, typer.Option("--svg", metavar="FILE", help="Also write the code as a picture.")]


class Which(StrEnum):
    """Which codes of many people to revoke."""

    STANDARD = "standard"
    TEMPORARY = "temporary"
    ALL = "all"


class WhichOfOne(StrEnum):
    """What to revoke of one person."""

    STANDARD = "standard"
    TEMPORARY = "temporary"
    REPLACEMENT = "replacement"
    ALL = "all"


@app.command()
def issue(
    user: Annotated[str | None, typer.Argument(metavar="[USER]", help="One person: shown here, not printed.")] = None,
    users: Annotated[
        list[str] | None, typer.Option("--user", metavar="USER", help="A person; may be repeated.")
    ] = None,
    group: Annotated[str | None, typer.Option("--group", help="Everybody in a group, by name or id.")] = None,
    unit: Annotated[str | None, typer.Option("--unit", help="Everybody of a store, by name or id.")] = None,
    csv_file: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="The people in a file's column userPrincipalName.")
    ] = None,
    all_without_method: Annotated[
        bool, typer.Option("--all-without-method", help="Everybody who has no badge and no PIN yet.")
    ] = False,
    pdf: Annotated[Path | None, typer.Option("--pdf", metavar="FILE", help="Where the badges go.")] = None,
    pin_slips: Annotated[
        Path | None, typer.Option("--pin-slips", metavar="FILE", help="Where the PINs go, on sheets of their own.")
    ] = None,
    layout: Annotated[str, typer.Option("--layout", help="What the badges are printed on.")] = "cr80-a4",
    starting_label: Annotated[int, typer.Option(min=1, help="The first free label of the first sheet.")] = 1,
    photos: Annotated[
        Path | None, typer.Option("--photos", metavar="DIR", help="Photos for the badges: USER.jpg or USER.png.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say who would get what, and change nothing.")] = False,
    days: Annotated[int | None, typer.Option(min=1, help="How long it lives [default: what the policy says].")] = None,
    svg: SvgOption = None,
    data: DataOption = None,
    tenant: TenantOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give people a standard code, and a temporary PIN if they have none. Both are shown or printed once, now.

    For many at once, badges and PIN slips are two documents. Their codes open nothing until both are written; when
    anything goes wrong before, they are taken back. Run again, and whoever has a badge by now is left alone.
    The layouts: cr80, cr80-a4, cr80-letter, cards-letter-10, a4-24-63x34, a4-24-70x37, a4-8-99x68, a4-4-105x148,
    letter-30-2.6x1in, letter-10-4x2in, label-62x29, label-57x32, label-100x50, receipt-58, receipt-80.

    \b
    badgepin codes issue ada@example.com
    badgepin codes issue ada@example.com --days 90 --svg ada.svg
    badgepin codes issue --unit "Store North" --dry-run
    badgepin codes issue --unit "Store North" --pdf badges.pdf --pin-slips pins.pdf
    badgepin codes issue --csv people.csv --pdf badges.pdf --pin-slips pins.pdf --layout a4-24-63x34
    """
    chosen = Chosen(tuple(users or ()), group, unit, csv_file, all_without_method)
    if chosen.is_anybody:
        if user is not None or svg is not None:
            raise CommandRefused("Name one person, or choose many with the options; --svg is for one.")
        papers = Papers(pdf, pin_slips, layout, starting_label, photos)
        run_as_operator(data, tenant, lambda operator: issue_to_many(operator, chosen, papers, days, dry_run=dry_run))
        return
    if user is None:
        raise CommandRefused("Say who gets a badge: a USER, or --user, --group, --unit, --csv, --all-without-method.")

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
def replace(
    user: UserArgument,
    at_once: Annotated[bool, typer.Option("--at-once", help="The old badge ends now.")] = False,
    days: Annotated[int | None, typer.Option(min=1, help="How long it lives [default: what the policy says].")] = None,
    svg: SvgOption = None,
    data: DataOption = None,
    tenant: TenantOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give a person a new standard code while the old one still works. The PIN stays as it is.

    The old one ends by itself when the person first signs in with the new one. With the setting `replacement_overlap`
    off, or with --at-once, it ends now.

    \b
    badgepin codes replace ada@example.com --svg ada.svg
    badgepin codes replace ada@example.com --at-once
    """

    async def work(operator: Operator) -> tuple[Badge, Replaced]:
        now = operator.installation.clock()
        expire_at = None if days is None else now.replace(microsecond=0) + timedelta(days=days)
        overlaps = operator.installation.settings.replacement_overlap and not at_once
        wanted = Wanted(WantedLifetime(None, expire_at), overlaps)
        return await issuing.replace_standard(operator.installation, operator.call, user, wanted)

    badge, done = run_as_operator(data, tenant, work)
    fate: Row = {"isPending": done.is_pending, "replacesQRCodeId": done.old.id if done.old else None}
    _hand_out(user, badge, svg, fate, as_json=as_json)


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
    held = (
        ("standard", method.standard_qr_code),
        ("replacement", method.replacement_qr_code),
        ("temporary", method.temporary_qr_code),
    )
    for kind, code in held:
        if code is not None:
            row |= {f"{kind}QRCodeId": code.id, f"{kind}ExpireDateTime": when(code.expire_at)}
    row |= {"pinUpdatedDateTime": when(method.pin.updated_at)}
    row |= {"forceChangePinNextSignIn": method.pin.must_change_at_next_sign_in}
    print_row(row | {"lastUsedDateTime": when(method.last_used_at)}, as_json=as_json)


@app.command()
def revoke(
    user: UserArgument,
    which: Annotated[WhichOfOne, typer.Argument(help="What to revoke; 'all' takes every code and the PIN.")],
    data: DataOption = None,
    tenant: TenantOption = None,
) -> None:
    """Revoke a code: from this moment it opens nothing. An expired one is cleared away.

    With 'standard' goes a new one that was to replace it; 'replacement' takes only that one back.

    \b
    badgepin codes revoke ada@example.com temporary
    badgepin codes revoke ada@example.com standard      # the badge was lost
    badgepin codes revoke ada@example.com all           # codes and PIN
    """

    async def work(operator: Operator) -> None:
        if which is WhichOfOne.ALL:
            await operator.write(lambda tx, call: services.delete_method(tx, call, user))
        elif which is WhichOfOne.REPLACEMENT:
            await operator.write(lambda tx, call: revoke_replacement(tx, call, user))
        else:
            await operator.write(lambda tx, call: services.delete_qr_code(tx, call, user, CodeKind(which.value)))

    run_as_operator(data, tenant, work)
    what = "codes and PIN are" if which is WhichOfOne.ALL else f"{which.value} code is"
    typer.echo(f"The {what} revoked.")


@app.command()
def revoke_many(
    users: Annotated[list[str] | None, typer.Option("--user", metavar="USER", help="Somebody; repeat it.")] = None,
    group: Annotated[str | None, typer.Option("--group", help="Everybody in a group, by name or id.")] = None,
    unit: Annotated[str | None, typer.Option("--unit", help="Everybody of a store, by name or id.")] = None,
    everybody: Annotated[bool, typer.Option("--everybody", help="Everybody in the tenant.")] = False,
    issued_before: Annotated[
        str | None, typer.Option("--issued-before", metavar="DAY", help="Only codes made before that day, in UTC.")
    ] = None,
    which: Annotated[Which, typer.Option("--which", help="Which codes; PINs stay as they are.")] = Which.ALL,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show which codes would end, and end none.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    data: DataOption = None,
    tenant: TenantOption = None,
) -> None:
    """Revoke the codes of many people, after showing which. From then on none of them opens anything.

    \b
    badgepin codes revoke-many --unit "Store North" --dry-run
    badgepin codes revoke-many --unit "Store North" --which standard
    badgepin codes revoke-many --everybody --issued-before 2026-06-30 --yes
    """
    chosen = Chosen(tuple(users or ()), group, unit, everybody=everybody)
    if not chosen.is_anybody:
        raise CommandRefused("Say whose codes end: --user, --group, --unit or --everybody.")
    kinds = tuple(CodeKind) if which is Which.ALL else (CodeKind(which.value),)
    before = read_date(issued_before)
    run_as_operator(
        data, tenant, lambda operator: revoke_all(operator, chosen, kinds, before, dry_run=dry_run, yes=yes)
    )


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


def _hand_out(user: str, badge: Badge, svg: Path | None, fate: Row | None = None, *, as_json: bool) -> None:
    if svg is not None:
        _write_picture(badge, svg)
    row = _code_row(badge.code) | ({"pin": badge.pin or None} if fate is None else fate)
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
