"""The sheets, cards, labels and rolls that badges are printed on. Millimetres, from the top left of the page."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from badgepin.domain.errors import InvalidValue, Reason

_INCH = 25.4
A4 = (210.0, 297.0)
LETTER = (8.5 * _INCH, 11 * _INCH)
CR80 = (85.6, 53.98)


@dataclass(frozen=True)
class Spot:
    """One label's place on its page, in millimetres."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Layout:
    """A page and the grid of labels on it. `has_cut_marks`: the sheet is plain card, cut after printing."""

    name: str
    page_width: float
    page_height: float
    label_width: float
    label_height: float
    columns: int = 1
    rows: int = 1
    left: float = 0.0
    top: float = 0.0
    gutter_x: float = 0.0
    gutter_y: float = 0.0
    has_cut_marks: bool = False

    @property
    def labels(self) -> int:
        """How many labels a page holds."""
        return self.columns * self.rows

    def spot(self, place: int) -> Spot:
        """Where label `place` lies, counted from 0: along the rows, from the top."""
        row, column = divmod(place, self.columns)
        x = self.left + column * (self.label_width + self.gutter_x)
        y = self.top + row * (self.label_height + self.gutter_y)
        return Spot(x, y, self.label_width, self.label_height)


def layout(name: str) -> Layout:
    """The layout of this name. Raises `InvalidValue` that names all of them."""
    found = LAYOUTS.get(name)
    if found is None:
        message = f"There is no layout '{name}': choose one of {', '.join(LAYOUTS)}."
        raise InvalidValue(Reason.VALUE_INVALID, property="layout", message=message)
    return found


def _sheet(
    name: str,
    page: tuple[float, float],
    label: tuple[float, float],
    grid: tuple[int, int],
    gutter: tuple[float, float] = (0.0, 0.0),
    *,
    cut: bool = False,
) -> Layout:
    # every sheet sold is symmetric: what the grid leaves over is margin, the same on both sides
    (width, height), (columns, rows) = label, grid
    left = (page[0] - columns * width - (columns - 1) * gutter[0]) / 2
    top = (page[1] - rows * height - (rows - 1) * gutter[1]) / 2
    return Layout(name, *page, width, height, columns, rows, left, top, *gutter, has_cut_marks=cut)


def _single(name: str, width: float, height: float) -> Layout:
    return Layout(name, width, height, width, height)


_ALL = (
    # cards of the size of a bank card (ISO/IEC 7810 ID-1)
    _single("cr80", *CR80),
    _sheet("cr80-a4", A4, CR80, (2, 5), (6.0, 0.0), cut=True),
    _sheet("cr80-letter", LETTER, CR80, (2, 4), (6.0, 6.0), cut=True),
    _sheet("cards-letter-10", LETTER, (3.5 * _INCH, 2 * _INCH), (2, 5)),
    # label sheets, by the size of a label and how many there are
    _sheet("a4-24-63x34", A4, (63.5, 33.9), (3, 8), (2.5, 0.0)),
    _sheet("a4-24-70x37", A4, (70.0, 37.0), (3, 8)),
    _sheet("a4-8-99x68", A4, (99.1, 67.7), (2, 4), (2.5, 0.0)),
    _sheet("a4-4-105x148", A4, (105.0, 148.0), (2, 2)),
    _sheet("letter-30-2.6x1in", LETTER, (2.625 * _INCH, _INCH), (3, 10), (0.125 * _INCH, 0.0)),
    _sheet("letter-10-4x2in", LETTER, (4 * _INCH, 2 * _INCH), (2, 5), (0.1875 * _INCH, 0.0)),
    # label printers
    _single("label-62x29", 62.0, 29.0),
    _single("label-57x32", 57.0, 32.0),
    _single("label-100x50", 100.0, 50.0),
    # receipt printers: the width that they print on, of rolls of 58 and 80 mm
    _single("receipt-58", 48.0, 90.0),
    _single("receipt-80", 72.0, 115.0),
)
LAYOUTS: Mapping[str, Layout] = MappingProxyType({one.name: one for one in _ALL})
