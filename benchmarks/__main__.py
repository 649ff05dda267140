"""`make bench`: every row a ratio of two things measured in turns in one run."""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.postgres import server

from benchmarks import directory, growth, page, peers, sign_in
from benchmarks.bare import capture, replay
from benchmarks.installation import Bench, Started, found, serving, settle, user_id
from benchmarks.load import request, run
from benchmarks.page import Row, at_least, at_most, row_of
from benchmarks.sign_in import Signer

CONNECTIONS = 16
ROUNDS = 5


@dataclass(frozen=True)
class Size:
    """How much of everything."""

    requests: int
    steps: tuple[int, ...]

    @property
    def few(self) -> int:
        """The people of a small installation."""
        return self.steps[0]

    @property
    def many(self) -> int:
        """The people of a large one."""
        return self.steps[-1]


async def _ratios(first: Callable[[int], Awaitable[float]], second: Callable[[int], Awaitable[float]]) -> list[float]:
    """Ratios of the first to the second, in turns; the first round only warms up."""
    ratios = [await first(turn) / await second(turn) for turn in range(ROUNDS + 1)]
    return sorted(ratios[1:])


async def _delete_row(bench: Bench, size: Size, kind: str) -> Row:
    token = bench.token()
    rates: dict[str, list[float]] = {"server": [], "bare": []}

    async def through_server(_turn: int) -> float:
        await bench.issue_temporary(0, size.requests)
        path = "/v1.0/users/{}/authentication/qrCodePinMethod/temporaryQRCode"
        asked = [request("DELETE", path.format(user_id(n)), token, bench.port) for n in range(size.requests)]
        load = await run(bench.port, asked, connections=CONNECTIONS, status=204)
        assert load.wanted == size.requests, "a DELETE did not answer 204"
        rates["server"].append(load.rate)
        return load.rate

    async def bare(_turn: int) -> float:
        await bench.issue_temporary(0, size.requests)
        sample = await capture(bench, 0, delete=True)
        block = (sample.code or "")[19:23]
        operations = [
            sample.for_user(user_id(n), f"00000000-0000-4000-{block}-{n:012x}") for n in range(1, size.requests)
        ]
        rate = await replay(bench, operations, connections=CONNECTIONS)
        rates["bare"].append(rate)
        return rate

    ratios = await _ratios(through_server, bare)
    note = f"{statistics.median(rates['server']):.0f}/s against {statistics.median(rates['bare']):.0f}/s"
    return at_least(f"{kind}: DELETE temporaryQRCode / its statements in a bare loop", ratios, 0.5, note)


async def _get_rows(bench: Bench, size: Size, kind: str) -> list[Row]:
    token = bench.token()
    path = "/v1.0/users/{}/authentication/qrCodePinMethod"
    asked = [request("GET", path.format(user_id(n)), token, bench.port) for n in range(size.requests)]
    nothing = [request("GET", "/livez/nothing", None, bench.port)] * size.requests
    sample = await capture(bench, 0, delete=False)
    operations = [sample.for_user(user_id(n), None) for n in range(size.requests)]

    async def get(_turn: int) -> float:
        return (await run(bench.port, asked, connections=CONNECTIONS, status=200)).rate

    async def empty(_turn: int) -> float:
        return (await run(bench.port, nothing, connections=CONNECTIONS, status=204)).rate

    async def bare(_turn: int) -> float:
        return await replay(bench, operations, connections=CONNECTIONS)

    return [
        at_least(f"{kind}: GET method / a bare 204 route of the same server", await _ratios(get, empty), 0.5),
        at_least(f"{kind}: GET method / its statement in a bare loop", await _ratios(get, bare), 0.5),
    ]


async def _list_rows(bench: Bench, size: Size, kind: str) -> list[Row]:
    with serving(bench):
        pages, prefixes = await directory.page_ratios(bench, size.many)
    return [
        at_most(f"{kind}: people, page 1,000 of {size.many:,} / page 1", pages, 1.2),
        row_of(f"{kind}: people by a prefix of their name / page 1", prefixes, note=f"among {size.many:,}"),
    ]


async def _record_rows(bench: Bench, size: Size, kind: str) -> list[Row]:
    shares = await directory.event_shares(bench, size.requests // 2)
    imported, bare = await directory.import_ratio(bench, size.many // 20)
    return [
        row_of(f"{kind}: share of a revocation that its audit event takes", shares),
        row_of(f"{kind}: imported people / a bare insert of them", [imported / bare], note=f"{imported:.0f}/s"),
    ]


async def _one_database(bench: Bench, size: Size, kind: str) -> list[Row]:
    await settle(bench)
    await bench.fill(max(size.few, size.requests))
    await bench.analyze()
    starts, memory = [], []
    for _ in range(ROUNDS):
        with serving(bench) as started:
            starts.append(started.seconds)
            memory.append(started.memory())
    rows = [
        at_most(f"{kind}: cold start to the first answer, s", starts, 1.0),
        at_most(f"{kind}: idle memory of all processes, MB", memory, 100),
    ]
    with serving(bench) as started:
        rows += [await _delete_row(bench, size, kind), *await _get_rows(bench, size, kind)]
        rows += await _sign_in_rows(bench, started, size, kind)
    return rows + await _record_rows(bench, size, kind)


async def _sign_in_rows(bench: Bench, started: Started, size: Size, kind: str) -> list[Row]:
    people = await asyncio.to_thread(sign_in.signers, bench, CONNECTIONS // 2)
    count = max(size.requests // 10, 80)
    rates: list[tuple[float, float]] = []

    async def through_server(_turn: int) -> float:
        rates.append((await asyncio.to_thread(sign_in.sign_in_rate, bench, people, count), 0.0))
        return rates[-1][0]

    async def bare(_turn: int) -> float:
        rate = await asyncio.to_thread(sign_in.bare_rate, count)
        rates[-1] = (rates[-1][0], rate)
        return rate

    ratios = await _ratios(through_server, bare)
    note = (
        f"{statistics.median(r for r, _ in rates[1:]):.0f}/s against {statistics.median(r for _, r in rates[1:]):.0f}/s"
    )
    tokens = [sign_in.token_request(bench)] * size.requests
    nothing = [request("GET", "/livez/nothing", None, bench.port)] * size.requests

    async def token(_turn: int) -> float:
        load = await run(bench.port, tokens, connections=CONNECTIONS, status=200)
        assert load.wanted == len(tokens), "a token was refused"
        issued.append(load.rate)
        return load.rate

    async def empty(_turn: int) -> float:
        return (await run(bench.port, nothing, connections=CONNECTIONS, status=204)).rate

    issued: list[float] = []
    issuing = await _ratios(token, empty)
    waits = await asyncio.to_thread(sign_in.browser_seconds, bench, people[0], ROUNDS * 2)
    memory = await asyncio.to_thread(sign_in.memory_under_load, bench, started, people, 10.0)
    compared = await _peer_rows(bench, people, size, kind)
    return [
        *compared,
        at_least(f"{kind}: sign-ins / bare PIN hashes on the same cores", ratios, 0.85, note),
        row_of(
            f"{kind}: tokens for applications / a bare 204 route", issuing, note=f"{statistics.median(issued):.0f}/s"
        ),
        at_most(f"{kind}: a worker's waits from scan to signed in, in Chromium, s", waits, 0.6),
        row_of(f"{kind}: memory while 20 people a second sign in, MB", [memory]),
    ]


async def _peer_rows(bench: Bench, people: list[Signer], size: Size, kind: str) -> list[Row]:
    # on SQLite only: it is what privacyIDEA runs on here
    if kind != "SQLite" or peers.missing():
        return []
    return [
        *await peers.provider_rows(bench, kind, size.requests),
        *await peers.privacyidea_rows(bench, people, bench.folder / "privacyidea", max(size.requests // 10, 80)),
    ]


async def _measure(size: Size) -> tuple[list[Row], dict[str, dict[int, list[float]]]]:
    with tempfile.TemporaryDirectory(prefix="badgepin-bench-") as folder, server(durable=True) as postgresql:
        small = found(Path(folder) / "postgresql", postgresql.new_database())
        rows = await _one_database(small, size, "PostgreSQL")
        rows += await _one_database(found(Path(folder) / "sqlite", None), size, "SQLite")
        curves: dict[str, dict[int, list[float]]] = {}
        for kind, url in (("PostgreSQL", postgresql.new_database()), ("SQLite", None)):
            large = found(Path(folder) / f"large-{kind}", url)
            await settle(large)
            curves |= await growth.measure(large, kind, list(size.steps), min(500, size.requests))
            rows += await _list_rows(large, size, kind)
            await large.database.close()
        await small.database.close()
    return rows + growth.rows(curves), curves


def main() -> None:
    """Measure, print, and say which goals are met."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="100,000 people instead of a million, fewer requests")
    parser.add_argument("--write", action="store_true", help="put table and picture into docs/performance.md")
    parser.add_argument("--json", action="store_true", help="print JSON for tools")
    chosen = parser.parse_args()
    steps = (1000, 10_000, 100_000, 1_000_000)
    size = Size(500, steps[:3]) if chosen.quick else Size(2000, steps)
    for name in peers.missing():
        print(f"Left out: {name} (`make bench-peers` installs it).", file=sys.stderr)
    rows, curves = asyncio.run(_measure(size))
    if chosen.json:
        json.dump([asdict(row) for row in rows], sys.stdout, indent=1)
    else:
        print("\n".join([page.HEAD, *map(page.printed, rows)]))
    if chosen.write:
        page.write(rows, command="make bench ARGS=--quick" if chosen.quick else "make bench")
        growth.write(curves)


if __name__ == "__main__":
    main()
