"""Badges to print in tests, and pages as an independent renderer and decoder see them."""

import io
import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from uuid import UUID

import pypdfium2
import zxingcpp
from PIL import Image

from badgepin.domain.badge_text import encode_bp1
from badgepin.printing.badge import Design, PrintedBadge
from badgepin.printing.document import pdf_badges
from badgepin.printing.layout import Layout

DESIGN = Design("Contoso Retail", if_found="If found, please hand in at any store.")
NAMES = {
    "latin": "Zoë Ødegård",
    "greek": "Γεώργιος Παπαδόπουλος",
    "cyrillic": "Александра Иванова",
    "arabic": "محمد عبد الله",
    "hebrew": "דוד כהן",
    "devanagari": "क्षितिज शर्मा",
    "thai": "สมชาย ใจดี",
}


def badge(number: int = 0, **changes: Any) -> PrintedBadge:
    """A badge of its own for each number."""
    identifier = str(UUID(int=number + (0x6F1C2F0E << 96)))
    made = PrintedBadge(
        name=list(NAMES.values())[number % len(NAMES)],
        text=encode_bp1(identifier, number.to_bytes(32)),
        error_correction_level="m",
        code_id=identifier,
        store="Harbour Street",
    )
    return replace(made, **changes)


def document(badges: Iterable[PrintedBadge], layout: Layout, design: Design = DESIGN) -> pypdfium2.PdfDocument:
    """The PDF that they make, opened."""
    written: list[bytes] = []
    pdf_badges(badges, layout, design, written.append)
    (content,) = written
    return pypdfium2.PdfDocument(content)


def rendered(page: pypdfium2.PdfPage, dots_per_inch: int) -> Image.Image:
    """A page as a printer of this resolution sees it, without soft edges."""
    bitmap = page.render(scale=dots_per_inch / 72, grayscale=True, no_smoothpath=True)
    picture: Image.Image = bitmap.to_pil()
    return picture.convert("L")


def symbols(picture: Image.Image) -> dict[str, tuple[float, float, float, float]]:
    """Every symbol that is read, and its box in pixels: left, top, right, bottom."""
    found: dict[str, tuple[float, float, float, float]] = {}
    for one in zxingcpp.read_barcodes(
        picture, formats=zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode]), try_downscale=False
    ):
        corners = (one.position.top_left, one.position.top_right, one.position.bottom_left, one.position.bottom_right)
        xs, ys = [corner.x for corner in corners], [corner.y for corner in corners]
        found[str(one.text)] = (min(xs), min(ys), max(xs), max(ys))
    return found


def text_of(opened: pypdfium2.PdfDocument) -> str:
    """All text of a document."""
    return "\n".join(page.get_textpage().get_text_range() for page in opened)


_FIELD = re.compile(rb"\^GFA,(\d+),(\d+),(\d+),([^^]*)\^FS")


def read_zpl(label: bytes) -> Image.Image:
    """The picture that a label printer makes of a `^GFA` field, with its counts and fillers."""
    found = _FIELD.search(label)
    assert found is not None
    size, stride = int(found[1]), int(found[3])
    rows: list[str] = []
    row, count = "", 0
    for letter in found[4].decode():
        if "G" <= letter <= "Y":
            count += ord(letter) - ord("F")
        elif "g" <= letter <= "z":
            count += 20 * (ord(letter) - ord("f"))
        elif letter in ",!":
            row = row.ljust(stride * 2, "0" if letter == "," else "F")
        elif letter == ":":
            assert row == ""
            row = rows[-1]
        else:
            row, count = row + letter * max(count, 1), 0
        if len(row) == stride * 2:
            rows.append(row)
            row = ""
    assert len(rows) * stride == size
    bits = bytes(255 - byte for byte in bytes.fromhex("".join(rows)))
    return Image.frombytes("1", (stride * 8, len(rows)), bits).convert("L")


def opened_picture(content: bytes) -> Image.Image:
    """A PNG, grey."""
    return Image.open(io.BytesIO(content)).convert("L")
