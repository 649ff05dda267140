"""What is on a badge, and PINs, lie nowhere: not in database, journal, log or temporary files (invariant I10)."""

import asyncio
import base64
import logging
import os
import re
import subprocess
import tempfile
from pathlib import Path

import pypdfium2
import pytest
import zxingcpp

from badgepin.crypto.key_ring import KeyRing
from badgepin.domain.badge_text import BadgeText, read_badge_text
from badgepin.store import tables
from tests.conftest import TEMPLATE
from tests.graph.batches import collect, create, named, wait
from tests.graph.world import World, build
from tests.postgres import Server

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def _crockford(data: bytes) -> str:
    number = int.from_bytes(data)
    length = -(-len(data) * 8 // 5)
    return "".join(_ALPHABET[number >> (5 * place) & 31] for place in reversed(range(length)))


def _spellings(seed: bytes) -> dict[str, bytes]:
    # a cut of the middle, so that padding and neighbours do not hide it
    cut = seed[3:30]
    return {
        "raw": seed,
        "reversed": seed[::-1],
        "hex": seed.hex().encode(),
        "HEX": seed.hex().upper().encode(),
        "base64": base64.b64encode(cut).rstrip(b"="),
        "base64url": base64.urlsafe_b64encode(cut).rstrip(b"="),
        "crockford": _crockford(seed).encode()[3:48],
    }


def _hits(artefacts: dict[str, bytes], needles: dict[str, bytes]) -> list[str]:
    return [
        f"{spelling} in {name}"
        for name, content in artefacts.items()
        for spelling, needle in needles.items()
        if needle in content or needle.decode("latin-1").lower().encode("latin-1") in content.lower()
    ]


def _use(world: World) -> tuple[list[bytes], list[bytes]]:
    world.create_method(pin={"code": "46813579"})
    texts = [world.create_temporary()["image"]["rawContent"]]
    reset = world.request("PATCH", world.method_path("worker", "/pin"), token=world.admin, json={}).json()["code"]
    world.request("DELETE", world.method_path("worker", "/standardQRCode"), token=world.admin)
    made = world.request("PATCH", world.method_path("worker", "/standardQRCode"), token=world.admin, json={})
    texts.append(made.json()["image"]["rawContent"])
    body = {"currentPin": reset, "newPin": "97531864"}
    path = "/me/authentication/qrCodePinMethod/updatePin"
    assert world.request("POST", path, token=world.person("worker"), json=body).status_code == 204
    seeds = []
    for text in texts:
        badge = read_badge_text(base64.b64decode(text).decode())
        assert isinstance(badge, BadgeText)
        seeds.append(badge.seed)
    return seeds, [pin.encode() for pin in ("46813579", reset, "97531864")]


def _files(*folders: Path) -> dict[str, bytes]:
    found = {}
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file() and os.access(path, os.R_OK):
                found[str(path)] = path.read_bytes()
    return found


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_sqlite_files_logs_and_temporary_files_hold_none(
    sqlite_template: Path,
    tmp_path: Path,
    temporary: Path,
    ring: KeyRing,
    runner: asyncio.Runner,
    caplog: pytest.LogCaptureFixture,
) -> None:
    path = tmp_path / "data" / "badgepin.db"
    path.parent.mkdir()
    path.write_bytes(sqlite_template.read_bytes())
    with caplog.at_level(logging.DEBUG):
        world = build(f"sqlite:///{path}", ring, runner)
        seeds, pins = _use(world)
        artefacts = _files(path.parent, temporary)
        world.close()
    artefacts |= _files(path.parent, temporary) | {"log": caplog.text.encode()}
    needles = {f"{n} {name}": needle for n, seed in enumerate(seeds) for name, needle in _spellings(seed).items()}
    needles |= {f"pin {number}": pin for number, pin in enumerate(pins)}
    assert len(artefacts) >= 2
    assert _hits(artefacts, needles) == []


def test_the_postgresql_cluster_holds_none(postgresql: Server, ring: KeyRing, runner: asyncio.Runner) -> None:
    url = postgresql.new_database(TEMPLATE)
    world = build(url, ring, runner)
    seeds, pins = _use(world)
    world.close()
    postgresql.sql("CHECKPOINT")
    artefacts = _files(postgresql.folder)
    dump = subprocess.run([str(postgresql.binaries / "pg_dump"), url], check=True, capture_output=True).stdout
    needles = {f"{n} {name}": needle for n, seed in enumerate(seeds) for name, needle in _spellings(seed).items()}
    assert _hits(artefacts | {"dump": dump}, needles) == []
    assert _hits({"dump": dump}, {f"pin {number}": pin for number, pin in enumerate(pins)}) == []


@pytest.mark.parametrize("spelling", ["raw", "hex", "HEX", "base64", "base64url", "crockford", "reversed"])
def test_a_planted_seed_is_found(world: World, tmp_path: Path, spelling: str) -> None:
    seed = os.urandom(32)
    needles = _spellings(seed)
    planted = tmp_path / "leak"
    planted.write_bytes(b"before " + needles[spelling] + b" after")
    assert any(spelling.lower() in hit.lower() for hit in _hits(_files(tmp_path), needles))
    assert world.rows(tables.qr_codes) == []


def test_a_batch_that_waits_to_be_collected_leaves_none(
    sqlite_template: Path,
    tmp_path: Path,
    temporary: Path,
    ring: KeyRing,
    runner: asyncio.Runner,
    caplog: pytest.LogCaptureFixture,
) -> None:
    path = tmp_path / "data" / "badgepin.db"
    path.parent.mkdir()
    path.write_bytes(sqlite_template.read_bytes())
    with caplog.at_level(logging.DEBUG):
        world = build(f"sqlite:///{path}", ring, runner)
        begun = create(world, named("worker"))
        wait(world, begun)
        papers = collect(world, begun, begun["documentKey"])
        artefacts = _files(path.parent, temporary)
        world.close()
    with pypdfium2.PdfDocument(papers["badges-1"]) as pdf:
        (found,) = zxingcpp.read_barcodes(pdf[0].render(scale=300 / 72).to_pil())
    with pypdfium2.PdfDocument(papers["pinSlips-1"]) as pdf:
        pin = re.search(r"\b(\d{4}) (\d{4})\b", pdf[0].get_textpage().get_text_range())
    badge = read_badge_text(found.text)
    assert isinstance(badge, BadgeText)
    assert pin is not None
    artefacts |= _files(path.parent, temporary) | {"log": caplog.text.encode()}
    key = base64.urlsafe_b64decode(begun["documentKey"] + "=")
    needles = _spellings(badge.seed) | {f"key {name}": needle for name, needle in _spellings(key).items()}
    needles |= {"pin": "".join(pin.groups()).encode(), "slip": pin[0].encode(), "document": b"%PDF-"}
    assert sum(len(content) for content in artefacts.values()) > sum(map(len, papers.values()))
    assert _hits(artefacts, needles) == []
