"""The QR symbol in whole printer dots (security design 3.2).

A module of 3.4 dots would be 3 wide here and 4 there, and small symbols would be misread.
"""

import math

import segno

from badgepin.domain.errors import InvalidValue, Reason
from badgepin.printing.marks import Symbol

QUIET = 4
LEAST_DOTS = 3
# 4 dots at 300 dots per inch, 3 at 203: below, a phone's camera needs more than one try
LEAST_MODULE = 0.33
# larger symbols gain nothing: a reader holds the badge that much farther away
MOST_MILLIMETRES = 50.8
_INCH = 25.4


def symbol_rows(text: str, level: str) -> tuple[bytes, ...]:
    """The symbol's modules, row by row; `level` is l, m, q or h."""
    return tuple(bytes(row) for row in segno.make(text, error=level, micro=False, boost_error=False).matrix)


def placed_symbol(rows: tuple[bytes, ...], dots_per_inch: int, x: float, y: float, side: float) -> Symbol:
    """The symbol as large as whole dots allow, its quiet zone within the square at `x`, `y`, centred and on whole dots.

    Millimetres from the page's corner. Raises `InvalidValue` when a module would be smaller than a scanner reads.
    """
    dot = _INCH / dots_per_inch
    modules = len(rows) + 2 * QUIET
    dots = math.floor(min(side, MOST_MILLIMETRES) / dot / modules + 1e-6)
    if dots < LEAST_DOTS or dots * dot < LEAST_MODULE:
        message = f"A symbol of {len(rows)} modules does not fit at {dots_per_inch} dots per inch: use larger labels."
        raise InvalidValue(Reason.VALUE_INVALID, property="layout", message=message)
    spare = (side - modules * dots * dot) / 2
    left, top = (round((start + spare) / dot) * dot for start in (x, y))
    return Symbol(left + QUIET * dots * dot, top + QUIET * dots * dot, dots * dot, rows)


def symbol_runs(rows: tuple[bytes, ...]) -> list[tuple[int, int, int]]:
    """The dark modules as (row, first column, length): few rectangles instead of many squares."""
    runs = []
    for row, modules in enumerate(rows):
        column = modules.find(1)
        while column >= 0:
            end = modules.find(0, column)
            end = len(modules) if end < 0 else end
            runs.append((row, column, end - column))
            column = modules.find(1, end)
    return runs
