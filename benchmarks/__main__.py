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

from benchmarks import sign_in
from benchmarks.bare import capture, replay
from benchmarks.installation import Bench, Started, found, serving, settle, user_id
from benchmarks.load import request, run

CONNECTIONS = 16
ROUNDS = 5


@dataclass(frozen=True)
class Row:
    """One measured thing against its goal; `worst` and `best` are the extremes of the rounds."""

    name: str
    value: float
    worst: float
    best: float
    goal: str
    met: bool
    note: str = ""


@dataclass(frozen=True)
class Size:
    """How much of everything."""

    requests: int
    few: int
    many: int


async def _ratios(first: Callable[[int], Awaitable[float]], second: Callable[[int], Awaitable[float]]) -> list[float]:
    """Ratios of the first to the second, in turns; the first round only warms up."""
    ratios = [await first(turn) / await second(turn) for turn in range(ROUNDS + 1)]
    return sorted(ratios[1:])


def _row(name: str, ratios: list[float], goal: float, note: str = "") -> Row:
    middle = statistics.median(ratios)
    return Row(name, middle, ratios[0], ratios[-1], f">= {goal}", middle >= goal, note)


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
    return _row(f"{kind}: DELETE temporaryQRCode / its statements in a bare loop", ratios, 0.5, note)


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
        _row(f"{kind}: GET method / a bare 204 route of the same server", await _ratios(get, empty), 0.5),
        _row(f"{kind}: GET method / its statement in a bare loop", await _ratios(get, bare), 0.5),
    ]


def _less(name: str, values: list[float], goal: float, unit: str) -> Row:
    middle = statistics.median(values)
    return Row(name, middle, max(values), min(values), f"<= {goal} {unit}".strip(), middle <= goal)


def _shown(name: str, values: list[float], note: str) -> Row:
    return Row(name, statistics.median(values), min(values), max(values), "none set", met=True, note=note)


async def _p50(bench: Bench, count: int) -> float:
    token = bench.token()
    path = "/v1.0/users/{}/authentication/qrCodePinMethod"
    step = max(1, bench.people // count)
    asked = [request("GET", path.format(user_id(n)), token, bench.port) for n in range(0, bench.people, step)][:count]
    load = await run(bench.port, asked, connections=1, status=200)
    assert load.wanted == len(asked), "a GET did not answer 200"
    return statistics.median(load.seconds)


async def _growth_row(small: Bench, large: Bench, size: Size) -> Row:
    with serving(small), serving(large):
        ratios = []
        for turn in range(ROUNDS + 1):
            ratio = await _p50(large, 500) / await _p50(small, 500)
            if turn:
                ratios.append(ratio)
    return _less(f"postgresql: p50 of GET at {size.many:,} people / at {size.few:,}", sorted(ratios), 1.2, "")


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
        _less(f"{kind}: cold start to the first answer", starts, 1.0, "s"),
        _less(f"{kind}: idle memory of all processes", memory, 100, "MB"),
    ]
    with serving(bench) as started:
        rows += [await _delete_row(bench, size, kind), *await _get_rows(bench, size, kind)]
        rows += await _sign_in_rows(bench, started, size, kind)
    return rows


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
    return [
        _row(f"{kind}: sign-ins / bare PIN hashes on the same cores", ratios, 0.85, note),
        _shown(f"{kind}: tokens for applications / a bare 204 route", issuing, f"{statistics.median(issued):.0f}/s"),
        _less(f"{kind}: a worker's waits from scan to signed in, in Chromium", sorted(waits), 0.6, "s"),
        _shown(f"{kind}: memory while 20 people a second sign in, MB", [memory], ""),
    ]


async def _measure(size: Size) -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="badgepin-bench-") as folder, server(durable=True) as postgresql:
        small = found(Path(folder) / "postgresql", postgresql.new_database())
        rows = await _one_database(small, size, "postgresql")
        rows += await _one_database(found(Path(folder) / "sqlite", None), size, "sqlite")
        large = found(Path(folder) / "large", postgresql.new_database())
        await settle(large)
        await large.fill(size.many)
        await large.analyze()
        rows.append(await _growth_row(small, large, size))
        for bench in (small, large):
            await bench.database.close()
    return rows


def main() -> None:
    """Measure, print, and say which goals are met."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="100,000 people instead of a million, fewer requests")
    parser.add_argument("--json", action="store_true", help="print JSON for tools")
    chosen = parser.parse_args()
    size = Size(500, 1000, 100_000) if chosen.quick else Size(2000, 1000, 1_000_000)
    rows = asyncio.run(_measure(size))
    if chosen.json:
        json.dump([asdict(row) for row in rows], sys.stdout, indent=1)
        return
    print(f"{'':66}  median   worst    best  goal")
    for row in rows:
        verdict = "" if row.goal == "none set" else "met" if row.met else "NOT MET"
        print(f"{row.name:66} {row.value:7.2f} {row.worst:7.2f} {row.best:7.2f}  {row.goal:10} {verdict}  {row.note}")


if __name__ == "__main__":
    main()
