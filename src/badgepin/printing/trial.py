"""A page to check a printer with: is the scale right, do labels lie where they should, are fine lines apart?"""

from badgepin.printing.badge import Design
from badgepin.printing.fitting import Column, Style, fitted
from badgepin.printing.layout import Layout, Spot
from badgepin.printing.marks import BLACK, Box, Mark
from badgepin.printing.sheet import outline
from badgepin.printing.symbol import placed_symbol, symbol_rows
from badgepin.printing.typeface import Weight

# as many characters as a badge has, so the symbol has the same size; it is not one
SAMPLE_TEXT = ("SAMPLE " * 13)[:87]
_GREY = "#777777"
_LONGEST = 100
_LINE = 0.12


def trial_marks(layout: Layout, design: Design) -> list[Mark]:
    """Rulers in millimetres, outlines with numbers, fine lines, and a sample of the symbol in the first label."""
    marks: list[Mark] = []
    for place in range(layout.labels):
        spot = layout.spot(place)
        marks += outline(spot, _GREY)
        column = Column(spot.x + 8, min(12.0, spot.width / 3))
        marks += fitted(str(place + 1), Style(4.0, 1.5, 1, Weight.BOLD, _GREY), column, spot.y + 4.5, 5)
    first = layout.spot(0)
    marks += _sample(first, design)
    marks += _rulers(layout)
    marks += _dots(first, design)
    width = first.width - (min(first.width, first.height) if first.width > first.height else 8) - 8
    style = Style(2.6, 1.2, 6, Weight.REGULAR, BLACK, design.fonts)
    marks += fitted(design.words.test_page, style, Column(first.x + 8, width), first.y + 10.5, first.height - 18)
    return marks


def _sample(spot: Spot, design: Design) -> list[Mark]:
    side = min(spot.width, spot.height) - 6
    y = spot.y + spot.height - side - 4
    x = spot.x + spot.width - side - 0.5
    symbol = placed_symbol(symbol_rows(SAMPLE_TEXT, "m"), design.dots_per_inch, x, y, side)
    style = Style(3.0, 1.5, 1, Weight.BOLD, BLACK, design.fonts)
    return [symbol, *fitted(design.words.sample.upper(), style, Column(x, side, 0), y + side - 0.6, 4)]


def _rulers(layout: Layout) -> list[Mark]:
    """A tick for each millimetre, longer at five and ten, along the top and the left edge of the first label."""
    spot = layout.spot(0)
    marks: list[Mark] = []
    for across in (True, False):
        room = (layout.page_width - spot.x if across else layout.page_height - spot.y) - 2
        for step in range(int(min(_LONGEST, room)) + 1):
            length = 3.0 if step % 10 == 0 else 2.0 if step % 5 == 0 else 1.0
            if across:
                marks.append(Box(spot.x + step - _LINE / 2, spot.y, _LINE, length, BLACK))
            else:
                marks.append(Box(spot.x, spot.y + step - _LINE / 2, length, _LINE, BLACK))
            if step and step % 10 == 0:
                column = Column(spot.x + step - 3, 6, 0) if across else Column(spot.x + 3.2, 4)
                y = spot.y + 2.8 if across else spot.y + step - 1.2
                marks += fitted(str(step), Style(1.8, 1.2), column, y, 2.4)
    return marks


def _dots(spot: Spot, design: Design) -> list[Mark]:
    """Lines of one to four dots with gaps as wide: a grey block means that the printer cannot part them."""
    dot = 25.4 / design.dots_per_inch
    marks: list[Mark] = []
    y = spot.y + spot.height - 6
    for dots in (1, 2, 3, 4):
        left = round((spot.x + 8 + (dots - 1) * 5) / dot) * dot
        marks += [
            Box(left + line * 2 * dots * dot, y, dots * dot, 3.5, BLACK) for line in range(int(4 / (2 * dots * dot)))
        ]
    return marks
