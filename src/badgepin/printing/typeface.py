"""The fonts: those that come along, those of the operator, and those of the system for scripts too large to ship."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from pathlib import Path

import uharfbuzz

from badgepin.domain.errors import InvalidValue, Reason

SHIPPED = Path(__file__).parent / "fonts"
# Chinese, Japanese and Korean: ten megabytes and more, taken from Debian's packages where they are installed
SYSTEM = (
    Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc"),
    Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"),
    Path("/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf"),
)
_OTHER_SCRIPTS = (
    "NotoSansArabic-SemiBold.ttf",
    "NotoSansHebrew-SemiBold.ttf",
    "NotoSansThai-SemiBold.ttf",
)


class Weight(Enum):
    """The three voices of a badge; the value is the shipped file."""

    REGULAR = "NotoSans-Regular.ttf"
    BOLD = "NotoSans-Bold.ttf"
    MONO = "NotoSansMono-Regular.ttf"


@dataclass(frozen=True, eq=False)
class Typeface:
    """One font file, opened: `letters` are the code points it can draw, `units` its grid per em."""

    path: Path
    font: uharfbuzz.Font
    letters: frozenset[int]
    units: int

    @property
    def family(self) -> str:
        """A name for documents, unique among the fonts of one set."""
        return self.path.stem.lower()


@lru_cache(maxsize=32)
def _opened(path: Path) -> Typeface:
    try:
        face = uharfbuzz.Face(uharfbuzz.Blob.from_file_path(str(path)))
    except uharfbuzz.HarfBuzzError as error:
        raise _refused(path) from error
    letters = frozenset(face.unicodes)
    if not letters:
        raise _refused(path)
    return Typeface(path, uharfbuzz.Font(face), letters, face.upem)


def typefaces(weight: Weight, extra: Sequence[str] = ()) -> tuple[Typeface, ...]:
    """The fonts to try for one letter, in this order. Raises `InvalidValue` when an extra file is no font."""
    shipped = [SHIPPED / weight.value, *(SHIPPED / name for name in _OTHER_SCRIPTS)]
    installed = [path for path in SYSTEM if path.exists()][:1]
    return tuple(_opened(path) for path in (*shipped, *map(Path, extra), *installed))


def _refused(path: Path) -> InvalidValue:
    message = f"{path} is not a font that can be read: print_fonts lists TrueType or OpenType files."
    return InvalidValue(Reason.VALUE_INVALID, property="print_fonts", message=message)
