"""One badge on its label: which text, symbol and picture stands where.

Three forms: a card (wide, with a bar across), a small label (low: the bar covers the text only, the symbol has the
whole height) and an upright one (receipts, badges on a lanyard).
"""

from dataclasses import dataclass, replace
from pathlib import Path

from badgepin.domain.colour import READABLE, contrast_with_white
from badgepin.domain.errors import InvalidValue, Reason
from badgepin.printing.badge import Design, PrintedBadge
from badgepin.printing.fitting import Column, Style, fitted
from badgepin.printing.layout import Spot
from badgepin.printing.lettering import is_right_to_left, shaped
from badgepin.printing.marks import BLACK, WHITE, Box, Image, Mark, Words
from badgepin.printing.picture import Picture, read_logo, read_photo, read_photo_file, scaled
from badgepin.printing.symbol import MOST_MILLIMETRES, placed_symbol, symbol_rows
from badgepin.printing.typeface import Weight

# nothing but white stands this near to an edge: printers and knives miss by a millimetre
_INSET = 1.5
_INDENT = 1.6
_GREY = "#444444"
_LOW = 32.0
_ROOM_FOR_ISSUER = 16.0
_ID_LETTERS = 8
_PHOTO_PIXELS = 300


@dataclass(frozen=True)
class _Sizes:
    """The largest em of each kind of line, in millimetres."""

    name: float
    line: float
    small: float


def face(badge: PrintedBadge, spot: Spot, design: Design) -> list[Mark]:
    """The marks of one badge. Raises `InvalidValue` when its symbol does not fit, or colour or pictures are wrong."""
    if spot.width < spot.height * 1.15:
        return _upright(badge, spot, design)
    if spot.height < _LOW:
        return _small(badge, spot, design)
    return _card(badge, spot, design)


def _card(badge: PrintedBadge, spot: Spot, design: Design) -> list[Mark]:
    bar = Spot(spot.x + _INSET, spot.y + _INSET, spot.width - 2 * _INSET, min(10.0, spot.height * 0.165))
    top = bar.y + bar.height
    side = min(spot.y + spot.height - top - 0.5, spot.width * 0.5, MOST_MILLIMETRES + 1)
    rows = symbol_rows(badge.text, badge.error_correction_level)
    x = spot.x + spot.width - side - 0.5
    symbol = placed_symbol(rows, design.dots_per_inch, x, top + (spot.y + spot.height - top - side) / 2, side)
    body = Spot(bar.x + _INDENT, top + 1.2, x - bar.x - _INDENT, spot.y + spot.height - _INSET - top - 1.2)
    return [*_bar(badge, bar, design), symbol, *_text(badge, body, design)]


def _small(badge: PrintedBadge, spot: Spot, design: Design) -> list[Mark]:
    side = spot.height - 1
    rows = symbol_rows(badge.text, badge.error_correction_level)
    x = spot.x + spot.width - side - 0.5
    symbol = placed_symbol(rows, design.dots_per_inch, x, spot.y + 0.5, side)
    width = x - spot.x - _INSET
    bar = Spot(spot.x + _INSET, spot.y + _INSET, width, 4.2)
    top = bar.y + bar.height + 0.5
    body = Spot(bar.x + _INDENT / 2, top, width - _INDENT / 2, spot.y + spot.height - _INSET - top)
    return [*_bar(badge, bar, design), symbol, *_text(badge, body, design)]


def _upright(badge: PrintedBadge, spot: Spot, design: Design) -> list[Mark]:
    bar = Spot(spot.x + _INSET, spot.y + _INSET, spot.width - 2 * _INSET, spot.height * 0.1)
    side = min(spot.width - 1, spot.height * 0.5, MOST_MILLIMETRES + 1)
    rows = symbol_rows(badge.text, badge.error_correction_level)
    foot = spot.height * 0.15
    y = spot.y + spot.height - foot - side
    symbol = placed_symbol(rows, design.dots_per_inch, spot.x + (spot.width - side) / 2, y, side)
    margin = _INSET + spot.width * 0.03
    head = bar.y + bar.height + spot.height * 0.02
    column = Column(spot.x + margin, spot.width - 2 * margin, align=0)
    marks: list[Mark] = [*_bar(badge, bar, design), symbol]
    photo = _photo(badge)
    if photo is not None:
        height = (y - head) * 0.5
        width = height * photo.ratio
        marks.append(Image(spot.x + (spot.width - width) / 2, head, width, height, photo))
        head += height + 0.5
    unit = spot.width / 10
    sizes = _Sizes(name=min(8.0, unit), line=min(4.6, unit * 0.55), small=min(3.0, unit * 0.42))
    area = Spot(column.x, head, column.width, y - head)
    person = _person(badge, area, column, sizes, design)
    # what is left over goes above and below: a short name does not leave a hole over the symbol
    down = (y - _end(person, head)) * 0.4
    marks.extend(replace(words, y=words.y + down) for words in person)
    marks.extend(_foot(badge, Spot(column.x, y + side, column.width, foot - _INSET), column, sizes, design))
    return marks


def _text(badge: PrintedBadge, body: Spot, design: Design) -> list[Mark]:
    """The column beside the symbol: the person above, id and finder's line below."""
    column = Column(body.x, body.width, align=1 if is_right_to_left(badge.name) else -1)
    unit = min(body.height, 44.0)
    sizes = _Sizes(
        name=max(2.8, min(unit * 0.17, body.width * 0.17)), line=max(2.2, unit * 0.075), small=max(1.7, unit * 0.058)
    )
    foot = _foot_height(badge, body, sizes, design)
    marks: list[Mark] = []
    y = body.y
    photo = _photo(badge)
    if photo is not None and body.height > 30:  # noqa: PLR2004 - millimetres that leave room for the name
        height = body.height * 0.36
        width = min(height * photo.ratio, body.width)
        height = width / photo.ratio
        marks.append(Image(body.x + (0 if column.align < 0 else body.width - width), y, width, height, photo))
        y += height + 0.8
    bottom = body.y + body.height - foot
    marks.extend(_person(badge, Spot(body.x, y, body.width, bottom - y), column, sizes, design))
    marks.extend(_foot(badge, Spot(body.x, bottom, body.width, foot), column, sizes, design))
    return marks


def _person(badge: PrintedBadge, area: Spot, column: Column, sizes: _Sizes, design: Design) -> list[Words]:
    """Name, job and store, and when it ends; the lines below the name keep their room before the name takes it."""
    fonts = design.fonts
    # the bar of a temporary badge says that it is one, and no more
    issuer = design.organization if badge.kind == "temporary" and area.height > _ROOM_FOR_ISSUER else ""
    below = [
        (text, style)
        for text, style in (
            (badge.job_title, Style(sizes.line, 1.5, 1, Weight.REGULAR, _GREY, fonts)),
            (badge.store, Style(sizes.line, 1.5, 2, Weight.REGULAR, BLACK, fonts)),
            (issuer, Style(sizes.line, 1.5, 1, Weight.REGULAR, _GREY, fonts)),
            (badge.ends_at, Style(sizes.line, 1.5, 2, Weight.BOLD, BLACK, fonts)),
        )
        if text.strip()
    ]
    share = area.height * (0.62 if len(below) <= 1 else 0.5) if below else area.height
    name = fitted(badge.name, Style(sizes.name, 1.6, 5, Weight.BOLD, BLACK, fonts), column, area.y, share)
    y = _end(name, area.y) + 0.2 * sizes.line
    marks = [*name]
    for place, (text, style) in enumerate(below):
        rest = (area.y + area.height - y) / (len(below) - place)
        lines = fitted(text, style, column, y, rest)
        marks.extend(lines)
        y = _end(lines, y)
    return marks


def _foot_height(badge: PrintedBadge, body: Spot, sizes: _Sizes, design: Design) -> float:
    lines = 1.0 * sizes.small * 1.35
    if design.if_found and body.height > 20:  # noqa: PLR2004 - millimetres below which only the id has room
        lines += 2 * sizes.small * 0.85 * 1.35
    return min(lines, body.height * 0.34) if badge.code_id else 0.0


def _foot(badge: PrintedBadge, area: Spot, column: Column, sizes: _Sizes, design: Design) -> list[Words]:
    identifier = f"{badge.code_id[:_ID_LETTERS]}"
    label = Style(sizes.small, 1.2, 1, Weight.REGULAR, _GREY, design.fonts)
    mono = Style(sizes.small, 1.2, 1, Weight.MONO, BLACK, design.fonts)
    has_line = bool(design.if_found) and area.height > sizes.small * 2
    height = sizes.small * 1.35 if has_line else area.height
    found = []
    if has_line:
        style = Style(sizes.small * 0.85, 1.2, 2, Weight.REGULAR, _GREY, design.fonts)
        found = fitted(design.if_found, style, column, area.y + height, area.height - height)
    y = area.y + (0 if has_line else max(0.0, area.height - sizes.small * 1.35))
    return [*_pair(design.words.badge_id, identifier, label, mono, column, y), *found]


def _pair(title: str, value: str, label: Style, mono: Style, column: Column, y: float) -> list[Words]:
    """A word and the id after it, on one baseline."""
    size, gap = mono.most, 0.5 * mono.most
    second = shaped(value, mono.weight, mono.fonts)
    first = shaped(title, label.weight, label.fonts)
    needed = (first.width + second.width) * size + gap
    if needed > column.width or not title:
        return fitted(value, mono, column, y, size * 1.35)
    left = column.x + (column.width - needed) * (column.align + 1) / 2
    base = y + size
    return [
        Words(left, base, size, first, label.colour),
        Words(left + first.width * size + gap, base, size, second, mono.colour),
    ]


def _end(lines: list[Words], y: float) -> float:
    return lines[-1].y + 0.32 * lines[-1].size if lines else y


def _bar(badge: PrintedBadge, bar: Spot, design: Design) -> list[Mark]:
    contrast = contrast_with_white(design.colour)
    if contrast is None:
        raise InvalidValue(Reason.VALUE_INVALID, property="colour", message="The colour must be written as #rrggbb.")
    if badge.kind == "temporary":
        return _temporary_bar(bar, design)
    marks: list[Mark] = [Box(bar.x, bar.y, bar.width, bar.height, design.colour)]
    pad = bar.height * 0.16
    indent = _INDENT if bar.height > 5 else _INDENT / 2  # noqa: PLR2004 - millimetres of a small label's bar
    x, width = bar.x + indent, bar.width - 2 * indent
    if design.logo:
        logo = read_logo(design.logo)
        height = bar.height - 2 * pad
        logo_width = min(height * logo.ratio, bar.width * 0.4)
        height = logo_width / logo.ratio
        plate = logo_width + 2 * pad
        marks.append(Box(bar.x + pad / 2, bar.y + pad / 2, plate, bar.height - pad, WHITE))
        marks.append(Image(bar.x + 1.5 * pad, bar.y + (bar.height - height) / 2, logo_width, height, logo))
        x, width = x + plate + pad, width - plate - pad
    ink = WHITE if contrast >= READABLE else BLACK
    style = Style(bar.height * 0.52, 1.2, 1, Weight.BOLD, ink, design.fonts)
    marks.extend(_centred(design.organization, style, Column(x, width), bar))
    return marks


def _temporary_bar(bar: Spot, design: Design) -> list[Mark]:
    """White within a black frame with blocks at both ends: told apart across a room, without colour too."""
    line = 0.6
    block = min(bar.height * 0.5, bar.width * 0.06)
    marks: list[Mark] = [
        Box(bar.x, bar.y, bar.width, bar.height, BLACK),
        Box(bar.x + line, bar.y + line, bar.width - 2 * line, bar.height - 2 * line, WHITE),
    ]
    for start in (bar.x + 2 * line, bar.x + bar.width - 2 * line - 3 * block):
        marks.extend(Box(start + step * block, bar.y, block, bar.height, BLACK) for step in (0, 2))
    inner = Column(bar.x + 4 * line + 3 * block, bar.width - 8 * line - 6 * block, align=0)
    style = Style(bar.height * 0.55, 1.2, 1, Weight.BOLD, BLACK, design.fonts)
    marks.extend(_centred(design.words.temporary.upper(), style, inner, bar))
    return marks


def _centred(text: str, style: Style, column: Column, bar: Spot) -> list[Words]:
    lines = fitted(text, style, column, bar.y, bar.height)
    # capitals are 0.71 em high: their middle stands in the middle of the bar
    return [
        Words(one.x, bar.y + bar.height / 2 + 0.357 * one.size, one.size, one.line, one.colour) for one in lines[:1]
    ]


def _photo(badge: PrintedBadge) -> Picture | None:
    if badge.photo_file:
        return scaled(read_photo_file(Path(badge.photo_file)), _PHOTO_PIXELS)
    return scaled(read_photo(badge.photo), _PHOTO_PIXELS) if badge.photo else None
