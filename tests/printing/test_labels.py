"""One badge for a label printer or a screen: ZPL, PNG and SVG say the same as the PDF."""

import base64
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest
from PIL import ImageChops, ImageDraw, ImageStat

from badgepin.printing.badge import Design
from badgepin.printing.label import png, svg, zpl
from badgepin.printing.layout import LAYOUTS, layout
from badgepin.printing.qr_image import qr_svg
from tests.printing.paper import DESIGN, NAMES, badge, opened_picture, read_zpl, rendered, symbols
from tests.printing.paper import document as pdf
from tests.printing.reading import read_svg

SVG = "{http://www.w3.org/2000/svg}"
ROLLS = [name for name in LAYOUTS if name.startswith(("label-", "receipt-"))]


@pytest.mark.parametrize("resolution", [203, 300, 600])
@pytest.mark.parametrize("name", ROLLS)
def test_a_label_printer_prints_a_symbol_that_is_read(name: str, resolution: int) -> None:
    design = replace(DESIGN, dots_per_inch=resolution)
    label = zpl(badge(3), layout(name), design)
    assert label.startswith(b"^XA")
    assert label.endswith(b"^XZ\n")
    assert label.isascii()
    picture = read_zpl(label)
    assert list(symbols(picture)) == [badge(3).text]
    on = layout(name)
    assert f"^PW{round(on.label_width * resolution / 25.4)}^LL{picture.height}".encode() in label


def test_every_module_on_a_label_has_the_same_number_of_dots() -> None:
    picture = read_zpl(zpl(badge(), layout("label-62x29"), replace(DESIGN, dots_per_inch=203)))
    left, top, right, _ = next(iter(symbols(picture).values()))
    row = [picture.getpixel((x, int(top) + 1)) for x in range(int(left), int(right) + 1)]
    assert set(row[:20]) == {0}, "the finder's upper edge: 7 modules of 5 dots"
    assert round((right - left) / 33) == 5


def test_letters_in_bits_are_those_of_the_counted_form() -> None:
    label = zpl(badge(), layout("label-62x29"), DESIGN)
    picture = read_zpl(label)
    seen = opened_picture(png(badge(), layout("label-62x29"), DESIGN)).point([0] * 128 + [255] * 128)
    assert ImageChops.difference(picture.crop((0, 0, *seen.size)), seen).getbbox() is None
    assert len(label) < picture.width * picture.height / 8, "counts make it smaller than half its digits"


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_picture_is_read_on_every_layout(name: str) -> None:
    picture = opened_picture(png(badge(2), layout(name), replace(DESIGN, dots_per_inch=203)))
    on = layout(name)
    assert picture.size == (round(on.label_width * 203 / 25.4), round(on.label_height * 203 / 25.4))
    assert list(symbols(picture)) == [badge(2).text]


@pytest.mark.parametrize("script", NAMES)
def test_picture_and_document_show_the_same_name(script: str) -> None:
    # two renderers: the shapes must lie over each other, edges apart
    design = replace(DESIGN, dots_per_inch=200)
    named = badge(name=NAMES[script])
    drawn = opened_picture(png(named, layout("cr80"), design))
    page = rendered(pdf([named], layout("cr80"), design)[0], 200).resize(drawn.size)
    area = (0, 85, 320, 240)
    difference = ImageChops.difference(drawn.crop(area), page.crop(area))
    assert ImageStat.Stat(difference).mean[0] < 6
    blank = drawn.crop(area)
    ImageDraw.Draw(blank).rectangle((0, 0, *blank.size), fill=255)
    assert ImageStat.Stat(ImageChops.difference(drawn.crop(area), blank)).mean[0] > 12, "and there is a name"


def test_a_drawing_stands_alone_and_keeps_text_as_text() -> None:
    named = badge(name='<Bo & "Li">', kind="temporary", ends_at="Ends today at 18:00")
    content = svg(named, layout("cr80"), DESIGN)
    root = ET.fromstring(content)  # noqa: S314 - our own document
    assert root.get("viewBox") == "0 0 85.6 53.98"
    words = " ".join(text.text or "" for text in root.iter(f"{SVG}text"))
    for part in ("<Bo &", "Harbour Street", "TEMPORARY", "Ends today", named.code_id[:8]):
        assert part in words
    assert named.text.encode() not in content
    assert b"href" not in content, "nothing is loaded"
    # the symbol's runs are those of the symbol that Graph's clients get
    (path,) = root.iter(f"{SVG}path")
    runs = (path.get("d") or "").removesuffix("z").split("z")
    assert len(runs) == qr_svg(named.text, error="m").count(b"M")
    assert read_svg(qr_svg(named.text, error="m")) == named.text


def test_a_drawing_holds_its_logo() -> None:
    logo = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 2 1"><path d="M0 0h2v1z"/></svg>'
    content = svg(badge(), layout("cr80"), Design("Contoso", logo=logo))
    assert base64.b64encode(logo) in content
