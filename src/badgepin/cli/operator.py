"""The operator at this machine: an open installation, one of its tenants, and the application as which they act."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from badgepin.cli.refusal import CommandRefused, refused
from badgepin.crypto.key_ring_file import KeyRingRefused
from badgepin.crypto.randomness import new_guid
from badgepin.domain.caller import Call, Caller
from badgepin.domain.errors import DomainError
from badgepin.domain.tenant import Tenant
from badgepin.opening import StartRefused, close_installation, open_installation
from badgepin.services.health import check_schema
from badgepin.services.tenant import command_line, find_tenant, list_tenants
from badgepin.settings import Settings, SettingsRefused, read_settings
from badgepin.store.sqlite import SQLiteRefused
from badgepin.store.transaction import StoreUnavailable, Transaction
from badgepin.web.installation import Installation
from badgepin.web.node_clock import NodeClock

T = TypeVar("T")


@dataclass(frozen=True)
class Operator:
    """Runs services on behalf of whoever sits at the machine; the audit log says "Badgepin command line"."""

    installation: Installation
    tenant: Tenant
    caller: Caller

    async def read(self, service: Callable[[Transaction, Call], T]) -> T:
        """Run a service that only reads."""
        call = self.call()
        return await self.installation.database.read(lambda tx: service(tx, call))

    async def write(self, service: Callable[[Transaction, Call], T]) -> T:
        """Run a service in one transaction."""
        call = self.call()
        return await self.installation.database.write(lambda tx: service(tx, call))

    def call(self) -> Call:
        """One act of the operator, now."""
        return Call(self.caller, self.installation.clock(), new_guid(), strict=self.installation.settings.strict)


def settings_of(data: str | None, **overrides: object) -> Settings:
    """The settings of an installation that exists. Raises `CommandRefused`."""
    try:
        settings = read_settings(data, environment=os.environ, **overrides)
    except SettingsRefused as error:
        raise CommandRefused(str(error)) from error
    if not Path(settings.data).is_dir():
        raise CommandRefused(
            f"There is no installation in {settings.data}: run `badgepin init --data {settings.data}`."
        )
    return settings


def run_as_operator(data: str | None, tenant: str | None, work: Callable[[Operator], Awaitable[T]]) -> T:
    """Open the installation, act in a tenant, close it again. Every refusal becomes a `CommandRefused`."""

    async def in_tenant(installation: Installation) -> T:
        found = await installation.database.read(lambda tx: _choose(tx, tenant))
        caller = await installation.database.read(lambda tx: command_line(tx, found))
        return await work(Operator(installation, found, caller))

    return run_on_installation(settings_of(data), in_tenant)


def run_on_installation(settings: Settings, work: Callable[[Installation], Awaitable[T]]) -> T:
    """Open the installation, work, close it again. Every refusal becomes a `CommandRefused`."""
    try:
        return asyncio.run(_opened(settings, work))
    except DomainError as error:
        raise refused(error) from error
    except (StartRefused, KeyRingRefused, SQLiteRefused) as error:
        raise CommandRefused(str(error)) from error
    except StoreUnavailable as error:
        raise CommandRefused("The database does not answer: `badgepin doctor` says more.") from error


async def _opened(settings: Settings, work: Callable[[Installation], Awaitable[T]]) -> T:
    installation = open_installation(settings)
    try:
        problem = await installation.database.read(check_schema)
        if problem is not None:
            raise StartRefused(problem)
        if isinstance(installation.clock, NodeClock):
            await installation.clock.ask(installation.database)
        return await work(installation)
    finally:
        await close_installation(installation)


def _choose(tx: Transaction, named: str | None) -> Tenant:
    if named is not None:
        found = find_tenant(tx, named)
        if found is None:
            raise CommandRefused(f"There is no tenant '{named}': `badgepin tenants list` shows them.")
        return found
    tenants = list_tenants(tx)
    if not tenants:
        raise CommandRefused("There is no tenant yet: run `badgepin tenants add --domain example.com`.")
    if len(tenants) > 1:
        domains = ", ".join(tenant.default_domain for tenant in tenants)
        raise CommandRefused(f"There are several tenants ({domains}): say which one with --tenant.")
    return tenants[0]
