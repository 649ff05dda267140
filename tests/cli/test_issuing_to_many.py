"""Badges for many from the command line: two documents, and no badge that works without its paper."""

import re
import signal
import sqlite3
import subprocess
import time
from pathlib import Path

import pypdfium2
import pytest
import zxingcpp
from PIL import Image

from tests.cli.installation import badgepin, running

HEAD = "userPrincipalName,displayName,stores,groups\n"
PIN = re.compile(r"\b\d{4} \d{4}\b")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """An installation with 26 people in two stores."""
    folder = tmp_path / "data"
    assert badgepin("init", "--domain", "stores.example", data=folder).code == 0
    _people(tmp_path, folder, 24, "Store North")
    _people(tmp_path, folder, 2, "Store South")
    return folder


def _people(where: Path, folder: Path, number: int, store: str) -> Path:
    file = where / f"{store}.csv"
    key = store[-5:].lower()
    lines = [f"{key}{place}@stores.example,{store} Nº {place} Łukasz,{store},Shift" for place in range(number)]
    file.write_text(HEAD + "\n".join(lines), encoding="utf-8")
    assert badgepin("people", "import", str(file), "--yes", data=folder).code == 0
    return file


def _codes(folder: Path) -> list[tuple[str, bool, bool]]:
    """Each code: its id, whether it works, whether it was revoked."""
    with sqlite3.connect(folder / "badgepin.db") as database:
        rows = database.execute("SELECT id, activated_at IS NOT NULL, revoked_at IS NOT NULL FROM qr_codes").fetchall()
    database.close()
    return [(identifier, bool(works), bool(revoked)) for identifier, works, revoked in rows]


def _badges_in(document: Path) -> list[str]:
    with pypdfium2.PdfDocument(document) as pdf:
        pictures = [page.render(scale=300 / 72).to_pil() for page in pdf]
    return [found.text for picture in pictures for found in zxingcpp.read_barcodes(picture)]


def _text_in(document: Path) -> str:
    with pypdfium2.PdfDocument(document) as pdf:
        return "\n".join(page.get_textpage().get_text_range() for page in pdf)


def test_a_store_of_24_gets_one_sheet_of_badges_and_its_pins_apart(data: Path, tmp_path: Path) -> None:
    papers = ("--pdf", str(tmp_path / "badges.pdf"), "--pin-slips", str(tmp_path / "pins.pdf"))
    dry = badgepin("codes", "issue", "--unit", "store north", "--dry-run", data=data)
    assert "24 get a badge and a PIN." in dry.out
    assert _codes(data) == []
    done = badgepin("codes", "issue", "--unit", "Store North", *papers, "--layout", "a4-24-63x34", data=data)
    assert done.code == 0, done.err
    assert "24 badges work now." in done.out
    with pypdfium2.PdfDocument(tmp_path / "badges.pdf") as pdf:
        assert len(pdf) == 1
    badges = _badges_in(tmp_path / "badges.pdf")
    assert len(set(badges)) == 24
    assert all(works and not revoked for _, works, revoked in _codes(data))
    pins = PIN.findall(_text_in(tmp_path / "pins.pdf"))
    assert len(pins) == 24
    assert not PIN.search(_text_in(tmp_path / "badges.pdf"))
    assert _badges_in(tmp_path / "pins.pdf") == []
    for name in ("badges.pdf", "pins.pdf"):
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
    again = badgepin("codes", "issue", "--unit", "Store North", *papers, data=data)
    assert "24 have a badge that works, and are left alone." in again.out


def test_only_who_has_none_gets_a_badge_and_the_pin_that_is_there_stays(data: Path, tmp_path: Path) -> None:
    assert badgepin("codes", "issue", "south0@stores.example", data=data).code == 0
    assert badgepin("codes", "revoke", "south0@stores.example", "standard", data=data).code == 0
    papers = ("--pdf", str(tmp_path / "b.pdf"), "--pin-slips", str(tmp_path / "p.pdf"))
    people = ("south0@stores.example", "south1@stores.example", "nobody@stores.example")
    named = [part for name in people for part in ("--user", name)]
    done = badgepin("codes", "issue", *named, *papers, data=data)
    assert "1 get a badge and keep their PIN." in done.out
    assert "1 are not in the directory." in done.out
    assert len(_badges_in(tmp_path / "b.pdf")) == 2
    assert len(PIN.findall(_text_in(tmp_path / "p.pdf"))) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--unit", "Store East"), "There is no store of the name 'Store East'"),
        (("--unit", "Store South", "--group", "Shift"), "Choose in one way"),
        (("--unit", "Store South"), "Say where the badges and, apart from them, the PINs go"),
        (("--csv", "missing.csv"), "Cannot read missing.csv"),
        (("--unit", "Store South", "--pdf", "/proc/b.pdf", "--pin-slips", "/proc/p.pdf"), "Cannot write /proc/b.pdf"),
        (
            ("--unit", "Store South", "--pdf", "never.pdf", "--pin-slips", "never2.pdf", "--layout", "cr81"),
            "There is no layout 'cr81'",
        ),
    ],
)
def test_what_cannot_be_done_leaves_nothing_that_works(data: Path, arguments: tuple[str, ...], said: str) -> None:
    refused = badgepin("codes", "issue", *arguments, data=data)
    assert refused.code != 0
    assert said in refused.err
    assert all(revoked or not works for _, works, revoked in _codes(data))
    assert all(revoked for _, _, revoked in _codes(data))


def test_a_run_that_was_killed_leaves_nothing_that_works_and_the_next_one_begins_anew(
    data: Path, tmp_path: Path
) -> None:
    papers = ("--pdf", str(tmp_path / "b.pdf"), "--pin-slips", str(tmp_path / "p.pdf"))
    with running("codes", "issue", "--all-without-method", *papers, "--data", str(data)) as process:
        _kill_in_the_middle(process, data)
    begun = _codes(data)
    assert begun
    assert not any(works for _, works, _ in begun)
    assert not (tmp_path / "b.pdf").exists()
    done = badgepin("codes", "issue", "--group", "Shift", *papers, data=data)
    assert done.code == 0, done.err
    assert "26 badges work now." in done.out
    working = {identifier for identifier, works, revoked in _codes(data) if works and not revoked}
    assert len(working) == len(_badges_in(tmp_path / "b.pdf")) == 26
    assert all(revoked or identifier in working for identifier, _, revoked in _codes(data))


def _kill_in_the_middle(process: "subprocess.Popen[str]", data: Path) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until and len(_codes(data)) < 5:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()


def test_codes_of_a_store_are_revoked_after_a_look_and_a_yes_each_with_its_event(data: Path, tmp_path: Path) -> None:
    papers = ("--pdf", str(tmp_path / "b.pdf"), "--pin-slips", str(tmp_path / "p.pdf"))
    assert badgepin("codes", "issue", "--group", "Shift", *papers, data=data).code == 0
    look = badgepin("codes", "revoke-many", "--unit", "Store South", "--dry-run", data=data)
    assert "2 codes of 2 people would be revoked." in look.out
    refused = badgepin("codes", "revoke-many", "--unit", "Store South", data=data, answers="n\n")
    assert (refused.code, "Nothing was revoked." in refused.err) == (1, True)
    early = badgepin("codes", "revoke-many", "--everybody", "--issued-before", "2001-01-01", "--yes", data=data)
    assert "0 codes of 0 people" in early.out
    assert not any(revoked for *_, revoked in _codes(data))
    done = badgepin("codes", "revoke-many", "--unit", "Store South", data=data, answers="y\n")
    assert "2 codes are revoked." in done.out
    assert sum(revoked for *_, revoked in _codes(data)) == 2
    log = badgepin("audit", "export", "--format", "jsonl", data=data).out
    assert log.count("Revoke QR codes of many users") == 1
    assert log.count("Admin deleted standard QR code for user") == 2
    wrong = badgepin("codes", "revoke-many", "--everybody", "--issued-before", "yesterday", data=data)
    assert "write it as 2026-12-31" in wrong.err


def test_photos_are_taken_from_a_folder_and_a_broken_one_leaves_nothing_issued(data: Path, tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    papers = ("--pdf", str(tmp_path / "badges.pdf"), "--pin-slips", str(tmp_path / "pins.pdf"), "--photos", str(photos))
    broken = photos / "south0@stores.example.jpg"
    broken.write_bytes(b"no picture")
    refused = badgepin("codes", "issue", "--unit", "Store South", *papers, data=data)
    assert refused.code == 1
    assert "south0@stores.example.jpg" in refused.err
    assert not any(works and not revoked for _, works, revoked in _codes(data))
    Image.new("RGB", (300, 400), "red").save(broken, "JPEG")
    assert badgepin("codes", "issue", "--unit", "Store South", *papers, data=data).code == 0
    with pypdfium2.PdfDocument(tmp_path / "badges.pdf") as pdf:
        colours = pdf[0].render(scale=2).to_pil().convert("RGB").getcolors(1 << 24) or ()
    assert sum(count for count, (r, g, b) in colours if r > 200 and g + b < 60) > 1000
