"""A real installation on a real database, filled with people, and a real server in a process of its own."""

import hashlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from urllib.request import urlopen

import sqlalchemy as sa

from badgepin.crypto.key_ring import KeyRing
from badgepin.crypto.key_ring_file import load_key_ring
from badgepin.crypto.pin_hash import Cost, PinRow, hash_pin
from badgepin.crypto.token import TokenSigner
from badgepin.store import application_tables, tables
from badgepin.store.pin import KeptPin, insert_pin
from badgepin.store.transaction import Database, Transaction, open_database

BADGEPIN = Path(sys.executable).with_name("badgepin")
CLIENT = "00000000-0000-4000-8000-00000000c11e"
SECRET = "of a benchmark"  # noqa: S105 - it opens an installation that lives for minutes
_MICROSECONDS = "1700000000000000"
_FAR = "4000000000000000"
_PORTION = 25_000


@dataclass
class Bench:
    """An installation under test: its folder, database and tenant."""

    folder: Path
    url: str
    database: Database
    tenant: str
    people: int
    port: int = 0

    async def fill(self, people: int) -> None:
        """Add people with a method each, in bulk."""
        ring, wanted = load_key_ring(self.folder / "keyring.json"), self.people + people
        while self.people < wanted:
            # in portions, because no statement may take longer than a server's would
            first, self.people = self.people, min(self.people + _PORTION, wanted)
            await self.database.write(
                partial(_add_people, tenant=self.tenant, ring=ring, first=first, last=self.people)
            )

    async def issue_temporary(self, first: int, last: int) -> None:
        """Give each of these people a fresh temporary code."""
        kid = load_key_ring(self.folder / "keyring.json").row_macs[0].kid
        await self.database.write(lambda tx: _issue(tx, self.tenant, kid, first, last))

    async def analyze(self) -> None:
        """Let the database's planner know what is there."""
        await self.database.write(lambda tx: tx.execute(sa.text("ANALYZE")) and None)

    def token(self, *permissions: str) -> str:
        """An application's token that may write everybody's methods, or what is named."""
        now = datetime.now(UTC)
        ring = load_key_ring(self.folder / "keyring.json")
        claims = {
            "iss": f"http://127.0.0.1:{self.port}/{self.tenant}/v2.0",
            "aud": "https://graph.microsoft.com",
            "tid": self.tenant,
            "appid": CLIENT,
            "idtyp": "app",
            "roles": list(permissions or ("UserAuthenticationMethod.ReadWrite.All",)),
            "gen": 1,
            "iat": int(now.timestamp()),
            "exp": int((now + timedelta(hours=6)).timestamp()),
        }
        return TokenSigner(ring).sign(claims)


def found(folder: Path, database_url: str | None) -> Bench:
    """`badgepin init`, and an application to act as."""
    command = [str(BADGEPIN), "init", "--data", str(folder), "--domain", "example.com"]
    if database_url:
        command += ["--database-url", database_url]
    subprocess.run(command, check=True, capture_output=True)
    url = database_url or f"sqlite:///{folder / 'badgepin.db'}"
    return Bench(folder, url, open_database(url), "", 0)


async def settle(bench: Bench) -> None:
    """Find the tenant and add the application."""

    def work(tx: Transaction) -> str:
        tenant = str(tx.execute(sa.select(tables.tenants.c.tenant_id)).scalar_one())
        tx.execute(
            sa.insert(tables.applications).values(
                tenant_id=tenant,
                id=CLIENT,
                client_id=CLIENT,
                service_principal_id=CLIENT,
                display_name="Bench",
                display_name_key="bench",
                account_enabled=True,
                created_at=datetime.now(UTC),
            )
        )
        tx.execute(
            sa.insert(application_tables.application_secrets).values(
                tenant_id=tenant,
                application_id=CLIENT,
                key_id=CLIENT,
                secret_digest=hashlib.sha256(SECRET.encode()).digest(),
                hint=SECRET[:3],
                start_at=datetime(2020, 1, 1, tzinfo=UTC),
                end_at=datetime(2100, 1, 1, tzinfo=UTC),
            )
        )
        return tenant

    bench.tenant = await bench.database.write(work)


def user_id(number: int) -> str:
    """The id of a person, by number."""
    return f"00000000-0000-4000-8000-{number:012x}"


_HEX = {"sqlite": "printf('%012x', n)", "postgresql": "lpad(to_hex(n), 12, '0')"}


def _numbers(tx: Transaction, first: int, last: int) -> str:
    if tx.dialect.name == "postgresql":
        return f"(SELECT n FROM generate_series({first}, {last - 1}) AS n) AS numbers"
    return (
        f"(WITH RECURSIVE counting(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM counting WHERE n < {last - 1})"
        " SELECT n FROM counting) AS numbers"
    )


def _add_people(tx: Transaction, tenant: str, ring: KeyRing, first: int, last: int) -> None:
    numbers, number = _numbers(tx, first, last), _HEX[tx.dialect.name]
    user = f"'00000000-0000-4000-8000-' || {number}"
    true = "1" if tx.dialect.name == "sqlite" else "true"
    for statement in (
        "INSERT INTO users (tenant_id, id, user_principal_name, user_principal_name_key, display_name,"
        f" display_name_key, account_enabled, user_type, created_at) SELECT '{tenant}', {user}, 'p' || n ||"
        f" '@example.com', 'p' || n || '@example.com', 'Person ' || n, 'person ' || n, {true}, 'Member',"
        f" {_MICROSECONDS} FROM {numbers}",
        "INSERT INTO qr_code_pin_methods (tenant_id, user_id, id, created_at)"
        f" SELECT '{tenant}', {user}, '00000000-0000-4000-8001-' || {number}, {_MICROSECONDS} FROM {numbers}",
        _codes(tx, tenant, ring.row_macs[0].kid, first, last, "standard", "8003"),
    ):
        tx.exec_driver_sql(statement)
    if first == 0:
        _add_pin(tx, tenant, ring)
    # every PIN is a copy of the first, which is enough: nobody signs in here
    columns = "version, length, memory_kib, iterations, parallelism, salt, pepper_key_id, nonce, ciphertext"
    flags = "must_change_at_next_sign_in, created_at, updated_at"
    tx.exec_driver_sql(
        f"INSERT INTO pins (tenant_id, user_id, id, {columns}, {flags}) SELECT '{tenant}', {user},"
        f" '00000000-0000-4000-8002-' || {number}, {columns}, {flags} FROM {numbers}"
        f" CROSS JOIN (SELECT {columns}, {flags} FROM pins WHERE user_id = '{user_id(0)}') AS one"
        f" WHERE n > 0"
    )


def _add_pin(tx: Transaction, tenant: str, ring: KeyRing) -> None:
    pin_id = "00000000-0000-4000-8002-000000000000"
    hashed = hash_pin("13572468", PinRow(user_id(0), pin_id, 1), cost=Cost(), ring=ring)
    insert_pin(tx, tenant, user_id(0), KeptPin(pin_id, 1, hashed, None), length=8, now=datetime.now(UTC))


_ISSUED = [0]


def _issue(tx: Transaction, tenant: str, kid: str, first: int, last: int) -> None:
    _ISSUED[0] += 1
    tx.exec_driver_sql(_codes(tx, tenant, kid, first, last, "temporary", f"{0x9000 + _ISSUED[0]:04x}"))


def _codes(  # noqa: PLR0913 - the parts of one statement
    tx: Transaction, tenant: str, kid: str, first: int, last: int, kind: str, block: str
) -> str:
    numbers, number = _numbers(tx, first, last), _HEX[tx.dialect.name]
    blob = "x'00'" if tx.dialect.name == "sqlite" else "'\\x00'::bytea"
    return (
        "INSERT INTO qr_codes (tenant_id, id, user_id, kind, algorithm, public_key, created_at, start_at, expire_at,"
        f" revision, mac_key_id, row_mac) SELECT '{tenant}', '00000000-0000-4000-{block}-' || {number},"
        f" '00000000-0000-4000-8000-' || {number}, '{kind}', 'Ed25519', {blob}, {_MICROSECONDS}, {_MICROSECONDS},"
        f" {_FAR}, 1, '{kid}', {blob} FROM {numbers}"
    )


@dataclass(frozen=True)
class Started:
    """A running server: how long it took to answer, and its process."""

    seconds: float
    process: "subprocess.Popen[bytes]"

    def memory(self) -> float:
        """Resident memory of the process and its children, in MB."""
        children = (
            Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text(encoding="utf-8").split()
        )
        return sum(_resident(pid) for pid in [str(self.process.pid), *children]) / 1024


def _resident(pid: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


@contextmanager
def serving(bench: Bench) -> Iterator[Started]:
    """The server, for as long as the block runs."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        bench.port = int(probe.getsockname()[1])
    origin = f"http://127.0.0.1:{bench.port}"
    environment = {
        **os.environ,
        "BADGEPIN_BASE_URL": origin,
        "BADGEPIN_LOG_LEVEL": "error",
        "BADGEPIN_SIGN_INS_PER_SECOND": "10000",
    }
    command = [str(BADGEPIN), "serve", "--data", str(bench.folder), "--port", str(bench.port)]
    began = time.perf_counter()
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as process:
        try:
            while process.poll() is None and not _answers(origin):
                time.sleep(0.005)
            if process.poll() is not None:
                raise SystemExit("The server did not start: run `badgepin serve` by hand to see why.")
            yield Started(time.perf_counter() - began, process)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)


def _answers(origin: str) -> bool:
    try:
        with urlopen(f"{origin}/livez", timeout=1) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
