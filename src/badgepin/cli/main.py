"""`badgepin`: one module per command, imported only when it is called, so that starting stays quick."""

import importlib
import os
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from badgepin import __version__
from badgepin.cli.refusal import CommandRefused

_FAILED, _INTERRUPTED = 1, 130
COMMANDS = {
    "demo": "Start a server with a sample tenant, ready to try.",
    "init": "Make an installation: folder, keys, database, tenant.",
    "serve": "Serve an installation.",
    "admins": "Who signs in to the desk: invite, list, remove-passkey.",
    "users": "People: add, list, show, update, disable, enable, remove.",
    "people": "People in from a file: preview, import, undo.",
    "groups": "Groups: add, list, remove, and their members.",
    "codes": "QR codes and PINs: issue, temporary, replace, show, revoke, reset-pin, forecast.",
    "clients": "Applications that call the API: secrets, keys, permissions.",
    "tenants": "Organizations: add, list.",
    "certificates": "HTTPS: make a certificate for a trial, show the one in use.",
    "keys": "The key ring: list, rotate, re-encrypt, rewrap.",
    "backup": "Write an encrypted copy of the database while the server works.",
    "restore": "Put a backup back, or try whether it could be.",
    "db": "The database's schema: upgrade, check, downgrade.",
    "audit": "The audit log: verify that nobody changed it, export, checkpoints, key.",
    "explain": "Say what the four characters on a refused screen mean, or what keeps a person from signing in.",
    "sign-in": "Sign in with a badge and a PIN, as a browser does.",
    "doctor": "Say what is wrong with an installation, and what to do.",
}
_EPILOG = """\b
Try it:      badgepin demo
For real:    badgepin init --data /var/lib/badgepin --domain example.com
             badgepin admins invite ada@example.com --name Ada --role "Global Administrator" --data /var/lib/badgepin
             badgepin serve --data /var/lib/badgepin
A command:   badgepin codes temporary --help
"""


class _LazyGroup(TyperGroup):
    """Knows the commands by name, and imports a command's module when it is called."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401 - Typer keeps its context's class private
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401 - as above
        del ctx
        if cmd_name not in COMMANDS:
            return None
        return get_command(importlib.import_module(f"badgepin.cli.{cmd_name.replace('-', '_')}").app)

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401 - as above
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


app = typer.Typer(cls=_LazyGroup, add_completion=False, rich_markup_mode=None, epilog=_EPILOG)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"badgepin {__version__}")
        raise typer.Exit


@app.callback()
def badgepin(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Badge + PIN sign-in for people who share devices, with Microsoft Graph's QR code method API."""
    del version


def main() -> None:
    """Run the command line: exit code 0 done, 1 refused, 2 misused."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command; a refusal is one line on standard error."""
    try:
        code = get_command(app).main(arguments or ["--help"], prog_name="badgepin", standalone_mode=False)
    except CommandRefused as refusal:
        return _say(str(refusal), _FAILED)
    except typer.TyperException as misuse:
        context = getattr(misuse, "ctx", None)
        path = context.command_path if context else "badgepin"
        return _say(f"{misuse.format_message().rstrip('.')}. `{path} --help` shows how.", misuse.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        return _say("Interrupted.", _INTERRUPTED)
    except BrokenPipeError:
        # whoever read the output has gone; Python must not complain about that when it closes
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _FAILED
    return code if isinstance(code, int) else 0


def _say(sentence: str, code: int) -> int:
    line = " ".join(sentence.split())
    sys.stderr.write(f"badgepin: {line}\n")
    return code


if __name__ == "__main__":
    main()
