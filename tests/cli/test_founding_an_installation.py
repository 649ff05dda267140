"""`badgepin init`: everything from nothing, or nothing at all."""

import stat
from pathlib import Path

from badgepin.crypto.key_ring_file import load_key_ring
from tests.cli.installation import DOMAIN, badgepin, is_one_line
from tests.postgres import Server


def test_only_the_owner_can_open_what_init_makes(founded: Path) -> None:
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in founded.iterdir()}
    assert stat.S_IMODE(founded.stat().st_mode) == 0o700
    assert modes["keyring.json"] == 0o400
    assert modes["badgepin.toml"] == 0o600
    assert load_key_ring(founded / "keyring.json").active_signing_key


def test_init_a_second_time_changes_nothing_and_says_how_to_go_on(founded: Path) -> None:
    before = (founded / "keyring.json").read_bytes()
    assert is_one_line(badgepin("init", data=founded), "already", "badgepin serve --data")
    assert (founded / "keyring.json").read_bytes() == before


def test_a_folder_with_other_things_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    assert is_one_line(badgepin("init", data=tmp_path), "not an empty folder")
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_a_founding_that_fails_leaves_nothing_behind(tmp_path: Path, postgresql: Server) -> None:
    folder = tmp_path / "data"
    assert is_one_line(badgepin("init", "--domain", "not a domain", data=folder), "not a domain")
    for url, words in (
        ("postgresql://nobody@127.0.0.1:1/nothing", "does not answer"),
        (postgresql.url("no_such_database"), "no_such_database"),
        ("mysql://nobody@127.0.0.1/nothing", "postgresql://"),
    ):
        assert is_one_line(badgepin("init", "--database-url", url, data=folder), words)
    assert not folder.exists()


def test_init_tells_a_script_what_it_made(tmp_path: Path) -> None:
    made = badgepin("init", "--json", "--domain", DOMAIN, data=tmp_path / "data").json
    listed = badgepin("tenants", "list", "--json", data=tmp_path / "data").json
    assert made["tenantId"] == listed[0]["id"]
    assert listed[0]["defaultDomain"] == DOMAIN


def test_a_second_node_must_bring_the_key_ring_of_the_first(tmp_path: Path, postgresql: Server) -> None:
    url = postgresql.new_database()
    first = badgepin("init", "--database-url", url, data=tmp_path / "first")
    assert first.code == 0, first.err
    second = badgepin("init", "--database-url", url, data=tmp_path / "second")
    assert is_one_line(second, "copy of that key ring")
    assert not (tmp_path / "second").exists()
