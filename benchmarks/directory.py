"""The directory and the record: pages of many people, a prefix among them, an event's share of a change, an import."""

import asyncio
import json
import re
import statistics
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote
from urllib.request import Request, urlopen

import sqlalchemy as sa

from badgepin.domain.audit import AUTHENTICATION_METHODS, Activity, AuditEvent, Category, Operation
from badgepin.domain.caller import Call, Caller, Standing
from badgepin.store import audit
from badgepin.store.qr_code_pin import revocation
from badgepin.store.tables import users
from badgepin.store.transaction import Transaction
from benchmarks.installation import BADGEPIN, CLIENT, Bench, user_id
from benchmarks.load import request, run

_PAGE = "/v1.0/users?$top=100"
_ROUNDS = 5
_SAMPLES = 60


async def page_ratios(bench: Bench, people: int) -> tuple[list[float], list[float]]:
    """The median time of page 1,000, and of a name's prefix, each against page 1, in turns."""
    token = bench.token("User.Read.All")
    thousandth = await asyncio.to_thread(_page_1000, bench, token)
    named_like = quote(f"startsWith(userPrincipalName,'p{people - 1}')")
    prefix = f"/v1.0/users?$top=100&$filter={named_like}"
    pages, prefixes = [], []
    for turn in range(_ROUNDS + 1):
        first = await _median(bench, _PAGE, token)
        late, named = await _median(bench, thousandth, token), await _median(bench, prefix, token)
        if turn:
            pages.append(late / first)
            prefixes.append(named / first)
    return sorted(pages), sorted(prefixes)


async def _median(bench: Bench, path: str, token: str) -> float:
    load = await run(bench.port, [request("GET", path, token, bench.port)] * _SAMPLES, connections=1, status=200)
    assert load.wanted == _SAMPLES, f"{path} did not answer 200"
    return statistics.median(load.seconds)


def _page_1000(bench: Bench, token: str) -> str:
    """The address of page 1,000 of a hundred each, reached in larger steps, as a script would go on from a link."""
    origin, seen = f"http://127.0.0.1:{bench.port}", 0
    link = f"{origin}/v1.0/users?$top=999&$select=id"
    while seen < 99_900 and link:
        with urlopen(Request(link, headers={"authorization": f"Bearer {token}"})) as answer:
            page = json.loads(answer.read())
        seen += len(page["value"])
        following = page.get("@odata.nextLink")
        if following is None:
            break
        link = following
    token_part = re.search(r"\$skiptoken=[^&]+", link)
    assert token_part, "there are not a hundred thousand people"
    return f"{_PAGE}&{token_part[0]}"


async def event_shares(bench: Bench, changes: int) -> list[float]:
    """The share of the time of a revocation that its event takes, in turns with and without it."""
    tenant, now = bench.tenant, datetime.now(UTC)
    call = Call(Caller(tenant, CLIENT, None, frozenset(), 1), now, "bench")
    standing = Standing(CLIENT, "Bench")
    event = AuditEvent(
        activity=Activity.ADMIN_DELETED,
        category=Category.USER_MANAGEMENT,
        operation=Operation.DELETE,
        target_kind="User",
        target_id=CLIENT,
        target_name="Person",
        target_user_principal_name="person@example.com",
        service=AUTHENTICATION_METHODS,
    )

    def recorded(tx: Transaction, code: str) -> None:
        assert audit.change_and_append(tx, revocation(tx, tenant, code, now), call, standing, event)

    def bare(tx: Transaction, code: str) -> None:
        change = revocation(tx, tenant, code, now)
        assert tx.execute(change.statement, dict(change.values)).first() is not None

    async def seconds(change: Callable[[Transaction, str], None]) -> float:
        codes = await _fresh_codes(bench, changes)
        began = time.perf_counter()
        for code in codes:
            await bench.database.write_once(lambda tx, code=code: change(tx, code))  # type: ignore[misc] # a lambda's default
        return time.perf_counter() - began

    shares = []
    for turn in range(_ROUNDS + 1):
        with_event, without = await seconds(recorded), await seconds(bare)
        if turn:
            shares.append(1 - without / with_event)
    return sorted(shares)


async def _fresh_codes(bench: Bench, number: int) -> list[str]:
    await bench.issue_temporary(0, number)
    live = "SELECT id FROM qr_codes WHERE kind = 'temporary' AND revoked_at IS NULL LIMIT :number"
    return await bench.database.read(lambda tx: list(tx.execute(sa.text(live), {"number": number}).scalars()))


async def import_ratio(bench: Bench, rows: int) -> tuple[float, float]:
    """Rows a second of `badgepin people import`, and of a bare insert of the same people, a thousand at a time."""
    file = bench.folder / "people.csv"
    lines = ["userPrincipalName,displayName,department,groups,stores"]
    lines += [f"i{n}@example.com,Imported {n},Dept {n % 50},Shift {n % 20},Store {n % 200}" for n in range(rows)]
    file.write_text("\n".join(lines), encoding="utf-8")
    began = time.perf_counter()
    await asyncio.to_thread(_import, bench.folder, file)
    imported = rows / (time.perf_counter() - began)
    return imported, rows / await _bare_insert(bench, rows)


def _import(folder: Path, file: Path) -> None:
    command = [str(BADGEPIN), "people", "import", str(file), "--yes", "--data", str(folder)]
    subprocess.run(command, check=True, capture_output=True)


async def _bare_insert(bench: Bench, rows: int) -> float:
    now = datetime.now(UTC)

    def person(number: int) -> dict[str, Any]:
        name = f"b{number}@example.com"
        return {
            "tenant_id": bench.tenant,
            "id": user_id(0x7000_0000_0000 + number),
            "user_principal_name": name,
            "user_principal_name_key": name,
            "display_name": f"Bare {number}",
            "display_name_key": f"bare {number}",
            "account_enabled": True,
            "user_type": "Member",
            "created_at": now,
        }

    began = time.perf_counter()
    for first in range(0, rows, 1000):
        portion = [person(number) for number in range(first, min(first + 1000, rows))]
        await bench.database.write(lambda tx, portion=portion: tx.execute(sa.insert(users), portion) and None)  # type: ignore[misc] # as above
    return time.perf_counter() - began
