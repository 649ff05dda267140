"""`badgepin explain --user` says what keeps somebody from signing in, `badgepin codes forecast` what to print next."""

import shutil
import sqlite3
from pathlib import Path

import pytest

from tests.cli.installation import DOMAIN, badgepin, is_one_line

ADA, BEN, CY = f"ada@{DOMAIN}", f"ben@{DOMAIN}", f"cy@{DOMAIN}"
NORTH = "11111111-1111-4111-8111-111111111111"


def _ok(*arguments: str, data: Path) -> str:
    outcome = badgepin(*arguments, data=data)
    assert outcome.code == 0, outcome.err
    return outcome.out


def _change(data: Path, *statements: str) -> None:
    [file] = data.glob("*.db")
    with sqlite3.connect(file) as connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


@pytest.fixture(scope="module")
def stocked(founded: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ada's badge ends in five days and Ben's in sixty, both in Store North; Cy's has ended, in no store."""
    folder = tmp_path_factory.mktemp("stocked") / "data"
    shutil.copytree(founded, folder)
    folder.chmod(0o700)
    for user, days in ((ADA, 5), (BEN, 60), (CY, 9)):
        _ok("users", "add", user, "--name", user.partition("@")[0].title(), data=folder)
        _ok("codes", "issue", user, "--days", str(days), data=folder)
    of_cy = f"(SELECT id FROM users WHERE user_principal_name = '{CY}')"
    _change(
        folder,
        "INSERT INTO administrative_units"
        " (tenant_id, id, display_name, display_name_key, is_member_management_restricted, created_at)"
        f" SELECT tenant_id, '{NORTH}', 'Store North', 'store north', 0, 0 FROM tenants",
        "INSERT INTO administrative_unit_members (tenant_id, administrative_unit_id, member_id, member_kind)"
        f" SELECT tenant_id, '{NORTH}', id, 'user' FROM users WHERE user_principal_name IN ('{ADA}', '{BEN}')",
        f"UPDATE qr_codes SET expire_at = 1000000 WHERE user_id = {of_cy}",
    )
    return folder


@pytest.fixture
def store(stocked: Path, tmp_path: Path) -> Path:
    """A copy of one's own."""
    folder = tmp_path / "stocked"
    shutil.copytree(stocked, folder)
    folder.chmod(0o700)
    return folder


def test_the_forecast_is_a_table_of_stores(store: Path) -> None:
    lines = _ok("codes", "forecast", data=store).splitlines()
    assert lines[0].split("  ")[0] == "unit"
    assert [line.split() for line in lines[1:3]] == [
        ["Store", "North", "0", "1", "1", "2"],
        ["(in", "no", "unit)", "1", "0", "0", "0"],
    ]
    assert "A person in two units counts in both." in "\n".join(lines)


def test_other_days_get_a_column_of_their_own(store: Path) -> None:
    lines = _ok("codes", "forecast", "--days", "60", data=store).splitlines()
    assert "in 30 days" in lines[0]
    assert lines[0].index("in 30 days") < lines[0].index("in 60 days") < lines[0].index("in 90 days")
    assert lines[1].split() == ["Store", "North", "0", "1", "1", "2", "2"]


def test_a_script_reads_the_same_numbers(store: Path) -> None:
    forecasts = badgepin("codes", "forecast", "--days", "60", "--json", data=store).json
    assert forecasts[0] == {
        "unitId": NORTH,
        "unitDisplayName": "Store North",
        "endedCount": 0,
        "within7DaysCount": 1,
        "within30DaysCount": 1,
        "within90DaysCount": 2,
        "days": 60,
        "withinDaysCount": 2,
    }
    assert (forecasts[1]["unitId"], forecasts[1]["endedCount"]) == (None, 1)


def test_a_store_is_asked_by_name_and_names_its_people(store: Path) -> None:
    out = _ok("codes", "forecast", "--unit", "store north", data=store)
    assert "Ada" in out
    assert BEN not in out
    assert "in 4 days" in out
    people = badgepin("codes", "forecast", "--unit", "Store North", "--days", "90", "--json", data=store).json
    assert [(one["user"], one["units"]) for one in people] == [(ADA, ["Store North"]), (BEN, ["Store North"])]
    _ok("users", "disable", ADA, data=store)
    assert "account disabled" in _ok("codes", "forecast", "--unit", "Store North", data=store)
    assert "days ago" in _ok("codes", "forecast", "--unit", "none", data=store)


def test_an_installation_without_badges_says_so(staffed: Path) -> None:
    assert _ok("codes", "forecast", data=staffed) == "There is no unit and no badge that ends soon.\n"
    assert "no badge has ended" in _ok("codes", "forecast", "--unit", "none", data=staffed)


def test_bad_days_and_an_unknown_store_are_one_line(store: Path) -> None:
    assert is_one_line(badgepin("codes", "forecast", "--unit", "Store South", data=store), "There is no unit")
    for days in ("0", "396", "soon"):
        outcome = badgepin("codes", "forecast", "--days", days, data=store)
        assert (outcome.code, outcome.out) == (2, "")
    _change(store, f"UPDATE administrative_units SET display_name = '[bold]x' WHERE id = '{NORTH}'")
    assert "[bold]x" in _ok("codes", "forecast", data=store)


def test_the_operator_is_told_what_keeps_somebody_from_signing_in(staffed: Path) -> None:
    found = badgepin("explain", "--user", ADA, "--json", data=staffed).json
    assert (found["isEligible"], found["reason"]) == (True, None)
    _ok("users", "disable", ADA, data=staffed)
    said = _ok("explain", "--user", ADA, data=staffed)
    assert "The account is disabled." in said
    assert "Enable the account" in said
    _change(staffed, "UPDATE method_policies SET state = 'disabled'")
    assert badgepin("explain", "--user", ADA, "--json", data=staffed).json["reason"] == "methodDisabled"


def test_explain_wants_a_handle_or_a_person(staffed: Path) -> None:
    for arguments in ((), ("K7QF", "--user", ADA)):
        assert is_one_line(badgepin("explain", *arguments, data=staffed), "one of them")
    assert is_one_line(badgepin("explain", "--user", f"nobody@{DOMAIN}", data=staffed), "nobody")
