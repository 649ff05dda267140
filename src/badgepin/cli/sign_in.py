"""`badgepin sign-in`: the browser's part of a sign-in, from the command line."""

from pathlib import Path
from typing import Annotated

import typer

from badgepin.cli.output import print_json
from badgepin.cli.refusal import CommandRefused
from badgepin.reference_client import (
    Browser,
    NoAnswer,
    Refused,
    SignedIn,
    WantedTokens,
    begin,
    redeem,
    sign_in,
)

app = typer.Typer(add_completion=False, rich_markup_mode=None)
_LONGEST_TEXT = 4096


@app.command("sign-in")
def sign_in_command(
    origin: Annotated[str, typer.Option(help="The address of the server, as its base_url says.")],
    tenant: Annotated[str, typer.Option(help="The tenant's id.")],
    badge: Annotated[str, typer.Option(help="The badge's text, or a text file that holds it.")],
    pin: Annotated[str, typer.Option(help="The PIN.")],
    new_pin: Annotated[str | None, typer.Option(help="The PIN to choose when this one is temporary.")] = None,
    client_id: Annotated[str | None, typer.Option(help="Sign in to this application, a public client.")] = None,
    redirect_uri: Annotated[str | None, typer.Option(help="A redirect URI registered for it.")] = None,
    scope: Annotated[str, typer.Option(help="What the application asks for.")] = "openid profile",
    ca: Annotated[str | None, typer.Option(help="A PEM file with the certificate authority to trust.")] = None,
    language: Annotated[str, typer.Option(help="The language of the server's sentences.")] = "en",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Sign in with a badge as a browser does: challenge, signature, PIN, and a new PIN where one is asked for.

    The badge's secret signs here and is never sent. Exit code 0: signed in. 1: refused, with the page's sentence and
    the handle that `badgepin explain` looks up.

    \b
    badgepin sign-in --origin http://127.0.0.1:8080 --tenant ID --badge badge.txt --pin 13572468
    badgepin sign-in ... --pin 13572468 --new-pin 90417263        # the first sign-in with a given PIN
    badgepin sign-in ... --client-id ID --redirect-uri http://localhost --scope "openid offline_access" --json
    """
    if (client_id is None) != (redirect_uri is None):
        raise CommandRefused("--client-id and --redirect-uri go together.")
    wanted = WantedTokens(client_id, redirect_uri, scope) if client_id and redirect_uri else None
    tokens: dict[str, object] = {}
    try:
        browser = Browser(origin, ca=ca, language=language)
        begun = begin(browser, tenant, wanted) if wanted else None
        request = begun.request if begun else ""
        outcome = sign_in(browser, tenant, _badge_text(badge), pin, new_pin=new_pin, request=request)
        if isinstance(outcome, SignedIn) and wanted and begun:
            tokens = redeem(browser, tenant, wanted, begun, outcome.location)
    except NoAnswer as error:
        raise CommandRefused(str(error)) from error
    except OSError as error:
        raise CommandRefused(f"A file cannot be used: {error}.") from error
    if isinstance(outcome, Refused):
        _refuse(outcome, as_json=as_json)
    elif as_json:
        print_json({"signedIn": True, "name": outcome.name, "pinChanged": outcome.pin_changed, "tokens": tokens})
    else:
        typer.echo(f"Signed in as {outcome.name}{' with the new PIN' if outcome.pin_changed else ''}.")
        for name in sorted(tokens):
            typer.echo(f"{name}: {tokens[name]}")


def _badge_text(given: str) -> str:
    path = Path(given)
    try:
        is_file = path.is_file()
    except OSError:
        is_file = False
    return path.read_text(encoding="utf-8", errors="replace")[:_LONGEST_TEXT].strip() if is_file else given


def _refuse(refused: Refused, *, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "signedIn": False,
                "code": refused.code,
                "message": refused.message,
                "handle": refused.handle,
                "retryAt": refused.retry_at,
                "triesLeft": refused.tries_left,
                "reasons": list(refused.reasons),
            }
        )
    handle = f" (handle {refused.handle})" if refused.handle else ""
    reasons = f" [{', '.join(refused.reasons)}]" if refused.reasons else ""
    raise CommandRefused(f"{refused.message}{reasons}{handle}")
