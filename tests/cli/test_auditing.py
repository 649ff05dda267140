"""`badgepin audit`: one verdict, one line, one exit code."""

import asyncio
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from badgepin.crypto.jws_header import read_jws_claims
from badgepin.opening import close_installation, open_installation
from badgepin.settings import read_settings
from badgepin.web.audit_anchors import FILE
from badgepin.web.audit_keeper import AuditKeeper
from tests.architecture.tree import ROOT
from tests.cli.installation import DOMAIN, badgepin, is_one_line


def keep(data: Path) -> None:
    """What a server would do for the log within a minute."""

    async def work() -> None:
        installation = open_installation(read_settings(str(data), environment={}))
        try:
            await AuditKeeper(installation).beat()
        finally:
            await close_installation(installation)

    asyncio.run(work())


@pytest.fixture(scope="session")
def kept_once(founded: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation with three events and a checkpoint, untouched."""
    folder = tmp_path_factory.mktemp("kept") / "data"
    shutil.copytree(founded, folder)
    folder.chmod(0o700)
    for name in ("ada", "bo"):
        assert badgepin("users", "add", f"{name}@{DOMAIN}", "--name", name, data=folder).code == 0
    keep(folder)
    return folder


@pytest.fixture
def kept(kept_once: Path, tmp_path: Path) -> Path:
    """The same, to be tampered with."""
    folder = tmp_path / "data"
    shutil.copytree(kept_once, folder)
    return folder


def _tamper(data: Path, *statements: str) -> None:
    connection = sqlite3.connect(data / "badgepin.db")
    with connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


def test_an_untouched_log_holds(kept: Path) -> None:
    said = badgepin("audit", "verify", data=kept)
    assert said.code == 0, said.err
    assert said.out.startswith(f"{DOMAIN}: the chain holds. events 3,")
    assert said.out.count("\n") == 1
    [report] = badgepin("audit", "verify", "--json", data=kept).json
    assert (report["verdict"], report["events"], report["checkpointsOutsideTheDatabase"]) == ("holds", 3, 1)


VERDICTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "mismatch": ("is not what was recorded", ("UPDATE audit_events SET result = 'failure'",)),
    "chain longer than log": ("is gone", ("DELETE FROM audit_events WHERE activity = 'Add user'",)),
    "log longer than chain": (
        "in the log and not in the chain",
        ("DELETE FROM audit_chain WHERE seq = 3", "DELETE FROM audit_checkpoints"),
    ),
    "anchor mismatch": (
        "were cut off",
        (
            "DELETE FROM audit_events WHERE id IN (SELECT event_id FROM audit_chain WHERE seq > 1)",
            "DELETE FROM audit_chain WHERE seq > 1",
            "DELETE FROM audit_checkpoints",
        ),
    ),
}


@pytest.mark.parametrize("verdict", VERDICTS)
def test_every_other_verdict_is_one_line_and_exit_code_1(kept: Path, verdict: str) -> None:
    words, statements = VERDICTS[verdict]
    _tamper(kept, *statements)
    assert is_one_line(badgepin("audit", "verify", data=kept), f"{DOMAIN}: {verdict}.", words)
    as_json = badgepin("audit", "verify", "--json", data=kept)
    assert as_json.code == 1
    assert [report["verdict"] for report in as_json.json] == [verdict]


def test_a_tenant_that_was_removed_with_its_whole_log_shows(kept: Path) -> None:
    _tamper(kept, "PRAGMA foreign_keys=ON", "DELETE FROM tenants")
    assert is_one_line(badgepin("audit", "verify", data=kept), "anchor mismatch", "it has 0")


def test_a_removed_tenant_shows_by_the_anchors_of_another_host_alone(kept: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.jsonl"
    shutil.move(kept / FILE, elsewhere)
    assert badgepin("tenants", "add", "--domain", "second.example", data=kept).code == 0
    _tamper(kept, "PRAGMA foreign_keys=ON", f"DELETE FROM tenants WHERE default_domain = '{DOMAIN}'")
    found = badgepin("audit", "verify", "--anchors", str(elsewhere), data=kept)
    assert is_one_line(found, "anchor mismatch", "it has 0")


def test_anchors_of_another_host_show_what_this_host_has_lost(kept: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.jsonl"
    shutil.copy(kept / FILE, elsewhere)
    (kept / FILE).unlink()
    _tamper(kept, *VERDICTS["anchor mismatch"][1])
    blind = badgepin("audit", "verify", data=kept)
    assert (blind.code, "give --anchors" in blind.out) == (0, True)
    seeing = badgepin("audit", "verify", "--anchors", str(elsewhere), data=kept)
    assert is_one_line(seeing, "anchor mismatch", str(elsewhere))


def test_a_file_without_our_checkpoints_is_no_proof(kept: Path, tmp_path: Path) -> None:
    nothing = tmp_path / "nothing.log"
    nothing.write_text("nothing\n")
    refused = badgepin("audit", "verify", "--anchors", str(nothing), data=kept)
    assert is_one_line(refused, "no checkpoint of this installation")
    assert is_one_line(badgepin("audit", "verify", "--anchors", str(tmp_path / "gone"), data=kept), "cannot be read")
    other = tmp_path / "other"
    assert badgepin("init", "--domain", DOMAIN, data=other).code == 0
    keep(other)
    mixed = tmp_path / "mixed.log"
    mixed.write_bytes((other / FILE).read_bytes() + (kept / FILE).read_bytes())
    assert badgepin("audit", "verify", "--anchors", str(mixed), data=kept).code == 0


def test_a_forged_line_in_our_own_file_shows(kept: Path) -> None:
    text = (kept / FILE).read_text()
    token = json.loads(text)["token"]
    (kept / FILE).write_text(text.replace(token[-20:], "A" * 20))
    assert is_one_line(badgepin("audit", "verify", data=kept), "anchor mismatch", "line 1")


def test_checkpoints_are_listed_and_come_with_their_tokens_as_json(kept: Path) -> None:
    listed = badgepin("audit", "checkpoints", data=kept)
    assert listed.code == 0
    assert listed.out.splitlines()[1].split()[:2] == ["1", "3"]
    [row] = badgepin("audit", "checkpoints", "--json", data=kept).json
    assert row["isSignedByUs"] is True
    assert row["token"] == json.loads((kept / FILE).read_text())["token"]


def test_before_the_first_checkpoint_the_list_says_so(data: Path) -> None:
    assert "no checkpoint yet" in badgepin("audit", "checkpoints", data=data).out


def _block(language: str, word: str) -> str:
    page = (ROOT / "docs" / "audit-log.md").read_text(encoding="utf-8")
    [block] = [each for each in re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL) if word in each]
    return str(block)


def test_openssl_verifies_a_checkpoint_as_the_page_says(kept: Path) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    command = ["bash", "-euo", "pipefail", "-c", _block("sh", "openssl")]
    variables = {**os.environ, "PATH": path, "BADGEPIN_DATA": str(kept)}

    def verify() -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, cwd=kept, env=variables, capture_output=True, text=True, check=False)

    assert "Signature Verified Successfully" in verify().stdout, verify().stderr
    line = (kept / FILE).read_text()
    token = json.loads(line)["token"]
    (kept / FILE).write_text(line.replace(token[-20:], "A" * 20))
    assert "Verified Successfully" not in verify().stdout


def test_python_alone_verifies_the_chain_as_the_page_says(kept: Path) -> None:
    command = [sys.executable, "-I", "-c", _block("python", "hashlib"), str(kept / "badgepin.db")]

    def verify() -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, capture_output=True, text=True, check=False)

    tenant, seq, digest = verify().stdout.split()
    claims = read_jws_claims(json.loads((kept / FILE).read_text())["token"])
    assert (tenant, int(seq), digest) == (claims["tenant_id"], claims["seq"], claims["chain_digest"])
    _tamper(kept, "UPDATE audit_events SET result = 'failure'")
    assert "place 1 is wrong" in verify().stderr


def test_a_key_is_printed_as_pem_or_jwk(data: Path) -> None:
    assert badgepin("audit", "key", data=data).out.startswith("-----BEGIN PUBLIC KEY-----")
    jwk = badgepin("audit", "key", "--json", data=data).json
    assert (jwk["kty"], jwk["crv"], "d" in jwk) == ("OKP", "Ed25519", False)


@pytest.mark.parametrize("anchor", ["http://x", "syslog://host", "file:relative", "syslog://host:99999"])
def test_a_place_for_anchors_that_makes_no_sense_stops_the_start(data: Path, anchor: str) -> None:
    refused = badgepin("audit", "verify", data=data, BADGEPIN_AUDIT_ANCHORS=anchor)
    assert is_one_line(refused, "audit_anchors", anchor)
