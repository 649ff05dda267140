"""Names on badges: every script whole, every direction right, and none beyond its label."""

import io
from pathlib import Path
from typing import Any

import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.t2CharStringPen import T2CharStringPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from hypothesis import given, settings
from hypothesis import strategies as st

from badgepin.domain.errors import InvalidValue
from badgepin.printing.badge import Design
from badgepin.printing.face import face
from badgepin.printing.fitting import Column, Style, fitted
from badgepin.printing.layout import LAYOUTS, Layout, Spot, layout
from badgepin.printing.lettering import is_right_to_left, missing_letters, names_with_missing_letters, shaped
from badgepin.printing.marks import Box, Symbol, Words
from badgepin.printing.symbol import QUIET
from badgepin.printing.typeface import Weight
from tests.printing.paper import DESIGN, NAMES, badge, document, rendered, text_of

LONG = " ".join((NAMES["latin"] + "-" + "Konstantinopel" * 2, NAMES["arabic"], NAMES["thai"]) * 6)[:300]


@pytest.mark.parametrize("script", NAMES)
@pytest.mark.parametrize("weight", [Weight.REGULAR, Weight.BOLD])
def test_every_script_has_all_its_glyphs(script: str, weight: Weight) -> None:
    line = shaped(NAMES[script], weight)
    assert "".join(sorted(run.text for run in line.runs)) != ""
    assert sum(len(run.text) for run in line.runs) == len(NAMES[script]), "no letter is left out"
    assert all(glyph.number for run in line.runs for glyph in run.glyphs), "glyph 0 is the empty box"
    assert missing_letters(NAMES[script]) == ""


@pytest.mark.parametrize("script", NAMES)
def test_the_document_keeps_every_name_as_text(script: str) -> None:
    text = text_of(document([badge(name=NAMES[script])], layout("cr80")))
    letters = {letter for letter in NAMES[script] if letter.isalpha()}
    # shaped letters come back as presentation forms or in another order: most must be there as they are
    assert len(letters & set(text)) >= 0.6 * len(letters)


def test_arabic_letters_are_joined_and_run_from_the_right() -> None:
    alone = [shaped(letter, Weight.BOLD).runs[0].glyphs[0].number for letter in "محمد"]
    (run,) = shaped("محمد", Weight.BOLD).runs
    assert [glyph.number for glyph in run.glyphs] != alone[::-1], "joined letters have other forms"
    assert run.glyphs[0].number == shaped("حمد", Weight.BOLD).runs[0].glyphs[0].number, "the last letter is leftmost"
    assert is_right_to_left("محمد Smith")
    assert not is_right_to_left("Smith محمد")
    assert _on_paper("דוד Smith") == ["Smith", "דוד"], "the paper's left is the end of a Hebrew line"
    assert _on_paper("Smith דוד") == ["Smith", "דוד"]
    assert _on_paper("Shop דוד 12 כהן") == ["Shop", "כהן", "12", "דוד"], "a number runs from the left within"
    assert _on_paper("דוד 12 Smith 7") == ["Smith 7", "12", "דוד"]


def _on_paper(text: str) -> list[str]:
    parts = [run.text.strip() for run in shaped(text, Weight.BOLD).runs]
    return [part for part in parts if part]


def test_devanagari_marks_are_placed_by_the_font() -> None:
    line = shaped("क्षि", Weight.BOLD)
    assert sum(len(run.glyphs) for run in line.runs) < len("क्षि"), "letters merge"


def _extent(words: Words) -> tuple[float, float, float, float]:
    return words.x, words.y - words.size, words.x + words.line.width * words.size, words.y + 0.3 * words.size


@pytest.mark.parametrize("kind", ["standard", "temporary"])
@pytest.mark.parametrize("on", LAYOUTS.values(), ids=list(LAYOUTS))
def test_long_text_stays_on_the_label_beside_the_symbol_and_line_below_line(on: Layout, kind: str) -> None:
    design = Design(LONG, if_found=LONG, dots_per_inch=203)
    long = badge(name=LONG, store=LONG, job_title=LONG, ends_at=LONG, kind=kind)
    spot = on.spot(0)
    marks = face(long, spot, design)
    (symbol,) = (mark for mark in marks if isinstance(mark, Symbol))
    quiet = QUIET * symbol.module
    side = len(symbol.rows) * symbol.module
    extents = [_extent(mark) for mark in marks if isinstance(mark, Words)]
    assert len(extents) >= 4
    for left, top, right, bottom in extents:
        assert spot.x <= left < right <= spot.x + spot.width + 0.01
        assert spot.y <= top < bottom <= spot.y + spot.height
        beside = right <= symbol.x - quiet + 0.01
        above = bottom <= symbol.y - quiet + 0.3 or top >= symbol.y + side + quiet - 0.3
        assert beside or above, "the quiet zone is quiet"
    for box in (mark for mark in marks if isinstance(mark, Box)):
        assert box.y + box.height <= symbol.y - quiet + 0.5 or box.x + box.width <= symbol.x - quiet + 0.01


def test_a_long_name_ends_with_an_ellipsis_and_a_short_one_does_not() -> None:
    name = fitted(LONG, Style(6, 2, 3, Weight.BOLD), Column(0, 40), 0, 15)
    assert name[-1].line.text.endswith("\N{HORIZONTAL ELLIPSIS}")
    assert len(name) == 3
    short = fitted("Bo Li", Style(6, 2, 3, Weight.BOLD), Column(0, 40), 0, 15)
    assert [words.line.text for words in short] == ["Bo Li"]
    assert short[0].size == 6, "and has the largest size"


def test_a_double_name_breaks_after_its_hyphen() -> None:
    name = fitted("Featherstonehaugh-Konstantin", Style(6, 2, 3, Weight.BOLD), Column(0, 40), 0, 20)
    assert [words.line.text for words in name] == ["Featherstonehaugh-", "Konstantin"]


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="aWé مدשלकิส-漢 \u200d\u0301", max_size=60), st.floats(8, 60), st.floats(2, 20))
def test_no_text_leaves_its_box(text: str, width: float, height: float) -> None:
    for words in fitted(text, Style(6, 1.5, 4, Weight.BOLD), Column(3, width), 5, height):
        left, top, right, bottom = _extent(words)
        assert 3 - 0.001 <= left <= right <= 3 + width + 0.001
        assert 5 - 0.001 <= top < bottom <= 5 + height + 0.001


@pytest.mark.parametrize("on", LAYOUTS.values(), ids=list(LAYOUTS))
def test_ink_keeps_its_distance_from_every_edge(on: Layout) -> None:
    single = Layout(on.name, on.label_width, on.label_height, on.label_width, on.label_height)
    page = rendered(document([badge(name=LONG, store=LONG)], single)[0], 150)
    ink = page.point([255 if level < 250 else 0 for level in range(256)]).getbbox()
    assert ink is not None
    left, top, right, bottom = ink
    assert min(left, top, page.width - right, page.height - bottom) >= 150 / 25.4 * 1.2


def test_a_name_that_no_font_has_is_reported_and_the_badge_printed_with_its_id() -> None:
    names = [NAMES["latin"], "\U00012000\U00012001", NAMES["thai"]]
    assert names_with_missing_letters(names) == ["\U00012000\U00012001"]
    assert badge().code_id[:8] in text_of(document([badge(name=names[1])], layout("cr80")))


def _box(pen: Any) -> Any:
    pen.moveTo((100, 0))
    for corner in ((100, 700), (500, 700), (500, 0)):
        pen.lineTo(corner)
    pen.closePath()
    return pen


@pytest.fixture(params=["TrueType", "OpenType"])
def cuneiform(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A font with one letter that the shipped ones lack, in either kind of outline."""
    builder = FontBuilder(1000, isTTF=request.param == "TrueType")
    builder.setupGlyphOrder([".notdef", "sign"])
    builder.setupCharacterMap({0x12000: "sign"})
    if request.param == "TrueType":
        builder.setupGlyf({".notdef": TTGlyphPen(None).glyph(), "sign": _box(TTGlyphPen(None)).glyph()})
    else:
        empty, box = T2CharStringPen(600, None), _box(T2CharStringPen(600, None))
        builder.setupCFF("Sign", {}, {".notdef": empty.getCharString(), "sign": box.getCharString()}, {})
    builder.setupHorizontalMetrics({".notdef": (600, 0), "sign": (600, 100)})
    builder.setupHorizontalHeader(ascent=900, descent=-200)
    builder.setupNameTable({"familyName": "Sign", "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    out = io.BytesIO()
    builder.save(out)
    path = tmp_path / "sign.ttf"
    path.write_bytes(out.getvalue())
    return str(path)


def test_an_extra_font_prints_what_the_shipped_ones_lack(cuneiform: str) -> None:
    assert missing_letters("\U00012000", (cuneiform,)) == ""
    design = Design("Contoso", fonts=(cuneiform,))
    opened = document([badge(name="\U00012000")], layout("cr80"), design)
    assert "\U00012000" in text_of(opened)
    assert rendered(opened[0], 100).crop((0, 40, 170, 90)).getextrema()[0] == 0, "and the box is drawn"


def test_an_extra_font_that_is_none_is_refused_by_name(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.ttf"
    wrong.write_bytes(b"no font at all")
    for path in (wrong, tmp_path / "absent.ttf"):
        with pytest.raises(InvalidValue) as refused:
            face(badge(), Spot(0, 0, 85.6, 53.98), Design("Contoso", fonts=(str(path),)))
        assert path.name in str(refused.value.details["message"])


def test_what_is_measured_is_what_is_painted() -> None:
    opened = document([badge(name="Bo Li")], layout("cr80"))
    (name,) = (
        mark
        for mark in face(badge(name="Bo Li"), Spot(0, 0, 85.6, 53.98), DESIGN)
        if isinstance(mark, Words) and mark.line.text == "Bo Li"
    )
    page = opened[0].get_textpage()
    start = page.get_text_range().index("Bo Li")
    boxes = [page.get_charbox(start + place, loose=True) for place in range(len("Bo Li"))]
    point = 25.4 / 72
    assert min(box[0] for box in boxes) * point == pytest.approx(name.x, abs=0.3)
    assert max(box[2] for box in boxes) * point == pytest.approx(name.x + name.line.width * name.size, abs=0.3)
