"""Making an installation from nothing: a folder, keys, a database with its schema, the first tenant."""

import asyncio
import json
import shutil
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from badgepin.crypto.key_ring import create_key_ring
from badgepin.crypto.key_ring_file import save_key_ring
from badgepin.domain.tenant import Tenant
from badgepin.services.tenant import create_tenant, list_tenants
from badgepin.settings import Settings
from badgepin.store import migrate
from badgepin.store.transaction import open_database

KEY_RING, SETTINGS = "keyring.json", "badgepin.toml"


class FoundingRefused(Exception):
    """An installation cannot be made here; the sentence says what to do."""


@dataclass(frozen=True)
class Founding:
    """What a new installation is made of; `settings` are the values that its settings file says."""

    folder: Path
    tenant_name: str
    domain: str
    settings: dict[str, str | int] = field(default_factory=dict)


def found(wanted: Founding, settings: Settings, now: datetime) -> Tenant:
    """Make the installation; when anything fails, nothing is left behind.

    Raises `FoundingRefused`, `SQLiteRefused`, `StoreUnavailable`, `InvalidValue`.
    """
    folder = wanted.folder
    check_empty(folder)
    fresh = not folder.exists()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    try:
        return _fill(wanted, settings, now)
    except BaseException:
        for path in folder.iterdir():
            path.unlink()
        if fresh:
            shutil.rmtree(folder)
        raise


def check_empty(folder: Path) -> None:
    """A folder must be absent or empty before anything is made in it. Raises `FoundingRefused`."""
    if (folder / KEY_RING).exists() or (folder / SETTINGS).exists():
        raise FoundingRefused(f"{folder} is an installation already: run `badgepin serve --data {folder}`.")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FoundingRefused(f"{folder} is not an empty folder: choose another with --data.")


def _fill(wanted: Founding, settings: Settings, now: datetime) -> Tenant:
    migrate.upgrade(settings.database)
    save_key_ring(create_key_ring(now), wanted.folder / KEY_RING)
    lines = [f"{name} = {json.dumps(value)}\n" for name, value in wanted.settings.items()]
    file = wanted.folder / SETTINGS
    file.touch(mode=0o600)
    file.write_text("# Every setting is explained in docs/settings.md.\n" + "".join(lines), encoding="utf-8")
    return asyncio.run(_first_tenant(wanted, settings, now))


async def _first_tenant(wanted: Founding, settings: Settings, now: datetime) -> Tenant:
    database = open_database(settings.database, sqlite_journal=settings.sqlite_journal)
    try:
        if await database.read(list_tenants):
            raise FoundingRefused(
                "The database belongs to an installation already: give this node a copy of that key ring instead."
            )
        return await database.write(
            lambda tx: create_tenant(tx, display_name=wanted.tenant_name, default_domain=wanted.domain, now=now)
        )
    finally:
        await database.close()
