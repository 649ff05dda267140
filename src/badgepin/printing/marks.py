"""What stands on paper, before anybody paints it: boxes, lines of text, symbols and pictures.

Lengths are millimetres from the top left of the page or the single label. PDF, PNG, ZPL and SVG paint the same marks.
"""

from dataclasses import dataclass

from badgepin.printing.lettering import Line
from badgepin.printing.picture import Picture

BLACK = "#000000"
WHITE = "#ffffff"


@dataclass(frozen=True)
class Box:
    """A filled rectangle."""

    x: float
    y: float
    width: float
    height: float
    colour: str


@dataclass(frozen=True)
class Words:
    """One line of text; `x` is its left end, `y` its baseline, `size` one em."""

    x: float
    y: float
    size: float
    line: Line
    colour: str = BLACK


@dataclass(frozen=True)
class Symbol:
    """Black squares on a grid: a QR symbol, or a pattern. Rows hold 0 and 1.

    `x` and `y` are the corner of the first module, not of the quiet zone.
    """

    x: float
    y: float
    module: float
    rows: tuple[bytes, ...]


@dataclass(frozen=True)
class Image:
    """A picture scaled to a box whose shape it has."""

    x: float
    y: float
    width: float
    height: float
    picture: Picture


Mark = Box | Words | Symbol | Image
