"""Making a demo. Run as a program: what that takes, the migrations above all, must not stay in the server's memory.

Standard input: the settings as JSON. Standard output: the worker's badge as JSON.
"""

import asyncio
import sys
from pathlib import Path

import msgspec

from badgepin.crypto.randomness import new_guid
from badgepin.demo.folder import mark, remember
from badgepin.demo.people import DOMAIN, ORGANIZATION
from badgepin.demo.seed import seed
from badgepin.domain.caller import Call
from badgepin.domain.tenant import Tenant
from badgepin.founding import Founding, FoundingRefused, found
from badgepin.issuing import Badge, issue_standard
from badgepin.opening import close_installation, open_installation
from badgepin.services.tenant import command_line
from badgepin.settings import Settings
from badgepin.store.sqlite import SQLiteRefused
from badgepin.web.installation import system_clock


def make(settings: Settings) -> Badge:
    """Make a demo in an absent or empty folder. Returns the worker's badge. Raises what `found` raises."""
    folder = Path(settings.data)
    tenant = found(Founding(folder, ORGANIZATION, DOMAIN), settings, system_clock())
    mark(folder)
    return asyncio.run(_fill(settings, tenant))


async def _fill(settings: Settings, tenant: Tenant) -> Badge:
    installation = open_installation(settings)
    try:
        caller = await installation.database.read(lambda tx: command_line(tx, tenant))

        def call() -> Call:
            return Call(caller, installation.clock(), new_guid())

        memory = await installation.database.write(lambda tx: seed(tx, call()))
        badge = await issue_standard(installation, call, memory.users["worker"])
    finally:
        await close_installation(installation)
    remember(Path(settings.data), memory)
    return badge


def main() -> None:
    """Make the demo that standard input describes; a refusal is a sentence on standard error."""
    settings = msgspec.json.decode(sys.stdin.buffer.read(), type=Settings)
    try:
        badge = make(settings)
    except (FoundingRefused, SQLiteRefused) as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(f"Cannot write {error.filename} ({error.strerror}): choose another --data.")
    sys.stdout.buffer.write(msgspec.json.encode(badge))


if __name__ == "__main__":
    main()
