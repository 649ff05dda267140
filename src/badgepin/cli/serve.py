"""`badgepin serve`."""

import sys
from typing import Annotated

import typer

from badgepin.cli.operator import settings_of
from badgepin.cli.options import DataOption
from badgepin.cli.refusal import CommandRefused
from badgepin.cli.serving import serve as serve_installation
from badgepin.crypto.key_ring_file import KeyRingRefused
from badgepin.opening import StartRefused
from badgepin.store.sqlite import SQLiteRefused
from badgepin.store.transaction import StoreUnavailable
from badgepin.web.installation import Installation

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def serve(
    data: DataOption = None,
    host: Annotated[str | None, typer.Option(help="The address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="The port to listen on.")] = None,
    base_url: Annotated[
        str | None, typer.Option(metavar="URL", help="The address clients use, without a path.")
    ] = None,
    tls_certificate: Annotated[
        str | None, typer.Option(metavar="FILE", help="The certificate chain in PEM, to speak HTTPS.")
    ] = None,
    tls_key: Annotated[str | None, typer.Option(metavar="FILE", help="The certificate's private key in PEM.")] = None,
) -> None:
    """Serve an installation until it is told to stop (SIGTERM, or Ctrl-C).

    A renewed certificate is served within seconds of its files being replaced, or at once after SIGHUP; nothing
    restarts, and no request is lost. `badgepin certificates create` makes a certificate for a trial.

    \b
    badgepin serve --data /var/lib/badgepin
    badgepin serve --base-url https://id.example.com --tls-certificate fullchain.pem --tls-key privkey.pem --port 443
    badgepin serve --data /var/lib/badgepin --host 0.0.0.0 --port 8080   # behind a proxy that ends TLS
    BADGEPIN_LOG_LEVEL=warning badgepin serve --data /var/lib/badgepin
    """
    settings = settings_of(
        data, host=host, port=port, base_url=base_url, tls_certificate=tls_certificate, tls_key=tls_key
    )

    async def announce(installation: Installation) -> None:
        chosen = installation.settings
        sys.stderr.write(f"badgepin: serving {chosen.base_url} on {chosen.host}:{chosen.port}\n")

    try:
        serve_installation(settings, announce)
    except (StartRefused, KeyRingRefused, SQLiteRefused) as error:
        raise CommandRefused(str(error)) from error
    except StoreUnavailable as error:
        raise CommandRefused("The database does not answer: `badgepin doctor` says more.") from error
