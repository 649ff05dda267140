"""Badges on sheets, cards and labels: each is read back, in its place, at every resolution that printers have."""

from dataclasses import replace

import pypdfium2
import pytest
import segno
from PIL import Image, ImageChops

from badgepin.domain.errors import InvalidValue
from badgepin.printing.badge import Design
from badgepin.printing.document import pdf_badges, pdf_test_page
from badgepin.printing.layout import LAYOUTS, Layout, layout
from badgepin.printing.marks import Box
from badgepin.printing.sheet import cut_marks
from badgepin.printing.symbol import LEAST_DOTS, placed_symbol, symbol_rows
from badgepin.printing.trial import SAMPLE_TEXT
from tests.printing.paper import DESIGN, badge, document, rendered, symbols, text_of

RESOLUTIONS = (203, 300, 600)


def _assert_in_place(page: pypdfium2.PdfPage, on: Layout, texts: dict[int, str], resolution: int) -> None:
    found = symbols(rendered(page, resolution))
    assert set(found) == set(texts.values())
    millimetre = resolution / 25.4
    for place, text in texts.items():
        left, top, right, bottom = (edge / millimetre for edge in found[text])
        spot = on.spot(place)
        assert spot.x < left < right < spot.x + spot.width
        assert spot.y < top < bottom < spot.y + spot.height


@pytest.mark.parametrize("resolution", RESOLUTIONS)
@pytest.mark.parametrize("name", LAYOUTS)
def test_every_layout_is_read_at_every_resolution(name: str, resolution: int) -> None:
    on = layout(name)
    # a corner, its neighbour and the last label: what lies between is the same grid
    count = min(on.labels, 2)
    opened = document((badge(n) for n in range(count)), on, replace(DESIGN, dots_per_inch=resolution))
    _assert_in_place(opened[0], on, {n: badge(n).text for n in range(count)}, resolution)
    if on.labels > count:
        design = replace(DESIGN, dots_per_inch=resolution, starting_label=on.labels)
        opened = document([badge(7)], on, design)
        _assert_in_place(opened[0], on, {on.labels - 1: badge(7).text}, resolution)


@pytest.mark.parametrize("name", ["a4-24-63x34", "letter-30-2.6x1in", "cr80-a4"])
def test_a_full_sheet_is_read_whole_and_the_next_badge_opens_a_page(name: str) -> None:
    on = layout(name)
    opened = document((badge(n) for n in range(on.labels + 1)), on, replace(DESIGN, dots_per_inch=203))
    assert len(opened) == 2
    _assert_in_place(opened[0], on, {n: badge(n).text for n in range(on.labels)}, 203)
    _assert_in_place(opened[1], on, {0: badge(on.labels).text}, 203)


def test_a_sheet_that_was_used_before_goes_on_at_the_starting_label() -> None:
    on = layout("a4-24-63x34")
    opened = document((badge(n) for n in range(3)), on, replace(DESIGN, starting_label=23, dots_per_inch=203))
    assert len(opened) == 2
    _assert_in_place(opened[0], on, {22: badge(0).text, 23: badge(1).text}, 203)
    _assert_in_place(opened[1], on, {0: badge(2).text}, 203)
    for wrong in (0, 25):
        with pytest.raises(InvalidValue) as refused:
            document([badge()], on, replace(DESIGN, starting_label=wrong))
        assert "1 to 24" in str(refused.value.details["message"])


def test_nothing_is_written_for_nobody() -> None:
    written: list[bytes] = []
    assert pdf_badges([], layout("cr80"), DESIGN, written.append) == 0
    assert pdf_badges([badge()], layout("cr80"), DESIGN, written.append) == 1
    assert len(written) == 1


def test_an_unknown_layout_is_told_which_ones_there_are() -> None:
    with pytest.raises(InvalidValue) as refused:
        layout("cr81")
    assert all(name in str(refused.value.details["message"]) for name in LAYOUTS)


@pytest.mark.parametrize("on", LAYOUTS.values(), ids=list(LAYOUTS))
def test_labels_lie_on_the_page_apart_from_each_other(on: Layout) -> None:
    spots = [on.spot(place) for place in range(on.labels)]
    for spot in spots:
        assert spot.x >= -0.01
        assert spot.y >= -0.01
        assert spot.x + spot.width <= on.page_width + 0.01
        assert spot.y + spot.height <= on.page_height + 0.01
    for first in spots:
        for second in spots:
            if first is not second:
                apart_x = max(first.x, second.x) >= min(first.x + first.width, second.x + second.width) - 0.01
                apart_y = max(first.y, second.y) >= min(first.y + first.height, second.y + second.height) - 0.01
                assert apart_x or apart_y


@pytest.mark.parametrize("on", [one for one in LAYOUTS.values() if one.has_cut_marks], ids=lambda one: one.name)
def test_cut_marks_prolong_every_edge_and_touch_no_card(on: Layout) -> None:
    marks = [mark for mark in cut_marks(on) if isinstance(mark, Box)]
    spots = [on.spot(place) for place in range(on.labels)]
    for mark in marks:
        assert 0 <= mark.x <= mark.x + mark.width <= on.page_width
        assert 0 <= mark.y <= mark.y + mark.height <= on.page_height
        for spot in spots:
            outside_x = mark.x + mark.width <= spot.x or mark.x >= spot.x + spot.width
            outside_y = mark.y + mark.height <= spot.y or mark.y >= spot.y + spot.height
            assert outside_x or outside_y
    heights = {round(mark.y + mark.height / 2, 3) for mark in marks if mark.width > mark.height}
    assert heights == {round(edge, 3) for spot in spots for edge in (spot.y, spot.y + spot.height)}
    widths = {round(mark.x + mark.width / 2, 3) for mark in marks if mark.height > mark.width}
    assert widths == {round(edge, 3) for spot in spots for edge in (spot.x, spot.x + spot.width)}


def test_cut_marks_can_be_left_out_and_labels_never_have_any() -> None:
    with_marks, without = (
        rendered(document([badge()], layout("cr80-a4"), replace(DESIGN, cut_marks=wanted))[0], 100)
        for wanted in (True, False)
    )
    assert ImageChops.difference(with_marks, without).getbbox() is not None
    assert cut_marks(layout("a4-24-63x34")) != [], "there is room beside the grid,"
    sheets = [
        rendered(document([badge()], layout("a4-24-63x34"), replace(DESIGN, cut_marks=wanted))[0], 100)
        for wanted in (True, False)
    ]
    assert ImageChops.difference(*sheets).getbbox() is None, "but labels are cut already"


@pytest.mark.parametrize("resolution", RESOLUTIONS)
@pytest.mark.parametrize("on", LAYOUTS.values(), ids=list(LAYOUTS))
def test_modules_are_whole_dots_on_whole_dots(on: Layout, resolution: int) -> None:
    rows = symbol_rows(badge().text, "m")
    dot = 25.4 / resolution
    spot = on.spot(on.labels - 1)
    symbol = placed_symbol(rows, resolution, spot.x, spot.y, min(spot.width, spot.height) * 0.65)
    for length in (symbol.module, symbol.x, symbol.y):
        assert length / dot == pytest.approx(round(length / dot), abs=1e-6)
    assert symbol.module / dot > LEAST_DOTS - 0.01


def test_a_symbol_too_large_for_its_label_is_refused_not_printed_unreadable() -> None:
    text = "ms-qrpin:v1|" + "w" * 113 + "|6f1c2f0e-8a57-4d1b-9f2a-0c1d2e3f4a5b|" + "0" * 64
    with pytest.raises(InvalidValue) as refused:
        document([badge(text=text, error_correction_level="h")], layout("label-57x32"))
    assert "larger labels" in str(refused.value.details["message"])


def _bare(module: float) -> Image.Image:
    """A symbol whose modules have a fractional number of dots, each edge rounded by itself."""
    rows = [bytes(row) for row in segno.make(badge().text, error="m", boost_error=False).matrix]
    side = round((len(rows) + 8) * module)
    picture = Image.new("L", (side, side), 255)
    for y in range(side):
        for x in range(side):
            row, column = int(y / module) - 4, int(x / module) - 4
            if 0 <= row < len(rows) and 0 <= column < len(rows) and rows[row][column]:
                picture.putpixel((x, y), 0)
    return picture


def test_the_decoder_is_no_flatterer_modules_of_less_than_a_dot_are_not_read() -> None:
    assert symbols(_bare(3.0)) != {}
    assert symbols(_bare(0.8)) == {}


def test_the_test_page_shows_every_label_and_a_symbol_that_is_no_badge() -> None:
    for name, on in LAYOUTS.items():
        written: list[bytes] = []
        pdf_test_page(on, replace(DESIGN, dots_per_inch=203), written.append)
        opened = pypdfium2.PdfDocument(written[0])
        assert list(symbols(rendered(opened[0], 203))) == [SAMPLE_TEXT], name
        words = text_of(opened).split()
        assert "SAMPLE" in words
        assert {str(place + 1) for place in range(on.labels)} <= set(words)


def test_a_temporary_badge_says_so_and_looks_different() -> None:
    standard = document([badge()], layout("cr80"))
    temporary = document([badge(kind="temporary", ends_at="Ends today at 18:00")], layout("cr80"))
    assert "TEMPORARY" in text_of(temporary)
    assert "Ends today at 18:00" in text_of(temporary)
    assert "TEMPORARY" not in text_of(standard)
    bars = [rendered(opened[0], 100).crop((0, 0, 337, 40)) for opened in (standard, temporary)]
    assert ImageChops.difference(*bars).getbbox() is not None


def test_a_colour_that_is_none_is_refused() -> None:
    with pytest.raises(InvalidValue) as refused:
        document([badge()], layout("cr80"), Design("Contoso", colour="blue"))
    assert refused.value.details["property"] == "colour"
