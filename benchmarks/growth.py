"""How the time of a request grows with the number of people, as rows and as a picture."""

import statistics
from collections.abc import Mapping
from pathlib import Path

from benchmarks.installation import Bench, serving, user_id
from benchmarks.load import request, run
from benchmarks.page import Row, at_most

PICTURE = Path("docs/growth.svg")
_METHOD = "/v1.0/users/{}/authentication/qrCodePinMethod"
_LIST = "/v1.0/users?$top=100"
_ROUNDS = 5
_WIDTH, _HEIGHT, _LEFT, _TOP, _BOTTOM = 680, 300, 60, 20, 50
_COLOURS = ("#1a5fb4", "#26a269", "#c64600", "#813d9c")

Curve = Mapping[int, list[float]]
"""The median milliseconds of each round, by the number of people."""


async def measure(bench: Bench, kind: str, sizes: list[int], asked: int) -> dict[str, dict[int, list[float]]]:
    """Fill one installation step by step, and at each size time a person's method and a page of people."""
    curves: dict[str, dict[int, list[float]]] = {f"{kind}: GET method": {}, f"{kind}: page of 100 people": {}}
    method, page = curves
    for size in sizes:
        await bench.fill(size - bench.people)
        await bench.analyze()
        with serving(bench):
            rounds = [await _round(bench, asked) for _ in range(_ROUNDS + 1)][1:]
        curves[method][size] = [each[0] for each in rounds]
        curves[page][size] = [each[1] for each in rounds]
    return curves


async def _round(bench: Bench, asked: int) -> tuple[float, float]:
    token, reader = bench.token(), bench.token("User.Read.All")
    step = max(1, bench.people // asked)
    people = [user_id(number) for number in range(0, bench.people, step)][:asked]
    methods = [request("GET", _METHOD.format(each), token, bench.port) for each in people]
    pages = [request("GET", _LIST, reader, bench.port)] * (asked // 5)
    return await _milliseconds(bench, methods), await _milliseconds(bench, pages)


async def _milliseconds(bench: Bench, asked: list[bytes]) -> float:
    load = await run(bench.port, asked, connections=1, status=200)
    assert load.wanted == len(asked), "a GET did not answer 200"
    return statistics.median(load.seconds) * 1000


def rows(curves: Mapping[str, Curve]) -> list[Row]:
    """The largest size against the smallest, in turns."""
    made = []
    for name, curve in curves.items():
        least, most = min(curve), max(curve)
        ratios = [late / early for late, early in zip(curve[most], curve[least], strict=True)]
        made.append(at_most(f"{name} at {most:,} people / at {least:,}", ratios, 1.2))
    return made


def draw(curves: Mapping[str, Curve]) -> str:
    """The medians as lines over a logarithmic axis of people; milliseconds from 0."""
    sizes = sorted({size for curve in curves.values() for size in curve})
    medians = {name: [statistics.median(curve[size]) for size in sizes] for name, curve in curves.items()}
    top = _ceiling(max(value for line in medians.values() for value in line))
    right, floor = _WIDTH - 210, _HEIGHT - _BOTTOM

    def across(number: int) -> float:
        return _LEFT + (right - _LEFT) * number / max(1, len(sizes) - 1)

    def up(value: float) -> float:
        return floor - (floor - _TOP) * value / top

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        'font-family="sans-serif" font-size="12">',
        "<title>Median time of a request by the number of people</title>",
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>',
    ]
    for share in (0, 0.25, 0.5, 0.75, 1):
        y = up(top * share)
        parts.append(f'<line x1="{_LEFT}" y1="{y:.1f}" x2="{right}" y2="{y:.1f}" stroke="#dddddd"/>')
        parts.append(f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{top * share:g} ms</text>')
    for number, size in enumerate(sizes):
        parts.append(f'<text x="{across(number):.1f}" y="{floor + 20}" text-anchor="middle">{size:,}</text>')
    parts.append(f'<text x="{(_LEFT + right) / 2:.1f}" y="{floor + 40}" text-anchor="middle">people</text>')
    for number, (name, line) in enumerate(medians.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        points = " ".join(f"{across(place):.1f},{up(value):.1f}" for place, value in enumerate(line))
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [
            f'<circle cx="{across(place):.1f}" cy="{up(value):.1f}" r="3" fill="{colour}"/>'
            for place, value in enumerate(line)
        ]
        y = _TOP + 12 + number * 20
        parts.append(f'<rect x="{right + 14}" y="{y - 9}" width="10" height="10" fill="{colour}"/>')
        parts.append(f'<text x="{right + 30}" y="{y}">{name}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _ceiling(value: float) -> float:
    step = 1.0
    while step < value:
        step *= 2
    return step


def write(curves: Mapping[str, Curve], picture: Path = PICTURE) -> None:
    """Write the picture that docs/performance.md shows."""
    picture.write_text(draw(curves), encoding="utf-8")
