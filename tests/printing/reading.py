"""Reads printed symbols back with an independent decoder."""

import re

import zxingcpp
from PIL import Image, ImageDraw

_SIZE = re.compile(r'width="(\d+)"')
_RUN = re.compile(r"M(\d+) (\d+)h(\d+)v(\d+)")


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
