"""Opening a demo: made the first time, found again later."""

import subprocess
import sys
from pathlib import Path

import msgspec

from badgepin.crypto.randomness import new_guid
from badgepin.demo.announcement import Demo
from badgepin.demo.beside import register
from badgepin.demo.folder import DemoRefused, Memory, is_demo, keep_header, recall
from badgepin.demo.people import DOMAIN, ORGANIZATION
from badgepin.demo.tokens import make_tokens
from badgepin.domain.caller import Call
from badgepin.domain.qr_code import CodeKind
from badgepin.domain.tenant import Tenant
from badgepin.issuing import Badge
from badgepin.services.invitation import invite, link_to
from badgepin.services.tenant import command_line
from badgepin.settings import Settings
from badgepin.store import qr_code_pin as codes
from badgepin.store.transaction import Transaction
from badgepin.web.installation import Installation


def prepare(settings: Settings) -> Badge | None:
    """Make the demo unless the folder holds one. Returns the worker's badge when it was made just now.

    Raises `DemoRefused`.
    """
    folder = Path(settings.data)
    if is_demo(folder):
        recall(folder)
        return None
    command = [sys.executable, "-m", "badgepin.demo.making"]
    made = subprocess.run(command, input=msgspec.json.encode(settings), capture_output=True, check=False)  # noqa: S603 - our own module
    if made.returncode != 0:
        last = made.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise DemoRefused(last or f"The demo could not be made: delete {folder} and start again.")
    return msgspec.json.decode(made.stdout, type=Badge)


async def look_around(installation: Installation, badge: Badge | None, till: str | None) -> Demo:
    """Everything there is to say about a demo that is up, with fresh tokens; `till` is where its application is."""
    folder = Path(installation.settings.data)
    memory = recall(folder)
    if till is not None:
        await installation.database.write(lambda tx: register(tx, memory, till))
    tokens = await installation.database.read(lambda tx: make_tokens(tx, installation, memory))
    has_temporary_code = await installation.database.read(lambda tx: _has_temporary_code(tx, installation, memory))
    desk = await installation.database.write(lambda tx: _invite(tx, installation, memory))
    keep_header(folder, tokens.get("applicationReadWrite", ""))
    return Demo(folder, memory, tokens, badge, has_temporary_code, desk, till)


def _call(tx: Transaction, installation: Installation, memory: Memory) -> Call:
    tenant = Tenant(memory.tenant_id, ORGANIZATION, DOMAIN, installation.clock())
    return Call(command_line(tx, tenant), installation.clock(), new_guid())


def _invite(tx: Transaction, installation: Installation, memory: Memory) -> str:
    invited = invite(tx, _call(tx, installation, memory), memory.users["manager"])
    return link_to(installation.settings.base_url, memory.tenant_id, invited.secret)


def _has_temporary_code(tx: Transaction, installation: Installation, memory: Memory) -> bool:
    call = _call(tx, installation, memory)
    view = codes.view(tx, call, memory.users["worker"])
    method = view.method if view else None
    code = method.find_qr_code(CodeKind.TEMPORARY) if method else None
    return code is not None and code.is_active(installation.clock())
