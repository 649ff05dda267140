"""`badgepin demo`."""

import os
import sys
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from badgepin.cli.refusal import CommandRefused
from badgepin.cli.serving import check_free, serve
from badgepin.crypto.key_ring_file import KeyRingRefused
from badgepin.demo.announcement import as_json as to_json
from badgepin.demo.announcement import as_page
from badgepin.demo.beside import TILL, find_port, has_libraries, running
from badgepin.demo.folder import DemoRefused, recall
from badgepin.demo.opening import look_around, prepare
from badgepin.issuing import Badge
from badgepin.opening import StartRefused
from badgepin.settings import Settings, SettingsRefused, read_settings
from badgepin.store.sqlite import SQLiteRefused
from badgepin.store.transaction import StoreUnavailable
from badgepin.web.installation import Installation

app = typer.Typer(add_completion=False, rich_markup_mode=None)

_FOLDER, _HOST = "badgepin-demo", "127.0.0.1"
# passkeys belong to a name, never to a number
_NAME = "localhost"
# what says where a real installation is must not turn a demo loose on it
_NOT_FOR_DEMOS = {"BADGEPIN_DATA", "BADGEPIN_DATABASE_URL", "BADGEPIN_KEY_RING", "BADGEPIN_HOST", "BADGEPIN_BASE_URL"}


@app.command()
def demo(
    data: Annotated[str, typer.Option("--data", metavar="DIR", help="The demo's folder; made when absent.")] = _FOLDER,
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port to listen on.")] = 8080,
    strict: Annotated[
        bool,
        typer.Option("--strict", help="Refuse what the Graph documentation does not allow, also where clients do it."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object for tools, once it is up.")] = False,
) -> None:
    """Start a server with a sample tenant: two stores, 24 people, ready tokens. On this machine only.

    The folder is made when it is absent or empty, and used again when it holds a demo.

    \b
    badgepin demo
    badgepin demo --data demo-data --port 9000
    badgepin demo --json --port 9000 > demo.json &      # jq -r .tokens.manager demo.json
    """
    try:
        till_port = find_port(_HOST, port + 1)
        settings = _settings(data, port, till_port, strict=strict)
        check_free(settings)
        badge = prepare(settings)
        with ExitStack() as beside:
            serve(settings, _announcing(badge, beside, till_port, as_json=as_json))
    except (SettingsRefused, DemoRefused, StartRefused, KeyRingRefused, SQLiteRefused) as error:
        raise CommandRefused(str(error)) from error
    except StoreUnavailable as error:
        raise CommandRefused(f"The demo's database does not answer: delete {data} and start again.") from error
    except OSError as error:
        raise CommandRefused(f"Cannot write {error.filename} ({error.strerror}): choose another --data.") from error


def _settings(data: str, port: int, till_port: int, *, strict: bool) -> Settings:
    environment = {name: value for name, value in os.environ.items() if name not in _NOT_FOR_DEMOS}
    return read_settings(
        data,
        environment=environment,
        host=_HOST,
        port=port,
        base_url=f"http://{_NAME}:{port}",
        strict=strict or None,
        backchannel_private_hosts=(f"{_HOST}:{till_port}",),
        log_level=environment.get("BADGEPIN_LOG_LEVEL", "warning"),
    )


def _announcing(
    badge: Badge | None, beside: ExitStack, till_port: int, *, as_json: bool
) -> Callable[[Installation], Awaitable[None]]:
    async def announce(installation: Installation) -> None:
        memory = recall(Path(installation.settings.data))
        till = memory.clients.get(TILL) if has_libraries() else None
        found = await look_around(installation, badge, f"http://{_HOST}:{till_port}" if till else None)
        if till is not None:
            issuer = f"{installation.settings.base_url}/{memory.tenant_id}/v2.0"
            beside.enter_context(running(issuer, till, _HOST, till_port))
        # flushed: a tool waits for this line
        sys.stdout.write((to_json if as_json else as_page)(found, installation) + "\n")
        sys.stdout.flush()

    return announce
