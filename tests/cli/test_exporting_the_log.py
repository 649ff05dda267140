"""`badgepin audit export`: the log as a file, by the operator at the machine."""

import csv
import io
import json
from pathlib import Path

from tests.cli.installation import DOMAIN, badgepin, is_one_line


def _events(data: Path, *arguments: str) -> list[dict[str, object]]:
    done = badgepin("audit", "export", *arguments, data=data)
    assert done.code == 0, done.err
    return [json.loads(line) for line in done.out.splitlines()]


def test_the_log_is_narrowed_by_time_person_activity_and_result(staffed: Path) -> None:
    assert badgepin("users", "add", f"lin@{DOMAIN}", data=staffed).code == 0
    assert badgepin("users", "remove", f"lin@{DOMAIN}", data=staffed).code == 0
    whole = _events(staffed)
    assert [event["activityDateTime"] for event in whole] == sorted(str(event["activityDateTime"]) for event in whole)
    assert len(_events(staffed, "--user", f"LIN@{DOMAIN}")) == 2
    assert len(_events(staffed, "--user", f"lin@{DOMAIN}", "--activity", "delete user")) == 1
    assert len(_events(staffed, "--filter", "activityDisplayName eq 'Delete user'")) == 1
    assert len(_events(staffed, "--since", "2020-01-01", "--until", "2021-01-01")) == 0
    assert len(_events(staffed, "--result", "success")) == len(whole)
    assert _events(staffed, "--sign-ins") == []


def test_a_file_is_new_and_read_by_its_owner_only(staffed: Path, tmp_path: Path) -> None:
    file = tmp_path / "audit.csv"
    done = badgepin("audit", "export", "--format", "csv", "-o", str(file), data=staffed)
    assert done.code == 0, done.err
    assert file.stat().st_mode & 0o777 == 0o600
    rows = list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8"))))
    assert "Ada Okafor" in {row["targetName"] for row in rows}
    assert f"{len(rows)} events" in done.out
    again = badgepin("audit", "export", "-o", str(file), data=staffed)
    assert is_one_line(again, "exists already")


def test_what_cannot_be_understood_is_refused_in_one_line(data: Path) -> None:
    assert is_one_line(badgepin("audit", "export", "--since", "tomorrow", data=data), "no time", "2026-11-23")
    assert is_one_line(badgepin("audit", "export", "--filter", "no eq 1", data=data), "'no'")
    assert is_one_line(badgepin("audit", "export", "-o", "/nowhere/x", data=data), "cannot be written")
