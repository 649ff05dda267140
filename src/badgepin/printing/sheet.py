"""What stands on a sheet beside its labels: marks to cut along, and outlines."""

from badgepin.printing.layout import Layout, Spot
from badgepin.printing.marks import BLACK, Box, Mark

_HAIRLINE = 0.15
_DISTANCE = 0.6
_LENGTH = 3.0


def cut_marks(layout: Layout) -> list[Mark]:
    """Short lines that prolong the edges of every label, in the margins and gutters: never on a label."""
    marks: list[Mark] = []
    for place in range(layout.labels):
        row, column = divmod(place, layout.columns)
        spot = layout.spot(place)
        outside_x = layout.left if column in {0, layout.columns - 1} else 0.0
        outside_y = layout.top if row in {0, layout.rows - 1} else 0.0
        before_x = outside_x if column == 0 else layout.gutter_x / 2
        after_x = outside_x if column == layout.columns - 1 else layout.gutter_x / 2
        before_y = outside_y if row == 0 else layout.gutter_y / 2
        after_y = outside_y if row == layout.rows - 1 else layout.gutter_y / 2
        for y in (spot.y, spot.y + spot.height):
            marks.extend(_tick(spot.x, y, -before_x, across=True))
            marks.extend(_tick(spot.x + spot.width, y, after_x, across=True))
        for x in (spot.x, spot.x + spot.width):
            marks.extend(_tick(x, spot.y, -before_y, across=False))
            marks.extend(_tick(x, spot.y + spot.height, after_y, across=False))
    return marks


def outline(spot: Spot, colour: str = BLACK, line: float = _HAIRLINE) -> list[Mark]:
    """Thin lines just within the edges."""
    return [
        Box(spot.x, spot.y, spot.width, line, colour),
        Box(spot.x, spot.y + spot.height - line, spot.width, line, colour),
        Box(spot.x, spot.y, line, spot.height, colour),
        Box(spot.x + spot.width - line, spot.y, line, spot.height, colour),
    ]


def _tick(x: float, y: float, room: float, *, across: bool) -> list[Mark]:
    """A mark from a corner into the room beside it; negative room lies to the left or above."""
    length = min(_LENGTH, abs(room)) - _DISTANCE
    if length <= 0:
        return []
    start = _DISTANCE if room > 0 else -_DISTANCE - length
    half = _HAIRLINE / 2
    if across:
        return [Box(x + start, y - half, length, _HAIRLINE, BLACK)]
    return [Box(x - half, y + start, _HAIRLINE, length, BLACK)]
