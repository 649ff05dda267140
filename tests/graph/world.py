"""A small tenant with everybody a test of the Graph API needs, and a client that acts as any of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import NAMESPACE_DNS, uuid5

import httpx
import sqlalchemy as sa

from badgepin.app import Application, create_app
from badgepin.crypto.key_ring import KeyRing
from badgepin.crypto.keys_in_use import KeysInUse
from badgepin.crypto.pin_hash import Cost, PinHasher
from badgepin.crypto.revocation_journal import RevocationJournal
from badgepin.domain import directory_role as roles
from badgepin.domain.filter import fold
from badgepin.domain.user import user_principal_name_key
from badgepin.settings import Settings
from badgepin.store import tables
from badgepin.store.transaction import Transaction, open_database
from badgepin.web.installation import Installation

T = TypeVar("T")
START = datetime(2026, 11, 23, 9, 0, 0, 123456, tzinfo=UTC)
BASE = "http://badgepin.test"
GRAPH = "https://graph.microsoft.com"
ADMIN_SCOPES = (
    "UserAuthenticationMethod.ReadWrite.All UserAuthMethod-QR.ReadWrite.All Policy.ReadWrite.AuthenticationMethod "
    "User.ReadWrite.All Group.ReadWrite.All AdministrativeUnit.ReadWrite.All RoleManagement.ReadWrite.Directory "
    "Application.ReadWrite.All AppRoleAssignment.ReadWrite.All DelegatedPermissionGrant.ReadWrite.All "
    "AuditLog.Read.All Directory.AccessAsUser.All Directory.Read.All"
)
OWN_SCOPES = "UserAuthMethod-QR.ReadWrite UserAuthenticationMethod.ReadWrite User.Read Directory.AccessAsUser.All"
TENANT_ROLES = {
    "global_administrator": roles.GLOBAL_ADMINISTRATOR,
    "authentication_administrator": roles.AUTHENTICATION_ADMINISTRATOR,
    "privileged_authentication_administrator": roles.PRIVILEGED_AUTHENTICATION_ADMINISTRATOR,
    "authentication_policy_administrator": roles.AUTHENTICATION_POLICY_ADMINISTRATOR,
    "global_reader": roles.GLOBAL_READER,
    "helpdesk_administrator": roles.HELPDESK_ADMINISTRATOR,
    "password_administrator": roles.PASSWORD_ADMINISTRATOR,
    "user_administrator": roles.USER_ADMINISTRATOR,
}
PEOPLE = (*TENANT_ROLES, "worker", "colleague", "other_store_worker", "manager", "guest", "role_group_member")


def guid(name: str) -> str:
    """The same id for the same name, in every run."""
    return str(uuid5(NAMESPACE_DNS, name))


TENANT, APPLICATION, CLIENT, PRINCIPAL = guid("tenant"), guid("application"), guid("client"), guid("principal")
STORE, OTHER_STORE, ROLE_GROUP = guid("store"), guid("other store"), guid("role group")


def upn(name: str) -> str:
    """The user principal name of one of the people."""
    return "guest_partner.example#EXT#@contoso.example" if name == "guest" else f"{name}@contoso.example"


@dataclass
class Clock:
    """A clock that stands still until a test moves it."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def move(self, **span: float) -> None:
        """Move it on."""
        self.now += timedelta(**span)


@dataclass
class World:
    """The installation under test. Requests go through the real application on a real database."""

    installation: Installation
    clock: Clock
    runner: asyncio.Runner
    _application: Application | None = None

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the world's event loop."""
        return self.runner.run(work)

    def request(self, method: str, path: str, *, token: str | None = None, **options: Any) -> httpx.Response:
        """One request; the path begins below `/v1.0` unless it names a version or is `plain`."""
        return self.run(self.send(method, path, token=token, **options))

    async def send(self, method: str, path: str, *, token: str | None = None, **options: Any) -> httpx.Response:
        """The same, to be gathered with others."""
        headers = dict(options.pop("headers", {}))
        if token is not None:
            headers["authorization"] = f"Bearer {token}"
        if not options.pop("plain", False) and not path.lower().startswith(("/v1.0", "/beta")):
            path = f"/v1.0{path}"
        transport = httpx.ASGITransport(self.door)
        async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
            return await client.request(method, path, headers=headers, **options)

    @property
    def door(self) -> Application:
        """The real application of the installation as it is now."""
        if self._application is None or self._application.installation is not self.installation:
            self._application = create_app(self.installation)
        return self._application

    def token(self, **claims: Any) -> str:
        """A signed access token with these claims over sensible ones."""
        seconds = int(self.clock.now.timestamp())
        base = {
            "iss": f"{self.installation.settings.base_url}/{TENANT}/v2.0",
            "aud": GRAPH,
            "iat": seconds,
            "nbf": seconds,
            "exp": seconds + 86_400,
            "tid": TENANT,
            "appid": CLIENT,
            "gen": 1,
            "cgen": 1,
            "ver": "2.0",
        }
        return self.installation.signer.sign({**base, **claims})

    def application(self, *permissions: str) -> str:
        """The token of an application that was granted these permissions."""
        return self.token(roles=list(permissions), idtyp="app", oid=PRINCIPAL, sub=PRINCIPAL)

    def person(self, name: str, scopes: str | None = None) -> str:
        """The token of a person; administrators get every administrator's scope, workers their own."""
        own = name in {"worker", "colleague", "other_store_worker", "guest"}
        return self.token(oid=guid(name), scp=scopes or (OWN_SCOPES if own else ADMIN_SCOPES))

    @property
    def admin(self) -> str:
        """A token that may write everybody's methods."""
        return self.application("UserAuthenticationMethod.ReadWrite.All")

    def method_path(self, name: str, below: str = "") -> str:
        """The path of a person's method, by id."""
        return f"/users/{guid(name)}/authentication/qrCodePinMethod{below}"

    def create_method(self, name: str = "worker", **body: Any) -> dict[str, Any]:
        """A person with an active standard code and PIN 13572468."""
        sent = {"standardQRCode": {}, "pin": {"code": "13572468"}, **body}
        answer = self.request("PUT", self.method_path(name), token=self.admin, json=sent)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def create_temporary(self, name: str = "worker", hours: float = 8) -> dict[str, Any]:
        """A temporary code that starts now."""
        end = (self.clock.now + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")
        path = self.method_path(name, "/temporaryQRCode")
        answer = self.request("PATCH", path, token=self.admin, json={"expireDateTime": end})
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def rows(self, table: sa.Table) -> list[Mapping[str, Any]]:
        """Every row of a table."""
        return self.transact(lambda tx: [dict(row) for row in tx.execute(sa.select(table)).mappings()])

    def transact(self, work: Callable[[Transaction], T]) -> T:
        """Work on the database behind the application's back."""
        return self.run(self.installation.database.write(work))

    def close(self) -> None:
        """Give everything back."""
        self.run(self.installation.database.close())
        self.installation.hasher.close()


def build(url: str, ring: KeyRing, runner: asyncio.Runner, **settings: Any) -> World:
    """A world on a migrated database."""
    return fill(open_world(url, ring, runner, **settings))


def open_world(
    url: str, ring: KeyRing, runner: asyncio.Runner, *, journal: RevocationJournal | None = None, **settings: Any
) -> World:
    """The world of a database that has one already, or will."""
    clock, held = Clock(), KeysInUse(ring)
    # everybody in a test has one address: limits by address are met where a test wants them
    chosen = Settings(base_url=BASE, database_url=url, **{"sign_ins_per_second": 10_000, **settings})
    # the floor is for people's PINs; tests of concurrency want many cheap hashes
    cost = Cost(memory_kib=64, iterations=1)
    installation = Installation(
        settings=chosen,
        database=open_database(url, pool_size=chosen.database_pool_size, revocations=journal),
        held=held,
        hasher=PinHasher(workers=2, cost=cost, keys=lambda: held.at(clock())),
        clock=clock,
        journal=journal,
    )
    return World(installation, clock, runner)


def fill(world: World) -> World:
    """The people and stores of a world, in a database that is empty."""
    world.transact(_fill)
    return world


def fill_database(url: str) -> None:
    """The same, in a database that worlds are copied from."""

    async def work() -> None:
        database = open_database(url)
        await database.write(_fill)
        await database.close()

    asyncio.run(work())


def _add(tx: Transaction, table: sa.Table, *rows: dict[str, Any]) -> None:
    common = {"tenant_id": TENANT} | ({"created_at": START} if "created_at" in table.c else {})
    tx.execute(sa.insert(table), [{**common, **row} for row in rows])


def _fill_units(tx: Transaction) -> None:
    _add(
        tx,
        tables.administrative_units,
        {"id": STORE, "display_name": "Store", "display_name_key": "store", "is_member_management_restricted": False},
        {
            "id": OTHER_STORE,
            "display_name": "Other store",
            "display_name_key": "other store",
            "is_member_management_restricted": False,
        },
    )
    _add(
        tx,
        tables.administrative_unit_members,
        *(
            {"administrative_unit_id": unit, "member_id": guid(name), "member_kind": "user"}
            for unit, name in (
                (STORE, "worker"),
                (STORE, "colleague"),
                (STORE, "helpdesk_administrator"),
                (OTHER_STORE, "other_store_worker"),
            )
        ),
    )


def _fill(tx: Transaction) -> None:
    def add(table: sa.Table, *rows: dict[str, Any]) -> None:
        _add(tx, table, *rows)

    add(tables.tenants, {"display_name": "Contoso", "default_domain": "contoso.example"})
    add(
        tables.users,
        *(
            {
                "id": guid(name),
                "user_principal_name": upn(name),
                "user_principal_name_key": user_principal_name_key(upn(name)),
                "display_name": name.replace("_", " ").title(),
                "display_name_key": fold(name.replace("_", " ").title()),
                "account_enabled": True,
                "user_type": "Guest" if name == "guest" else "Member",
            }
            for name in PEOPLE
        ),
    )
    add(
        tables.groups,
        {
            "id": ROLE_GROUP,
            "display_name": "Role group",
            "display_name_key": "role group",
            "is_assignable_to_role": True,
        },
    )
    add(tables.group_members, {"group_id": ROLE_GROUP, "member_id": guid("role_group_member"), "member_kind": "user"})
    _fill_units(tx)
    assignments = [(name, role, "") for name, role in TENANT_ROLES.items()]
    assignments.append(("manager", roles.AUTHENTICATION_ADMINISTRATOR, STORE))
    add(
        tables.role_assignments,
        *(
            {
                "id": guid(f"assignment {name}"),
                "principal_id": guid(name),
                "role_definition_id": role,
                "administrative_unit_id": unit,
            }
            for name, role, unit in assignments
        ),
    )
    add(
        tables.applications,
        {
            "id": APPLICATION,
            "client_id": CLIENT,
            "service_principal_id": PRINCIPAL,
            "display_name": "Automation",
            "display_name_key": "automation",
            "account_enabled": True,
        },
    )
