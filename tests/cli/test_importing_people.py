"""`badgepin people`, by the operator at the machine: preview, import, interruption, undo."""

import csv
import time
from pathlib import Path

import pytest

from tests.cli.installation import DOMAIN, badgepin, is_one_line, running
from tests.postgres import Server

PEOPLE = 4_000


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "staff.csv"
    lines = ["upn,name,store", *(f"p{number}@{DOMAIN},Person {number},Store {number % 7}" for number in range(PEOPLE))]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def anywhere(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """An installation on either database."""
    if request.param == "sqlite":
        found: Path = request.getfixturevalue("data")
        return found
    postgresql: Server = request.getfixturevalue("postgresql")
    folder = tmp_path / "data"
    url = postgresql.new_database()
    made = badgepin("init", "--domain", DOMAIN, "--database-url", url, data=folder)
    assert made.code == 0, made.err
    return folder


def _people(data: Path) -> int:
    return len(badgepin("users", "list", "--limit", "99999", "--json", data=data).json)


def _results(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_an_import_that_is_killed_goes_on_and_can_be_undone(anywhere: Path, file: Path) -> None:
    results = file.with_name("staff.csv.results.csv")
    with running("people", "import", str(file), "--yes", "--data", str(anywhere)) as process:
        deadline = time.monotonic() + 90
        while not (results.exists() and results.read_bytes().count(b"\n") > 1_000):
            assert time.monotonic() < deadline
            assert process.poll() is None, process.communicate()
            time.sleep(0.01)
        process.kill()
        process.wait()
    came = _people(anywhere)
    assert 1_000 <= came < PEOPLE
    assert came % 1_000 == 0
    (cut,) = badgepin("people", "imports", "--json", data=anywhere).json
    assert cut["state"] == "interrupted or running"
    again = badgepin("people", "import", str(file), "--yes", "--json", data=anywhere)
    assert again.code == 0, again.err
    assert again.json["created"] == PEOPLE - came
    assert again.json["unchanged"] == came
    assert _people(anywhere) == PEOPLE
    (whole,) = badgepin("people", "imports", "--json", data=anywhere).json
    assert (whole["state"], whole["created"]) == ("done", PEOPLE)
    undone = badgepin("people", "undo", "--yes", data=anywhere)
    assert undone.out.endswith("The import is undone.\n")
    assert _people(anywhere) == 0
    assert is_one_line(badgepin("people", "undo", "--yes", data=anywhere), "no import to undo")


def test_a_dry_run_shows_what_would_change_and_changes_nothing(staffed: Path, tmp_path: Path) -> None:
    path = tmp_path / "some.csv"
    path.write_text(f"upn,name,notes\nada@{DOMAIN},Ada Lovelace,\nbad,x,\nnew@{DOMAIN},New,\n", encoding="utf-8")
    shown = badgepin("people", "import", str(path), "--dry-run", data=staffed)
    assert shown.code == 0
    for words in ("1 people would be added", "1 people would be changed", "1 rows are refused", "line 3: bad", "notes"):
        assert words in shown.out
    assert [row["result"] for row in _results(tmp_path / "some.csv.results.csv")] == ["updated", "refused", "created"]
    assert _people(staffed) == 1
    assert badgepin("people", "imports", "--json", data=staffed).json == []


def test_nobody_is_imported_unasked(staffed: Path, file: Path) -> None:
    refused = badgepin("people", "import", str(file), data=staffed)
    assert refused.code == 1
    assert "--yes" in refused.err
    assert _people(staffed) == 1


def test_the_template_can_be_imported_as_it_is(data: Path, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text(badgepin("people", "template").out, encoding="utf-8")
    done = badgepin("people", "import", str(path), "--yes", data=data)
    assert done.code == 0, done.err
    assert "2 created" in done.out
    again = badgepin("people", "import", str(path), "--yes", data=data)
    assert "There is nothing to change." in again.out
    assert len(badgepin("people", "imports", "--json", data=data).json) == 1


def test_files_from_graph_are_imported_together(data: Path, tmp_path: Path) -> None:
    users, groups = tmp_path / "users.json", tmp_path / "groups.json"
    users.write_text(f'{{"value":[{{"id":"1","userPrincipalName":"ada@{DOMAIN}","displayName":"Ada"}}]}}')
    groups.write_text('{"value":[{"id":"g","displayName":"Bakers","members":[{"id":"1"}]}]}')
    done = badgepin("people", "import", str(users), str(groups), "--yes", data=data)
    assert done.code == 0, done.err
    (member,) = badgepin("groups", "members", "list", "Bakers", "--json", data=data).json
    assert member["name"] == f"ada@{DOMAIN}"


def test_refusals_are_one_line_that_says_what_to_do(data: Path, tmp_path: Path) -> None:
    latin = tmp_path / "latin.csv"
    latin.write_bytes("upn,name\nj@x.example,Jörg\n".encode("latin-1"))
    assert is_one_line(badgepin("people", "import", str(latin), "--yes", data=data), "Line 2 is not UTF-8", "save")
    assert is_one_line(badgepin("people", "import", str(tmp_path / "no.csv"), "--yes", data=data), "no file")
    assert is_one_line(badgepin("people", "undo", "--yes", data=data), "no import to undo")
    good = tmp_path / "good.csv"
    good.write_text(f"upn\na@{DOMAIN}\n")
    (tmp_path / "good.csv.results.csv").write_text("my own notes\n")
    taken = badgepin("people", "import", str(good), "--yes", data=data)
    assert taken.code == 1
    assert "--results" in taken.err
    assert (tmp_path / "good.csv.results.csv").read_text() == "my own notes\n"
