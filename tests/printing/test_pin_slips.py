"""PIN slips: one person each, the PIN inside the fold, and never on a sheet with a badge."""

from dataclasses import fields

import pypdfium2
import pytest

from badgepin.printing.badge import PinSlip, PrintedBadge
from badgepin.printing.document import pdf_pin_slips
from badgepin.printing.layout import A4, LETTER, layout
from badgepin.printing.slip import SLIPS_ON_A_PAGE, slip
from tests.printing.paper import DESIGN, NAMES, badge, document, rendered, symbols, text_of
from tests.printing.test_names import LONG


def _slips(count: int) -> list[PinSlip]:
    names = list(NAMES.values())
    return [PinSlip(names[n % len(names)], "Harbour Street", f"4821730{n}", badge(n).code_id) for n in range(count)]


def _document(slips: list[PinSlip], page: tuple[float, float] = A4) -> pypdfium2.PdfDocument:
    written: list[bytes] = []
    assert pdf_pin_slips(slips, DESIGN, written.append, page=page) == len(slips)
    return pypdfium2.PdfDocument(written[0])


@pytest.mark.parametrize("page", [A4, LETTER], ids=["a4", "letter"])
def test_every_slip_has_its_pin_and_no_symbol(page: tuple[float, float]) -> None:
    opened = _document(_slips(7), page)
    assert len(opened) == 3
    text = text_of(opened).replace(" ", "").replace("\r\n", "")
    for one in _slips(7):
        assert one.pin in text
        assert one.code_id[:8] in text
    assert all(symbols(rendered(sheet, 203)) == {} for sheet in opened)
    assert all(badge(n).text not in text for n in range(7))


def test_a_badge_can_carry_no_pin_and_a_slip_no_badge() -> None:
    assert "pin" not in {field.name for field in fields(PrintedBadge)}
    assert "text" not in {field.name for field in fields(PinSlip)}
    assert "48217300" not in text_of(document([badge()], layout("cr80")))
    assert badge().text not in text_of(document([badge()], layout("cr80"))), "the symbol's text is no text"


def test_secrets_stay_out_of_representations() -> None:
    assert "48217300" not in repr(_slips(1))
    assert badge().text not in repr(badge())


def test_what_is_folded_up_covers_the_pin_and_not_the_name() -> None:
    opened = _document(_slips(1))
    page = opened[0].get_textpage()
    text = page.get_text_range()
    assert text.count("Fold here") == 1
    name, pin, fold = (_height(page, text, part) for part in ("Ødegård", "4821", "Fold here"))
    assert name > pin > fold
    # the panel below the fold is as high as the one that it covers, and no higher: the name stays to be read
    foot = opened[0].get_height() - ((A4[1] - 3 * 87) / 2 + 87) * 72 / 25.4
    assert fold - foot == pytest.approx(29 * 72 / 25.4, abs=3)
    assert pin < fold + (fold - foot) < name


def test_long_names_stay_on_their_slip() -> None:
    for place in range(SLIPS_ON_A_PAGE):
        marks = slip(PinSlip(LONG, LONG, "4" * 20, badge().code_id), place, A4, DESIGN)
        assert marks == slip(PinSlip(LONG, LONG, "4" * 20, badge().code_id), place, A4, DESIGN)
    page = rendered(_document([PinSlip(LONG, LONG, "4" * 20, badge().code_id)])[0], 100)
    ink = page.point([255 if level < 250 else 0 for level in range(256)]).getbbox()
    assert ink is not None
    assert ink[0] > 10 / 25.4 * 100 * 0.8
    assert ink[2] < page.width - 10 / 25.4 * 100 * 0.8


def test_no_slip_is_written_for_nobody() -> None:
    written: list[bytes] = []
    assert pdf_pin_slips([], DESIGN, written.append) == 0
    assert written == []


def _height(page: pypdfium2.PdfTextPage, text: str, part: str) -> float:
    """How far above the foot of the page the middle of a text stands."""
    _, bottom, _, top = page.get_charbox(text.index(part), loose=True)
    return float(bottom + top) / 2
