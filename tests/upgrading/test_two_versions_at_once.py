"""Real commands and nodes of two versions on one database: the way forward, together, and the way back."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from faults.source import Change

from badgepin.cli.examination import examine
from badgepin.cli.operator import settings_of
from badgepin.domain.finding import Verdict
from badgepin.store import migrate
from tests.cli.installation import DOMAIN, Outcome, badgepin, free_port, is_one_line, running
from tests.postgres import server
from tests.upgrading.next_version import ADDS, NEXT, add_migration, migrations_of, next_program

# a machine on which PostgreSQL's client programs are not installed
NO_TOOLS = (
    Change("store/snapshot.py", 'Path("/usr/lib/postgresql")', 'Path("/nowhere")'),
    Change("store/snapshot.py", "shutil.which(name)", "None"),
)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The next version, on a machine without PostgreSQL's tools."""
    return next_program(tmp_path_factory.mktemp("next") / "source", *NO_TOOLS)


def _next(program: Path, *arguments: str, data: Path, **variables: str) -> Outcome:
    with running(*arguments, "--data", str(data), PYTHONPATH=str(program), **variables) as process:
        out, err = process.communicate(timeout=60)
    return Outcome(process.returncode, out, err)


def _url(data: Path) -> str:
    return f"sqlite:///{data / 'badgepin.db'}"


def test_an_upgrade_makes_a_backup_and_the_version_before_goes_on_working(staffed: Path, program: Path) -> None:
    upgraded = _next(program, "db", "upgrade", data=staffed)
    assert upgraded.code == 0, upgraded.err
    (backup,) = staffed.glob(f"before-{NEXT}-*.backup.age")
    assert str(backup) in upgraded.out
    assert not list(staffed.glob(".badgepin-backup-*"))
    assert badgepin("users", "add", f"noor@{DOMAIN}", "--name", "Noor", data=staffed).code == 0
    assert f"noor@{DOMAIN}" in _next(program, "users", "list", data=staffed).out
    # neither undoes what the newer version did nor fails
    assert "can serve" in badgepin("db", "upgrade", data=staffed).out
    findings = {each.check: each for each in examine(settings_of(str(staffed)), calibrated=False)}
    assert (findings["schema"].verdict, NEXT in findings["schema"].sentence) == (Verdict.ADVICE, True)
    assert findings["keys"].verdict is Verdict.OK


def test_the_backup_of_before_brings_the_version_before_back(staffed: Path, program: Path, tmp_path: Path) -> None:
    too_far = shutil.copytree(program, tmp_path / "too far")
    add_migration(migrations_of(too_far), ADDS, oldest_served=NEXT)
    assert _next(too_far, "db", "upgrade", data=staffed).code == 0
    for command in (["db", "upgrade"], ["users", "list"]):
        assert is_one_line(badgepin(*command, data=staffed), NEXT, "newer version", "backup")
    (backup,) = staffed.glob("before-*.backup.age")
    restored = badgepin("restore", "--from", str(backup), "--without-journal", data=staffed)
    assert restored.code == 0, restored.err
    assert migrate.inspect(_url(staffed)).is_current
    assert f"ada@{DOMAIN}" in badgepin("users", "list", data=staffed).out


def test_without_a_backup_nothing_is_migrated_unless_the_setting_says_so(staffed: Path, program: Path) -> None:
    nowhere = {"BADGEPIN_BACKUP_DIRECTORY": str(staffed / "nowhere")}
    refused = _next(program, "db", "upgrade", data=staffed, **nowhere)
    assert is_one_line(refused, "nothing was changed", "backup_before_upgrade")
    assert migrate.inspect(_url(staffed)).is_current
    off = _next(program, "db", "upgrade", data=staffed, BADGEPIN_BACKUP_BEFORE_UPGRADE="false", **nowhere)
    assert off.code == 0, off.err
    assert not list(staffed.glob("before-*"))


@pytest.fixture
def spread(tmp_path: Path) -> Iterator[tuple[Path, Path]]:
    """Two nodes' folders of an installation on PostgreSQL, on one that is safe to serve."""
    first, second = tmp_path / "first", tmp_path / "second"
    with server(durable=True) as postgresql:
        made = badgepin("init", "--domain", DOMAIN, "--database-url", postgresql.new_database(), data=first)
        assert made.code == 0, made.err
        shutil.copytree(first, second)
        yield first, second


def _ready(port: int) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=5).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError(f"no node became ready on {port}")


def test_nodes_of_two_versions_serve_one_database_and_the_older_one_starts_again(
    spread: tuple[Path, Path], program: Path
) -> None:
    first, second = spread
    old, new = free_port(), free_port()
    with running("serve", "--data", str(first), "--port", str(old)):
        _ready(old)
        upgraded = _next(program, "db", "upgrade", data=second)
        assert (upgraded.code, "No backup is made" in upgraded.err, "pg_dump" in upgraded.err) == (0, True, True)
        with running("serve", "--data", str(second), "--port", str(new), PYTHONPATH=str(program)):
            _ready(new)
            _ready(old)
            assert badgepin("users", "add", f"ada@{DOMAIN}", "--name", "Ada", data=first).code == 0
            assert f"ada@{DOMAIN}" in _next(program, "users", "list", data=second).out
    with running("serve", "--data", str(second), "--port", str(new)):
        _ready(new)
