"""Reads printed symbols back with an independent decoder."""

import re

import zxingcpp
from PIL import Image, ImageDraw

_SIZE = re.compile(r'width="(\d+)"')
_RUN = re.compile(r"M(\d+) (\d+)h(\d+)v(\d+)")
_MODULE = 3


def read_svg(svg: bytes) -> str:
    """The text in an SVG symbol, drawn pixel by pixel and decoded."""
    text = svg.decode()
    found = _SIZE.search(text)
    assert found is not None
    size = int(found[1])
    picture = Image.new("L", (size, size), 255)
    draw = ImageDraw.Draw(picture)
    for x, y, width, height in (map(int, run) for run in _RUN.findall(text)):
        draw.rectangle((x, y, x + width - 1, y + height - 1), fill=0)
    (result,) = zxingcpp.read_barcodes(picture)
    return str(result.text)


def read_terminal(drawn: str) -> str:
    """The text in a symbol of half blocks: on a dark terminal, a block is a light module."""
    lines = drawn.rstrip("\n").split("\n")
    picture = Image.new("L", (len(lines[0]) * _MODULE, len(lines) * 2 * _MODULE), 255)
    draw = ImageDraw.Draw(picture)
    for row, line in enumerate(lines):
        for column, block in enumerate(line):
            for half, light in enumerate((block in "█▀", block in "█▄")):
                x, y = column * _MODULE, (row * 2 + half) * _MODULE
                if not light:
                    draw.rectangle((x, y, x + _MODULE - 1, y + _MODULE - 1), fill=0)
    (result,) = zxingcpp.read_barcodes(picture)
    return str(result.text)
