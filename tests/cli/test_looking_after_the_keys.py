"""`badgepin keys`: successors, emergencies, ways back, and a key ring under a key of its own."""

import stat
from datetime import timedelta
from pathlib import Path

from badgepin.crypto.key_ring_file import kek_of, load_key_ring, save_key_ring
from badgepin.crypto.key_rotation import KINDS, lives, plan_rotation
from badgepin.web.installation import system_clock
from tests.cli.installation import DOMAIN, badgepin, is_one_line

ADA = f"ada@{DOMAIN}"


def _states(data: Path, kind: str, kek: Path | None = None) -> dict[str, str]:
    found = lives(load_key_ring(data / "keyring.json", kek), system_clock())
    return {key.kid: key.state for key in found if key.kind == kind}


def test_a_planned_key_is_known_first_and_may_be_taken_back(data: Path) -> None:
    done = badgepin("keys", "rotate", data=data)
    new = done.out.split()[0]
    assert (done.code, f"badgepin keys remove {new}" in done.out) == (0, True)
    states = _states(data, "signing")
    assert states[new] == "next"
    assert sorted(states.values()) == ["active", "next"]
    assert is_one_line(badgepin("keys", "rotate", data=data), "is to be used from", new)
    assert badgepin("keys", "remove", new, data=data).code == 0
    [(old, state)] = _states(data, "signing").items()
    assert state == "active"
    assert is_one_line(badgepin("keys", "remove", old, data=data), "is in use")


def test_clients_get_time_to_fetch_a_key_unless_it_leaked(data: Path) -> None:
    before = _states(data, "signing")
    assert is_one_line(badgepin("keys", "rotate", "signing", "--in", "19", data=data), "--in 20")
    assert is_one_line(badgepin("keys", "rotate", "--in", "20", "--emergency", data=data), "one of them")
    assert _states(data, "signing") == before
    done = badgepin("keys", "rotate", "signing", "--emergency", data=data)
    assert "ten minutes" in done.out
    [(kid, state)] = _states(data, "signing").items()
    assert (state, kid in before, kid in done.out) == ("active", False, True)


def test_pins_move_under_a_new_pepper_and_a_key_goes_when_nothing_needs_it(staffed: Path) -> None:
    assert badgepin("codes", "issue", ADA, data=staffed).code == 0
    [old] = _states(staffed, "pepper")
    assert badgepin("keys", "rotate", "pepper", "--in", "0", data=staffed).code == 0
    assert is_one_line(badgepin("keys", "remove", old, data=staffed), "re-encrypt")
    moved = badgepin("keys", "re-encrypt", data=staffed)
    assert ("1 PINs" in moved.out, moved.err) == (True, "1 of 1\n")
    assert is_one_line(badgepin("keys", "remove", old, data=staffed), "--yes")
    assert badgepin("keys", "remove", old, "--yes", data=staffed).code == 0
    assert old not in _states(staffed, "pepper")
    [sealing] = _states(staffed, "row-mac")
    assert "still open what is kept" in badgepin("keys", "rotate", "row-mac", "--emergency", data=staffed).out
    assert is_one_line(badgepin("keys", "remove", sealing, "--yes", data=staffed), "badges are sealed with it")


def test_listing_keys_shows_no_key(data: Path) -> None:
    path = data / "keyring.json"
    now = system_clock()
    ring = plan_rotation(load_key_ring(path), KINDS["signing"], now + timedelta(days=1), now)
    save_key_ring(ring, path)
    listed = badgepin("keys", "list", data=data).out
    assert all(key.kid in listed for key in (*ring.peppers, *ring.signing_keys, *ring.backups))
    assert ring.peppers[0].key.hex() not in listed
    assert "PRIVATE" not in listed
    assert "AGE-SECRET" not in listed


def test_the_ring_is_wrapped_under_a_key_of_its_own_and_unwrapped(data: Path) -> None:
    kek = data.parent / "kek"
    assert is_one_line(badgepin("keys", "rewrap", data=data), "set key_encryption_key")
    named = {"BADGEPIN_KEY_ENCRYPTION_KEY": str(kek)}
    assert is_one_line(badgepin("keys", "rewrap", data=data, **named), "is missing", "rewrap --new")
    before = _states(data, "pepper")
    assert badgepin("keys", "rewrap", "--new", data=data, **named).code == 0
    first = kek_of(data / "keyring.json")
    assert (kek.read_text().split()[0], stat.S_IMODE(kek.stat().st_mode)) == (first, 0o400)
    assert is_one_line(badgepin("keys", "rotate", "seal", data=data), "encrypted under the KEK", "key_encryption_key")
    done = badgepin("keys", "rewrap", "--new", "--drop-old", data=data, **named)
    assert "1 older" in done.out
    assert kek.read_text().count("\n") == 1
    assert kek_of(data / "keyring.json") != first
    assert _states(data, "pepper", kek) == before
    assert badgepin("keys", "rewrap", "--off", data=data, **named).code == 0
    assert _states(data, "pepper") == before


def test_a_ring_that_cannot_be_written_stays_as_it_is(data: Path) -> None:
    kek = data.parent / "missing" / "kek"
    named = {"BADGEPIN_KEY_ENCRYPTION_KEY": str(kek)}
    before = (data / "keyring.json").read_bytes()
    assert is_one_line(badgepin("keys", "rewrap", "--new", data=data, **named), "Cannot write")
    assert (data / "keyring.json").read_bytes() == before
