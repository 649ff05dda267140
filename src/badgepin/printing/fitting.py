"""Long text in a small box: the size shrinks, then the lines break, then the end is cut with an ellipsis."""

import re
import unicodedata
from dataclasses import dataclass

from badgepin.printing.lettering import Line, is_right_to_left, shaped
from badgepin.printing.marks import BLACK, Words
from badgepin.printing.typeface import Weight

_ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
_LEADING = 1.3
# where a baseline lies in its line, and how far marks above and below a letter reach, in em
_ASCENT = 1.0
_STEP = 0.94
_SMALL = 0.42
_MOST_LETTERS = 400
# a line may also break after a hyphen, and after any letter of Chinese and Japanese, which write no spaces
_IDEOGRAPHS = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_PART = re.compile(rf"[{_IDEOGRAPHS}]|[^-{_IDEOGRAPHS}]*-|[^-{_IDEOGRAPHS}]+")
_JOINERS = {"\u200d", "\u094d"}


@dataclass(frozen=True)
class Style:
    """How a text may look: millimetres from its largest to its smallest em, and the most lines."""

    most: float
    least: float
    lines: int = 1
    weight: Weight = Weight.REGULAR
    colour: str = BLACK
    fonts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Column:
    """Where text may stand. `align` is -1 (left), 0 (centre) or 1 (right)."""

    x: float
    width: float
    align: int = -1


def height_of(lines: int, size: float) -> float:
    """The millimetres that lines of this size take."""
    return lines * size * _LEADING


def fitted(text: str, style: Style, column: Column, y: float, height: float) -> list[Words]:
    """The text from `y` down, never wider than the column nor higher than `height`; nothing when no line fits."""
    text = " ".join(text.split())[:_MOST_LETTERS]
    if not text:
        return []
    size = min(style.most, height / _LEADING)
    if size < style.least:
        return []
    while True:
        room = min(style.lines, int(height / (size * _LEADING) + 1e-6))
        # a word is broken only where the letters would become small otherwise
        lines = _broken(text, style, column.width / size, last_resort=size <= max(style.least, _SMALL * style.most))
        if lines is not None and len(lines) <= room:
            return _placed(lines, text, style, column, y, size)
        if size <= style.least:
            return _placed(_cut(lines or [], room, style, column.width / size), text, style, column, y, size)
        size = max(style.least, size * _STEP)


def _placed(lines: list[str], text: str, style: Style, column: Column, y: float, size: float) -> list[Words]:
    direction = is_right_to_left(text)
    words = []
    for place, one in enumerate(lines):
        line = _shape(one, style, right_to_left=direction)
        x = column.x + (column.width - line.width * size) * (column.align + 1) / 2
        words.append(Words(x, y + height_of(place, size) + _ASCENT * size, size, line, style.colour))
    return words


def _shape(text: str, style: Style, *, right_to_left: bool | None = None) -> Line:
    return shaped(text, style.weight, style.fonts, right_to_left=right_to_left)


def _broken(text: str, style: Style, width: float, *, last_resort: bool) -> list[str] | None:
    """The lines that a width in em makes; None when a word is wider than a line and may not be broken."""
    lines: list[str] = []
    line = ""
    for token in _tokens(text):
        joined = line + token
        if _width(joined, style) <= width:
            line = joined
            continue
        if line:
            lines.append(line.rstrip())
        line = token.lstrip()
        if _width(line, style) > width:
            if not last_resort:
                return None
            *whole, line = _chopped(line, style, width)
            lines.extend(whole)
    return [*lines, line.rstrip()] if line else lines


def _width(text: str, style: Style) -> float:
    return _shape(text.strip(), style).width


def _tokens(text: str) -> list[str]:
    """The words, each with the space before it."""
    tokens: list[str] = []
    for number, word in enumerate(text.split(" ")):
        parts = _PART.findall(word)
        tokens.extend((" " if number and not place else "") + part for place, part in enumerate(parts))
    return tokens


def _chopped(word: str, style: Style, width: float) -> list[str]:
    pieces, piece = [], ""
    for cluster in _clusters(word):
        if piece and _width(piece + cluster, style) > width:
            pieces.append(piece)
            piece = ""
        piece += cluster
    return [*pieces, piece]


def _clusters(word: str) -> list[str]:
    """Letters with the marks that belong to them."""
    clusters: list[str] = []
    for letter in word:
        joins = unicodedata.category(letter).startswith("M") or letter in _JOINERS
        if clusters and (joins or clusters[-1][-1] in _JOINERS):
            clusters[-1] += letter
        else:
            clusters.append(letter)
    return clusters


def _cut(lines: list[str], room: int, style: Style, width: float) -> list[str]:
    if len(lines) <= room:
        return lines
    last = _clusters(lines[room - 1])
    while last and _width("".join(last).rstrip() + _ELLIPSIS, style) > width:
        last.pop()
    return [*lines[: room - 1], "".join(last).rstrip() + _ELLIPSIS]
