"""Keys, schema and health of an installation, from the command line."""

from pathlib import Path

from badgepin.crypto.key_ring import load_key_ring
from tests.cli.installation import DOMAIN, badgepin, is_one_line

ADA = f"ada@{DOMAIN}"


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


def test_pins_move_under_a_new_pepper_and_the_old_one_may_go(staffed: Path) -> None:
    assert badgepin("codes", "issue", ADA, data=staffed).code == 0
    old = load_key_ring(staffed / "keyring.json").peppers[0].kid
    assert badgepin("keys", "add-pepper", data=staffed).code == 0
    assert "1 PINs" in badgepin("keys", "re-encrypt", data=staffed).out
    assert "0 PINs" in badgepin("keys", "re-encrypt", data=staffed).out
    assert load_key_ring(staffed / "keyring.json").peppers[1].kid == old
    assert _wrong(staffed) == set()


def test_a_signing_key_is_published_before_it_signs(data: Path) -> None:
    first = load_key_ring(data / "keyring.json").active_signing_key.kid
    assert badgepin("keys", "rotate", data=data).code == 0
    assert load_key_ring(data / "keyring.json").active_signing_key.kid == first
    assert badgepin("keys", "rotate", data=data).code == 0
    ring = load_key_ring(data / "keyring.json")
    assert ring.active_signing_key.kid != first
    assert {key.state.value for key in ring.signing_keys} == {"next", "active", "retired"}


def test_listing_keys_shows_no_key(data: Path) -> None:
    listed = badgepin("keys", "list", data=data).out
    ring = load_key_ring(data / "keyring.json")
    assert ring.peppers[0].kid in listed
    assert ring.peppers[0].key.hex() not in listed
    assert "PRIVATE" not in listed


def test_there_is_no_way_to_a_schema_that_never_was(data: Path) -> None:
    assert is_one_line(badgepin("db", "downgrade", "never", "--yes", data=data), "never")
