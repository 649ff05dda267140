"""`badgepin backup` and `badgepin restore` on real folders: what was revoked after the backup is still revoked."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from badgepin.cli.running import serving
from tests.cli.installation import DOMAIN, badgepin, free_port, is_one_line


def _live_codes(data: Path) -> int:
    with closing(sqlite3.connect(data / "badgepin.db")) as database:
        (count,) = database.execute("SELECT count(*) FROM qr_codes WHERE revoked_at IS NULL").fetchone()
    return int(count)


@pytest.fixture
def backup(staffed: Path, tmp_path: Path) -> Path:
    """A backup of an installation in which Ada has a badge."""
    issued = badgepin("codes", "issue", f"ada@{DOMAIN}", data=staffed)
    assert issued.code == 0, issued.err
    folder = tmp_path / "backups"
    folder.mkdir()
    made = badgepin("backup", "--to", str(folder), "--keep", "2", data=staffed)
    assert made.code == 0, made.err
    (file,) = folder.iterdir()
    return file


def test_a_code_revoked_after_the_backup_is_dead_after_the_restore(staffed: Path, backup: Path) -> None:
    assert _live_codes(staffed) == 1
    assert badgepin("codes", "revoke", f"ada@{DOMAIN}", "standard", data=staffed).code == 0
    with serving(staffed):
        refused = badgepin("restore", "--from", str(backup), data=staffed)
    assert (refused.code, "stop it first" in refused.err) == (1, True)

    # what a restore leaves that is killed while it fills its working file
    for ending in ("", "-wal", "-shm", "-journal"):
        (staffed / f".badgepin.db.restored{ending}").write_bytes(b"half of it")
    restored = badgepin("restore", "--from", str(backup), data=staffed)
    assert restored.code == 0, restored.err
    assert "1 revocation journal with" in restored.out
    assert _live_codes(staffed) == 0
    assert not list(staffed.glob(".badgepin.db.restored*"))
    aside = min(staffed.glob("badgepin.db.before-*"))
    assert badgepin("db", "check", data=staffed).code == 0

    # the control: what the backup says without the journal
    control = shutil.copytree(staffed, staffed.parent / "control")
    (control / "revocations.journal").unlink()
    gone = badgepin("serve", "--port", str(free_port()), data=control)
    assert is_one_line(gone, "revocations.journal", "is gone", "revocations.node")
    findings = {each["check"]: each for each in badgepin("doctor", "--json", data=control).json}
    assert (findings["journal"]["verdict"], "is gone" in findings["journal"]["finding"]) == ("wrong", True)
    without = badgepin("restore", "--from", str(backup), data=control)
    assert (without.code, "--without-journal" in without.err) == (1, True)
    assert badgepin("restore", "--from", str(backup), "--without-journal", data=control).code == 0
    assert _live_codes(control) == 1
    # whoever restores without it has said so
    assert not (control / "revocations.node").exists()
    assert aside.stat().st_size


def test_a_drill_changes_nothing_and_the_doctor_knows_of_it(staffed: Path, backup: Path) -> None:
    before = (staffed / "badgepin.db").read_bytes()
    tried = badgepin("restore", "--from", str(backup), "--verify", data=staffed)
    assert tried.code == 0, tried.err
    assert "This backup can be restored" in tried.out
    assert len((staffed / "badgepin.db").read_bytes()) == len(before)
    assert _live_codes(staffed) == 1
    findings = {each["check"]: each for each in badgepin("doctor", "--json", data=staffed).json}
    assert findings["restore"]["verdict"] == "ok"
    assert "The last one is of" in findings["backup"]["finding"]


def test_a_file_that_cannot_be_restored_is_refused_and_nothing_changes(staffed: Path, backup: Path) -> None:
    whole = backup.read_bytes()
    assert b"SQLite" not in whole
    backup.write_bytes(whole[:-200] + bytes(200))
    damaged = badgepin("restore", "--from", str(backup), "--without-journal", data=staffed)
    assert (damaged.code, "damaged" in damaged.err) == (1, True)
    backup.write_bytes(whole)
    other = staffed.parent / "other"
    assert badgepin("init", "--domain", DOMAIN, data=other).code == 0
    strange = badgepin("restore", "--from", str(backup), "--without-journal", data=other)
    assert (strange.code, "key" in strange.err) == (1, True)
    assert _live_codes(staffed) == 1
    assert not list(staffed.glob("badgepin.db.before-*"))
