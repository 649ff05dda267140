"""Making a demo's folder the first time, and finding everything again later."""

import asyncio
from pathlib import Path

from badgepin.app import close_installation, open_installation
from badgepin.crypto.randomness import new_guid
from badgepin.demo.announcement import Demo
from badgepin.demo.folder import Memory, is_demo, keep_header, mark, recall, remember
from badgepin.demo.people import DOMAIN, ORGANIZATION
from badgepin.demo.seed import seed
from badgepin.demo.tokens import make_tokens
from badgepin.domain.caller import Call
from badgepin.domain.qr_code import CodeKind
from badgepin.domain.tenant import Tenant
from badgepin.founding import Founding, found
from badgepin.issuing import Badge, issue_standard
from badgepin.services.tenant import command_line
from badgepin.settings import Settings
from badgepin.store import qr_code_pin as codes
from badgepin.store.transaction import Transaction
from badgepin.web.installation import Installation, system_clock


def prepare(settings: Settings) -> Badge | None:
    """Make the demo unless the folder holds one. Returns the worker's badge when it was made just now.

    Raises `DemoRefused`, and what `found` raises.
    """
    folder = Path(settings.data)
    if is_demo(folder):
        recall(folder)
        return None
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


async def look_around(installation: Installation, badge: Badge | None) -> Demo:
    """Everything there is to say about a demo that is up, with fresh tokens."""
    folder = Path(installation.settings.data)
    memory = recall(folder)
    tokens = await installation.database.read(lambda tx: make_tokens(tx, installation, memory))
    has_temporary_code = await installation.database.read(lambda tx: _has_temporary_code(tx, installation, memory))
    keep_header(folder, tokens.get("applicationReadWrite", ""))
    return Demo(folder, memory, tokens, badge, has_temporary_code)


def _has_temporary_code(tx: Transaction, installation: Installation, memory: Memory) -> bool:
    tenant = Tenant(memory.tenant_id, ORGANIZATION, DOMAIN, installation.clock())
    call = Call(command_line(tx, tenant), installation.clock(), new_guid())
    view = codes.view(tx, call, memory.users["worker"])
    method = view.method if view else None
    code = method.find_qr_code(CodeKind.TEMPORARY) if method else None
    return code is not None and code.is_active(installation.clock())
