"""A PIN slip of three panels: the name, the PIN, and a dark pattern.

The pattern is folded up over the PIN, and the name stays to be read. The badge's symbol never stands on it
(security design 3.2).
"""

from functools import lru_cache

from badgepin.printing.badge import Design, PinSlip
from badgepin.printing.fitting import Column, Style, fitted
from badgepin.printing.layout import Spot
from badgepin.printing.lettering import is_right_to_left, shaped_secret
from badgepin.printing.marks import BLACK, Box, Mark, Symbol, Words
from badgepin.printing.typeface import Weight

SLIPS_ON_A_PAGE = 3
_WIDTH, _HEIGHT = 180.0, 87.0
_PANEL = _HEIGHT / 3
_GREY = "#444444"
_LIGHT = "#8a8a8a"
_GROUP = 4
_GRAIN = 0.9


def slip(one: PinSlip, place: int, page: tuple[float, float], design: Design) -> list[Mark]:
    """The marks of slip `place` (0 to 2, from the top) on a page."""
    x, y = (page[0] - _WIDTH) / 2, (page[1] - SLIPS_ON_A_PAGE * _HEIGHT) / 2 + place * _HEIGHT
    marks: list[Mark] = [*_corners(x, y), *_outside(one, x, y, design)]
    marks += [*_inside(one, x, y + _PANEL, design)]
    marks += [*_fold(x, y + 2 * _PANEL, design), _pattern(Spot(x + 12, y + 2 * _PANEL + 4, _WIDTH - 24, _PANEL - 8))]
    return marks


def _outside(one: PinSlip, x: float, y: float, design: Design) -> list[Mark]:
    align = 1 if is_right_to_left(one.name) else -1
    column = Column(x + 8, _WIDTH - 16, align)
    fonts = design.fonts
    marks: list[Mark] = [
        *fitted(design.organization, Style(3.0, 1.8, 1, Weight.BOLD, _GREY, fonts), column, y + 2.5, 4)
    ]
    marks += fitted(one.name, Style(6.0, 2.2, 2, Weight.BOLD, BLACK, fonts), column, y + 7.0, 9.5)
    marks += fitted(one.store, Style(3.6, 1.8, 1, Weight.REGULAR, BLACK, fonts), column, y + 16.5, 5)
    marks += fitted(design.words.hand_over, Style(2.6, 1.8, 1, Weight.REGULAR, _GREY, fonts), column, y + 22.5, 4)
    mono = Style(2.6, 1.8, 1, Weight.MONO, _GREY, fonts)
    marks += fitted(one.code_id[:8], mono, Column(column.x, column.width, -align), y + 22.5, 4)
    return marks


def _inside(one: PinSlip, x: float, y: float, design: Design) -> list[Mark]:
    fonts = design.fonts
    column = Column(x + 8, _WIDTH - 16, 0)
    marks: list[Mark] = [*fitted(design.words.pin, Style(3.4, 2.0, 1, Weight.BOLD, _GREY, fonts), column, y + 2.5, 5)]
    size, gap = 9.0, 4.0
    # groups are apart for the eye only: there is no space to type
    groups = [one.pin[start : start + _GROUP] for start in range(0, len(one.pin), _GROUP)]
    lines = [shaped_secret(group, Weight.MONO) for group in groups]
    left = x + (_WIDTH - sum(line.width * size for line in lines) - gap * (len(lines) - 1)) / 2
    for line in lines:
        marks.append(Words(left, y + 15.5, size, line))
        left += line.width * size + gap
    marks += fitted(design.words.keep_secret, Style(3.0, 1.8, 2, Weight.REGULAR, BLACK, fonts), column, y + 19.5, 8)
    return marks


def _fold(x: float, y: float, design: Design) -> list[Mark]:
    words = fitted(
        design.words.fold_here, Style(2.2, 1.5, 1, Weight.REGULAR, _LIGHT, design.fonts), Column(x, 22), y - 1.5, 3
    )
    start = x + 24
    dashes = [Box(start + step * 4, y - 0.1, 2, 0.2, _LIGHT) for step in range(int((_WIDTH - 24) / 4))]
    return [*words, *dashes]


def _corners(x: float, y: float) -> list[Mark]:
    return [Box(edge, line - 0.1, 4, 0.2, BLACK) for edge in (x - 5, x + _WIDTH + 1) for line in (y, y + _HEIGHT)]


@lru_cache(maxsize=1)
def _grains(columns: int, rows: int) -> tuple[bytes, ...]:
    grid, state = [], 1
    for _ in range(rows):
        row = bytearray()
        for _ in range(columns):
            # a linear congruential sequence: it hides nothing but the look of digits
            state = (state * 1103515245 + 12345) % 2**31
            row.append(state >> 16 & 3 != 0)
        grid.append(bytes(row))
    return tuple(grid)


def _pattern(area: Spot) -> Symbol:
    """Irregular grains that hide digits when the folded slip is held against light; the same on every slip."""
    return Symbol(area.x, area.y, _GRAIN, _grains(int(area.width / _GRAIN), int(area.height / _GRAIN)))
