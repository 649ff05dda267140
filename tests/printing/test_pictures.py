"""Logos and photos: what is no picture, too large, or more than it seems is refused in words."""

import io
import struct
import zlib
from dataclasses import replace

import pypdfium2
import pytest
from PIL import Image, ImageChops

from badgepin.domain.errors import InvalidValue
from badgepin.printing.badge import Design
from badgepin.printing.document import pdf_badges
from badgepin.printing.label import png, zpl
from badgepin.printing.layout import layout
from badgepin.printing.picture import read_logo, read_photo, scaled
from tests.printing.paper import DESIGN, badge, opened_picture, read_zpl, rendered, symbols

PLAIN_SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 20"><path fill="#c01c28" d="M0 0h40v20z"/></svg>'


def _picture(kind: str, size: tuple[int, int] = (60, 30)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "#c01c28").save(out, kind)
    return out.getvalue()


def _red(picture: Image.Image) -> int:
    """How many pixels have the colour of the test's pictures, nearly."""
    red, green, _ = picture.convert("RGB").split()
    strong = ImageChops.darker(red.point([0] * 150 + [255] * 106), green.point([255] * 80 + [0] * 176))
    return strong.histogram()[255]


def _claimed_png(width: int, height: int) -> bytes:
    """A PNG whose header claims a size, and whose pixels are a few compressed bytes."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    data = zlib.compress(bytes(100_000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("content", "kind"), [(_picture("PNG"), "png"), (_picture("JPEG"), "jpeg"), (PLAIN_SVG, "svg")]
)
def test_a_logo_is_printed_in_the_bar(content: bytes, kind: str) -> None:
    assert (read_logo(content).kind, read_logo(content).ratio) == (kind, 2.0)
    written: list[bytes] = []
    pdf_badges((badge(n) for n in range(10)), layout("cr80-a4"), Design("Contoso", logo=content), written.append)
    page = pypdfium2.PdfDocument(written[0])[0]
    assert _red(page.render(scale=1).to_pil()) > 10 * 100
    assert len(symbols(rendered(page, 203))) == 10
    assert len(written[0]) < 120_000, "the logo is kept once"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(50_000_000), "50,000,008 bytes"),
        (b"not a picture", "PNG, JPEG or SVG"),
        (b"", "PNG, JPEG or SVG"),
        (b"<html></html>", "PNG, JPEG or SVG"),
        (b"<svg", "PNG, JPEG or SVG"),
        (_picture("GIF"), "PNG, JPEG or SVG"),
        (_picture("PNG")[:60], "PNG, JPEG or SVG"),
        (_claimed_png(60_000, 60_000), "pixels"),
        (_claimed_png(10_000, 10_000), "pixels"),
        (_picture("PNG", (4001, 10)), "4001 x 10"),
        (b'<!DOCTYPE svg [<!ENTITY a "b">]>' + PLAIN_SVG, "document type"),
        (PLAIN_SVG.replace(b"<path", b'<image href="file:///etc/hostname"/><path'), "<image>"),
        (PLAIN_SVG.replace(b"<path", b"<script>1</script><path"), "<script>"),
        (PLAIN_SVG.replace(b"<path", b'<use href="#a"/><path'), "<use>"),
        (PLAIN_SVG.replace(b"<path", b'<path style="fill:url(//a.example/)"/><path'), "style"),
        (PLAIN_SVG.replace(b"<path", b'<path onclick="1"/><path'), "onclick"),
        (PLAIN_SVG.replace(b"<path", b"<g/>" * 600 + b"<path"), "602 shapes"),
        (PLAIN_SVG.replace(b"M0", b" " * 30_000 + b"M0"), "save it as PNG"),
        (PLAIN_SVG.replace(b'viewBox="0 0 40 20"', b""), "viewBox"),
        (PLAIN_SVG.replace(b"40 20", b"40 0"), "viewBox"),
        (PLAIN_SVG.replace(b"40 20", b"nan nan"), "viewBox"),
    ],
)
def test_a_logo_that_could_do_harm_is_refused_in_words(content: bytes, said: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        read_logo(content)
    assert said in str(refused.value.details["message"])
    with pytest.raises(InvalidValue):
        pdf_badges([badge()], layout("cr80"), Design("Contoso", logo=content or b"?"), bytes)


def test_a_photo_is_made_small_and_printed() -> None:
    photo = _picture("PNG", (1200, 1500))
    small = scaled(read_photo(photo), 300)
    with Image.open(io.BytesIO(small.content)) as opened:
        assert opened.size == (300, 375)
    for name in ("cr80", "a4-4-105x148", "receipt-80"):
        picture = Image.open(io.BytesIO(png(badge(photo=photo), layout(name), replace(DESIGN, dots_per_inch=203))))
        assert _red(picture) > 5000
        assert list(symbols(picture.convert("L"))) == [badge().text]
    with pytest.raises(InvalidValue, match="value_invalid"):
        read_photo(PLAIN_SVG)


def test_a_label_without_room_leaves_the_photo_out() -> None:
    on, design = layout("label-62x29"), replace(DESIGN, dots_per_inch=203)
    with_photo = zpl(badge(photo=_picture("PNG")), on, design)
    assert with_photo == zpl(badge(), on, design)
    assert list(symbols(read_zpl(with_photo))) == [badge().text]


def test_a_drawn_logo_has_no_dots_and_leaves_the_rest_as_it_is() -> None:
    picture = opened_picture(png(badge(), layout("cr80"), Design("Contoso", logo=PLAIN_SVG)))
    assert list(symbols(picture)) == [badge().text]
