"""Logos and photos that others made: looked at before they are opened, so that none can exhaust the server."""

import io
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Literal

from PIL import Image, UnidentifiedImageError

from badgepin.domain.errors import InvalidValue, Reason

MOST_BYTES = 1_000_000
MOST_PIXELS = 4000
# a document repeats a drawing on every badge, and a picture never
_MOST_BYTES_OF_A_DRAWING = 30_000
_MOST_ELEMENTS = 500
_SVG = "{http://www.w3.org/2000/svg}"
# these run, load or repeat something
_FORBIDDEN = {"script", "foreignObject", "image", "use", "style", "animate", "set", "iframe", "a"}


@dataclass(frozen=True)
class Picture:
    """A picture that is safe to open. `ratio` is its width divided by its height."""

    kind: Literal["png", "jpeg", "svg"]
    content: bytes = field(repr=False)
    ratio: float


@lru_cache(maxsize=8)
def read_logo(content: bytes) -> Picture:
    """A PNG or JPEG of at most 1 MB and 4000 pixels a side, or an SVG of 30 kB. Raises `InvalidValue` with the reason.

    Looked at once, not for each badge of a batch.
    """
    _check_size(len(content), "logo")
    if content[:1000].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return _svg(content)
    return _pixels(content, "logo")


def read_photo(content: bytes) -> Picture:
    """A PNG or JPEG under the same limits. Raises `InvalidValue` with the reason."""
    _check_size(len(content), "photo")
    return _pixels(content, "photo")


def read_photo_file(path: Path) -> Picture:
    """As `read_photo`; the reason names the file."""
    try:
        _check_size(path.stat().st_size, "photo")
        return read_photo(path.read_bytes())
    except OSError as error:
        raise _refused("photo", f"{path}: it cannot be read ({error.strerror}).") from error
    except InvalidValue as error:
        raise _refused("photo", f"{path}: {error.details['message']}") from error


def scaled(picture: Picture, width: int) -> Picture:
    """A photo as a JPEG that is at most `width` pixels wide: paper shows no more, and thousands must fit a document."""
    with Image.open(io.BytesIO(picture.content), formats=["PNG", "JPEG"]) as opened:
        opened.draft("RGB", (width, round(width / picture.ratio)))
        small = opened.convert("RGB")
    small.thumbnail((width, max(1, round(width / picture.ratio))))
    out = io.BytesIO()
    small.save(out, "JPEG", quality=85)
    return Picture("jpeg", out.getvalue(), picture.ratio)


def _check_size(size: int, what: str) -> None:
    if size > MOST_BYTES:
        raise _refused(what, f"The {what} has {size:,} bytes: at most {MOST_BYTES:,} are taken.")


def _pixels(content: bytes, what: str) -> Picture:
    try:
        # opening reads the header only (and may warn of its size); the pixels come after the limit
        with Image.open(io.BytesIO(content), formats=["PNG", "JPEG"]) as opened:
            width, height = opened.size
            kind: Literal["png", "jpeg"] = "png" if opened.format == "PNG" else "jpeg"
            if max(width, height) > MOST_PIXELS:
                sentence = f"The {what} is {width} x {height} pixels: at most {MOST_PIXELS} a side are taken."
                raise _refused(what, sentence)
            opened.load()
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _refused(what, f"The {what} has too many pixels: at most {MOST_PIXELS} a side are taken.") from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise _refused(what, f"The {what} cannot be read: it must be a {_kinds(what)} file.") from error
    return Picture(kind, content, width / height)


def _svg(content: bytes) -> Picture:
    if len(content) > _MOST_BYTES_OF_A_DRAWING:
        sentence = f"The logo is an SVG of {len(content):,} bytes: at most {_MOST_BYTES_OF_A_DRAWING:,} are taken."
        raise _refused("logo", f"{sentence} Simplify it, or save it as PNG.")
    lowered = content.lower()
    if b"<!doctype" in lowered or b"<!entity" in lowered:
        raise _refused("logo", "The logo declares a document type: save it as plain SVG.")
    try:
        root = ET.fromstring(content)  # noqa: S314 - no document type, so no entities
    except (ET.ParseError, ValueError, LookupError) as error:
        raise _refused("logo", f"The logo cannot be read: it must be a {_kinds('logo')} file.") from error
    if root.tag != f"{_SVG}svg":
        raise _refused("logo", f"The logo cannot be read: it must be a {_kinds('logo')} file.")
    elements = list(root.iter())
    if len(elements) > _MOST_ELEMENTS:
        raise _refused("logo", f"The logo has {len(elements)} shapes: at most {_MOST_ELEMENTS} are taken.")
    for element in elements:
        _check_element(element)
    return Picture("svg", content, _svg_ratio(root))


def _check_element(element: ET.Element) -> None:
    name = element.tag.rpartition("}")[2]
    if name in _FORBIDDEN:
        raise _refused("logo", f"The logo has a <{name}>: save it as plain paths.")
    for attribute, value in element.attrib.items():
        short = attribute.rpartition("}")[2].lower()
        leads_away = (short == "href" and not value.startswith("#")) or ("url(" in value and "url(#" not in value)
        if leads_away or short.startswith("on"):
            raise _refused("logo", f"The logo's {short} leads out of the file: save it as plain paths.")


def _svg_ratio(root: ET.Element) -> float:
    box = root.get("viewBox", "").replace(",", " ").split()
    try:
        width, height = (
            (float(box[2]), float(box[3]))
            if len(box) == 4  # noqa: PLR2004 - left, top, width, height
            else (float(root.get("width", "").removesuffix("px")), float(root.get("height", "").removesuffix("px")))
        )
    except ValueError:
        width = height = 0.0
    if not (0 < width <= 1e6 and 0 < height <= 1e6):  # noqa: PLR2004 - beyond is no drawing
        raise _refused("logo", "The logo has no size: an SVG needs a viewBox.")
    return width / height


def _kinds(what: str) -> str:
    return "PNG, JPEG or SVG" if what == "logo" else "PNG or JPEG"


def _refused(what: str, sentence: str) -> InvalidValue:
    return InvalidValue(Reason.VALUE_INVALID, property=what, message=sentence)
