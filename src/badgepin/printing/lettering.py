"""Text of any script and direction as shaped lines: which glyph of which font stands where.

Directions follow the Unicode bidirectional algorithm; letters are joined and placed by HarfBuzz. Lengths are in em, so
that one shaping serves every size.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

import uharfbuzz
from fpdf.bidi import BidiParagraph, auto_detect_base_direction
from fpdf.enums import TextDirection

from badgepin.printing.typeface import Typeface, Weight, typefaces

# controls that shape their neighbours and have no picture
_INVISIBLE = frozenset({0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0x061C, *range(0x202A, 0x202F), *range(0x2066, 0x206A)})


@dataclass(frozen=True)
class Glyph:
    """A glyph and where it stands in its run, in em from the run's start on the baseline."""

    number: int
    x: float
    y: float


@dataclass(frozen=True)
class Run:
    """Letters of one font and one direction, `width` em wide."""

    text: str
    typeface: Typeface
    is_right_to_left: bool
    glyphs: tuple[Glyph, ...]
    width: float


@dataclass(frozen=True)
class Line:
    """One line, its runs from left to right."""

    text: str
    runs: tuple[Run, ...]
    width: float


def is_right_to_left(text: str) -> bool:
    """Whether a reader begins this text at the right."""
    return auto_detect_base_direction(text) is TextDirection.RTL


def shaped(text: str, weight: Weight, fonts: tuple[str, ...] = (), *, right_to_left: bool | None = None) -> Line:
    """The text as one line. `right_to_left` says how the paragraph runs; None: as its first letter does."""
    base = is_right_to_left(text) if right_to_left is None else right_to_left
    return _shaped(text, weight, fonts, base)


def shaped_secret(text: str, weight: Weight) -> Line:
    """The same, without a memory of it: for PINs."""
    return _shaped.__wrapped__(text, weight, (), False)  # noqa: FBT003 - as the cache's key


@lru_cache(maxsize=4096)
def _shaped(text: str, weight: Weight, fonts: tuple[str, ...], base: bool) -> Line:  # noqa: FBT001 - a cache's key
    faces = typefaces(weight, fonts)
    runs = tuple(
        _run(piece, face, right_to_left=right_to_left)
        for part, right_to_left in _directions(text, right_to_left=base)
        for piece, face in _pieces(part, faces, right_to_left=right_to_left)
    )
    return Line(text, runs, sum(run.width for run in runs))


def missing_letters(text: str, fonts: tuple[str, ...] = ()) -> str:
    """The letters that no font has, each once: they are left out on paper."""
    known = [face.letters for face in typefaces(Weight.BOLD, fonts)]
    return "".join(dict.fromkeys(letter for letter in text if not _is_known(letter, known)))


def names_with_missing_letters(names: Iterable[str], fonts: tuple[str, ...] = ()) -> list[str]:
    """The names that cannot be printed whole, to be told to whoever prints."""
    return [name for name in names if missing_letters(name, fonts)]


def _is_known(letter: str, known: Sequence[frozenset[int]]) -> bool:
    code = ord(letter)
    return code in _INVISIBLE or letter.isspace() or any(code in letters for letters in known)


def _directions(text: str, *, right_to_left: bool) -> Iterator[tuple[str, bool]]:
    if text.isascii() and not right_to_left:
        yield text, False
        return
    base = TextDirection.RTL if right_to_left else TextDirection.LTR
    paragraph = BidiParagraph(text, base, preserve_bn_chars=True)
    parts = [
        ("".join(one.character for one in same), level)
        for level, same in groupby(paragraph.get_characters(), key=lambda one: one.embedding_level)
    ]
    for part, level in _reordered(parts):
        yield part, level % 2 == 1


def _reordered(parts: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """The parts from left to right: from the deepest level down, whatever is at least as deep turns round (rule L2)."""
    levels = [level for _, level in parts]
    for depth in range(max(levels, default=0), 0, -1):
        turned: list[tuple[str, int]] = []
        for is_deep, same in groupby(parts, key=lambda part: part[1] >= depth):
            group = list(same)
            turned.extend(group[::-1] if is_deep else group)
        parts = turned
    return parts


def _pieces(text: str, faces: Sequence[Typeface], *, right_to_left: bool) -> list[tuple[str, Typeface]]:
    """The text cut where the font changes, in the order of the paper."""
    pieces: list[tuple[str, Typeface]] = []
    for letter in text:
        held = pieces[-1] if pieces else None
        code = ord(letter)
        if held and (code in _INVISIBLE or (code in held[1].letters and _keeps(code))):
            pieces[-1] = (held[0] + letter, held[1])
            continue
        face = next((face for face in faces if code in face.letters), None)
        if face is None:
            continue
        if held and held[1] is face:
            pieces[-1] = (held[0] + letter, face)
        else:
            pieces.append((letter, face))
    return pieces[::-1] if right_to_left else pieces


def _keeps(code: int) -> bool:
    # spaces, marks and signs stay with the word before them; Latin letters inside other fonts do not
    return not chr(code).isascii() or not chr(code).isalnum()


def _run(text: str, face: Typeface, *, right_to_left: bool) -> Run:
    buffer = uharfbuzz.Buffer()
    buffer.cluster_level = uharfbuzz.BufferClusterLevel.MONOTONE_CHARACTERS
    buffer.add_str(text)
    buffer.guess_segment_properties()
    buffer.direction = "rtl" if right_to_left else "ltr"
    uharfbuzz.shape(face.font, buffer, {})
    glyphs, x = [], 0
    for info, position in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True):
        glyphs.append(Glyph(info.codepoint, (x + position.x_offset) / face.units, position.y_offset / face.units))
        x += position.x_advance
    return Run(text, face, right_to_left, tuple(glyphs), x / face.units)
