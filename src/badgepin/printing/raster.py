"""Marks as dots: a grey picture at a printer's own resolution."""

import io
from collections.abc import Iterator

import uharfbuzz
from PIL import Image as Pixels
from PIL import ImageColor, ImageDraw

from badgepin.printing.marks import Box, Image, Mark, Symbol, Words
from badgepin.printing.symbol import symbol_runs

_INCH = 25.4


def drawn(marks: list[Mark], width: float, height: float, dots_per_inch: int, *, grey: bool = False) -> Pixels.Image:
    """A picture of `width` x `height` millimetres in colour, or grey. An SVG logo is left out: it has no dots."""
    scale = dots_per_inch / _INCH
    size = (round(width * scale), round(height * scale))
    picture = Pixels.new("RGB", size, "#ffffff")
    for mark in marks:
        match mark:
            case Box():
                _box(picture, mark, scale)
            case Words():
                _words(picture, mark, scale)
            case Symbol():
                _symbol(picture, mark, scale)
            case Image():
                _image(picture, mark, scale)
    return picture.convert("L") if grey else picture


def _box(picture: Pixels.Image, box: Box, scale: float) -> None:
    left, top = round(box.x * scale), round(box.y * scale)
    right, bottom = round((box.x + box.width) * scale), round((box.y + box.height) * scale)
    corners = (left, top, max(left + 1, right) - 1, max(top + 1, bottom) - 1)
    ImageDraw.Draw(picture).rectangle(corners, fill=box.colour)


def _symbol(picture: Pixels.Image, symbol: Symbol, scale: float) -> None:
    draw = ImageDraw.Draw(picture)
    left, top, module = round(symbol.x * scale), round(symbol.y * scale), round(symbol.module * scale)
    for row, column, length in symbol_runs(symbol.rows):
        x, y = left + column * module, top + row * module
        draw.rectangle((x, y, x + length * module - 1, y + module - 1), fill="#000000")


def _words(picture: Pixels.Image, words: Words, scale: float) -> None:
    ink = ImageColor.getrgb(words.colour)
    x = words.x
    for run in words.line.runs:
        em = words.size * scale
        part = em / run.typeface.units
        draw = uharfbuzz.RasterDraw()
        for glyph in run.glyphs:
            # the rasteriser counts upwards from the baseline
            draw.transform = (part, 0, 0, part, x * scale + glyph.x * em, glyph.y * em - words.y * scale)
            draw.draw_glyph(run.typeface.font, glyph.number)
        shape = draw.render()
        x += run.width * words.size
        if shape is None or not shape.extents.width or not shape.extents.height:
            continue
        extents = shape.extents
        mask = Pixels.frombytes("L", (extents.width, extents.height), shape.buffer, "raw", "L", extents.stride, -1)
        picture.paste(ink, (extents.x_origin, -extents.y_origin - extents.height), mask)


def _image(picture: Pixels.Image, image: Image, scale: float) -> None:
    if image.picture.kind == "svg":
        return
    with Pixels.open(io.BytesIO(image.picture.content), formats=["PNG", "JPEG"]) as opened:
        pixels = opened.convert("RGBA").resize(
            (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        )
    picture.paste(pixels, (round(image.x * scale), round(image.y * scale)), pixels)


def rows_of(picture: Pixels.Image) -> Iterator[bytes]:
    """The rows of a grey picture as bits, black 1, each row in whole bytes."""
    ink = picture.point([255 if level < 128 else 0 for level in range(256)], "1")  # noqa: PLR2004 - the middle
    data, stride = ink.tobytes(), (ink.width + 7) // 8
    return (data[start : start + stride] for start in range(0, len(data), stride))
