"""Schema and health of an installation, from the command line."""

from pathlib import Path

from tests.cli.installation import badgepin, is_one_line


def _wrong(data: Path) -> set[str]:
    findings = badgepin("doctor", "--json", data=data).json
    return {finding["check"] for finding in findings if finding["verdict"] == "wrong"}


def test_nothing_is_wrong_with_a_fresh_installation(data: Path) -> None:
    outcome = badgepin("doctor", data=data)
    assert outcome.code == 0, outcome.out
    assert "journal_mode=" in outcome.out


def test_doctor_says_what_is_wrong_and_what_to_do(data: Path) -> None:
    data.chmod(0o755)
    (data / "keyring.json").chmod(0o444)
    assert badgepin("db", "downgrade", "base", "--yes", data=data).code == 0
    outcome = badgepin("doctor", data=data)
    assert outcome.code == 1
    assert _wrong(data) == {"folder", "key ring", "schema"}
    for words in ("chmod 0700", "chmod 0400", "badgepin db upgrade"):
        assert words in outcome.out


def test_doctor_does_not_make_the_database_that_it_misses(data: Path) -> None:
    (data / "badgepin.db").unlink()
    assert _wrong(data) == {"database"}
    assert not (data / "badgepin.db").exists()


def test_doctor_finds_a_server_open_to_others_without_encryption(data: Path) -> None:
    findings = badgepin("doctor", "--json", data=data, BADGEPIN_HOST="0.0.0.0").json  # noqa: S104 - refused
    assert {"check": "address", "verdict": "wrong"}.items() <= next(
        finding for finding in findings if finding["check"] == "address"
    ).items()


def test_there_is_no_way_to_a_schema_that_never_was(data: Path) -> None:
    assert is_one_line(badgepin("db", "downgrade", "never", "--yes", data=data), "never")
