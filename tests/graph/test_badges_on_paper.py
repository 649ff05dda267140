"""Whoever was given a badge gets it on paper; nothing is drawn that is no badge, or somebody else's."""

import base64
import io
from typing import Any

import httpx
import pypdfium2
import pytest
import zxingcpp
from PIL import Image

from badgepin.domain.badge_text import encode_bp1
from tests.graph.world import World, guid
from tests.printing.paper import read_zpl, rendered

PRINT = "/badgepin/print"


def _text(code: dict[str, Any]) -> str:
    return base64.b64decode(code["image"]["rawContent"]).decode()


@pytest.fixture
def badge(world: World) -> str:
    """The text of a worker's badge."""
    return _text(world.create_method()["standardQRCode"])


def _print(world: World, token: str | None = None, **body: Any) -> httpx.Response:
    return world.request("POST", PRINT, token=token or world.admin, json={"layout": "cr80", **body})


def _pages(document: bytes, dots_per_inch: int = 300) -> list[Image.Image]:
    with pypdfium2.PdfDocument(document) as pdf:
        return [rendered(page, dots_per_inch) for page in pdf]


def _codes(picture: Image.Image) -> list[str]:
    return [found.text for found in zxingcpp.read_barcodes(picture)]


@pytest.mark.parametrize("dots_per_inch", [203, 300, 600])
def test_a_badge_comes_back_as_a_card_that_can_be_scanned(world: World, badge: str, dots_per_inch: int) -> None:
    answer = _print(world, badges=[{"text": badge}], dotsPerInch=dots_per_inch)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    assert answer.headers["cache-control"] == "no-store"
    (page,) = _pages(answer.content, dots_per_inch)
    assert _codes(page) == [badge]


def test_a_sheet_of_24_holds_each_badge_once_from_the_starting_label_on(world: World, badge: str) -> None:
    answer = _print(world, layout="a4-24-63x34", badges=[{"text": badge}] * 24)
    (page,) = _pages(answer.content)
    assert _codes(page) == [badge] * 24
    answer = _print(world, layout="a4-24-63x34", badges=[{"text": badge}] * 2, startingLabel=24)
    assert [_codes(page) for page in _pages(answer.content)] == [[badge], [badge]]


def test_labels_are_had_for_printers_and_screens(world: World, badge: str) -> None:
    label: dict[str, Any] = {"layout": "label-62x29", "badges": [{"text": badge, "note": "until 18:00"}]}
    assert _codes(read_zpl(_print(world, **label, format="zpl", dotsPerInch=203).content)) == [badge]
    png = _print(world, **label, format="png").content
    assert _codes(Image.open(io.BytesIO(png))) == [badge]
    svg = _print(world, **label, format="SVG")
    assert svg.headers["content-type"] == "image/svg+xml"
    assert "until 18:00" in svg.text


def test_without_badges_the_layout_s_test_page_is_printed(world: World) -> None:
    answer = _print(world, layout="a4-24-70x37")
    assert len(_pages(answer.content)) == 1


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"layout": "cr81"}, "There is no layout 'cr81': choose one of cr80, "),
        ({"format": "docx"}, "There is no format 'docx': choose one of pdf, zpl, png, svg."),
        ({"dotsPerInch": 72}, "'dotsPerInch' must be one of 203, 300, 600"),
        ({"badges": [{"text": "BP1 and nothing else"}]}, "badges[0] is not the text of a badge."),
        ({"badges": "all"}, "must be an array of objects"),
        ({"badges": [{"text": "x"}] * 101}, "at most 100 badges"),
        ({"startingLabel": 2, "badges": "worker's"}, "The starting label must be 1 to 1"),
    ],
)
def test_what_cannot_be_printed_is_told_in_words(world: World, badge: str, body: dict[str, Any], said: str) -> None:
    if body.get("badges") == "worker's":
        body = {**body, "badges": [{"text": badge}]}
    answer = _print(world, **body)
    assert answer.status_code == 400
    assert said in answer.json()["error"]["message"]


def test_a_forged_badge_is_not_drawn(world: World, badge: str) -> None:
    del badge
    code = world.request("GET", world.method_path("worker", "/standardQRCode"), token=world.admin).json()["id"]
    forged = encode_bp1(code, bytes(32))
    assert _print(world, badges=[{"text": forged}]).status_code == 400
    unknown = _print(world, badges=[{"text": encode_bp1(guid("no code"), bytes(32))}])
    assert unknown.status_code == 404


def test_a_revoked_badge_is_not_drawn_again(world: World, badge: str) -> None:
    path = world.method_path("worker", "/standardQRCode")
    assert world.request("DELETE", path, token=world.admin).status_code == 204
    answer = _print(world, badges=[{"text": badge}])
    assert answer.status_code == 400
    assert "revoked" in answer.json()["error"]["message"]


def test_a_manager_prints_the_badges_of_the_store_and_no_other(world: World, badge: str) -> None:
    other = _text(world.create_method("other_store_worker")["standardQRCode"])
    manager = world.person("manager")
    assert _print(world, manager, badges=[{"text": badge}]).status_code == 200
    refused = _print(world, manager, badges=[{"text": other}])
    assert refused.status_code in {403, 404}


def test_a_badge_carries_a_photo_where_there_is_room(world: World, badge: str) -> None:
    out = io.BytesIO()
    Image.new("RGB", (300, 400), "red").save(out, "PNG")
    photo = base64.b64encode(out.getvalue()).decode()
    answer = _print(world, badges=[{"text": badge, "photo": photo}])
    (page,) = _pages(answer.content)
    with pypdfium2.PdfDocument(answer.content) as pdf:
        colours = pdf[0].render(scale=2).to_pil().convert("RGB").getcolors(1 << 24) or ()
    assert sum(count for count, (r, g, b) in colours if r > 200 and g + b < 60) > 1000
    assert _codes(page) == [badge]


@pytest.mark.parametrize("photo", ["no base64!", "bm8gcGljdHVyZQ=="])
def test_what_is_no_photo_is_refused_in_words(world: World, badge: str, photo: str) -> None:
    answer = _print(world, badges=[{"text": badge, "photo": photo}])
    assert answer.status_code == 400
    assert "PNG or JPEG" in answer.json()["error"]["message"]
