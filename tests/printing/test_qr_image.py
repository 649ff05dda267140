"""The printed symbol: the form that Graph's clients expect, and a picture that a scanner reads (graph-contract 8.2)."""

import xml.etree.ElementTree as ET
from uuid import UUID

import pytest
import segno
from hypothesis import given, settings
from hypothesis import strategies as st

from badgepin.domain.badge_text import BadgeText, encode_bp1, encode_ms_qrpin, read_badge_text
from badgepin.printing.qr_image import qr_svg, qr_terminal
from tests.printing.reading import read_svg, read_terminal

ID = "6f1c2f0e-8a57-4d1b-9f2a-0c1d2e3f4a5b"
SEED = bytes(range(32))
BP1 = encode_bp1(ID, SEED)
HEAD = '<svg version="1.1" baseProfile="full" shape-rendering="crispEdges" width="123" height="123" xmlns="http://www.w3.org/2000/svg"'
SVG = "{http://www.w3.org/2000/svg}"


def test_a_badge_fits_version_4_at_level_m_in_digits_and_capitals() -> None:
    symbol = segno.make(BP1, error="m", micro=False, boost_error=False)
    assert (symbol.designator, symbol.mode) == ("4-M", "alphanumeric")
    assert qr_svg(BP1, error="m").decode().startswith(HEAD), "(33 + 2 * 4) * 3 = 123 pixels"


def test_the_document_is_a_bare_svg_of_whole_pixels() -> None:
    document = qr_svg(BP1, error="m")
    assert document.startswith(b"<svg ")
    assert document.isascii()
    root = ET.fromstring(document)  # noqa: S314 - our own document
    assert root.tag == f"{SVG}svg"
    assert [child.tag for child in root] == [f"{SVG}rect", f"{SVG}path"]
    assert b"." not in document.partition(b' d="')[2], "no fraction of a pixel"


def test_no_badge_text_stands_in_the_document() -> None:
    assert BP1.encode() not in qr_svg(BP1, error="m")
    assert SEED.hex().encode() not in qr_svg(encode_ms_qrpin("a@b.example", ID, SEED), error="l")


@pytest.mark.parametrize("error", ["l", "m", "q", "h"])
@pytest.mark.parametrize(
    "text",
    [
        BP1,
        encode_ms_qrpin("worker@contoso.example", ID, SEED),
        encode_ms_qrpin("w" * 100 + "@contoso.test", ID, SEED),
        encode_ms_qrpin("jörg.müller@contoso.example", ID, SEED),
        encode_ms_qrpin("работник@contoso.example", ID, SEED),
        encode_ms_qrpin("作業者@contoso.example", ID, SEED),
    ],
    ids=["bp1", "ms-qrpin", "longest name", "umlauts", "cyrillic", "kanji"],
)
def test_a_scanner_reads_what_was_printed(text: str, error: str) -> None:
    assert read_svg(qr_svg(text, error=error)) == text
    assert read_badge_text(read_svg(qr_svg(text, error=error))) == BadgeText(ID, SEED)


@settings(max_examples=25)
@given(st.uuids(), st.binary(min_size=32, max_size=32))
def test_every_badge_comes_back_from_paper(identifier: UUID, seed: bytes) -> None:
    badge = BadgeText(str(identifier), seed)
    assert read_badge_text(read_svg(qr_svg(encode_bp1(badge.qr_code_id, seed), error="m"))) == badge
    ms_qrpin = encode_ms_qrpin("worker@contoso.example", badge.qr_code_id, seed)
    assert read_badge_text(read_svg(qr_svg(ms_qrpin, error="l"))) == badge


def _stained(error: str, x: int, y: int) -> bytes:
    stain = "".join(f"M{(4 + x) * 3} {(4 + y + row) * 3}h27v3h-27z" for row in range(9))
    document = qr_svg(BP1, error=error).decode()
    return document.replace("</svg>", f'<path fill="#000000" d="{stain}"/></svg>').encode()


@pytest.mark.parametrize(("x", "y"), [(9, 9), (12, 12), (9, 19), (15, 15)])
def test_a_stain_of_nine_modules_squared_is_survived_at_level_m_but_not_at_l(x: int, y: int) -> None:
    assert read_svg(_stained("m", x, y)) == BP1
    with pytest.raises(ValueError, match="not enough values"):
        read_svg(_stained("l", x, y))


def test_a_terminal_shows_the_same_symbol() -> None:
    drawn = qr_terminal(BP1, error="m")
    assert read_terminal(drawn) == BP1
    lines = drawn.rstrip("\n").split("\n")
    assert len(lines) == 21, "two modules a line: 41 of them"
