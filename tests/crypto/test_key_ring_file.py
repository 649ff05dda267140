"""The key ring's file: what is written is read back, and what is not whole is refused (security design 3.5, 12.1)."""

import json
import os
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from badgepin.crypto.checkpoint import CheckpointKey
from badgepin.crypto.key_ring import create_key_ring, journal_keys
from badgepin.crypto.key_ring_file import (
    KeyRingRefused,
    add_kek,
    change_key_ring,
    drop_older_keks,
    kek_of,
    load_key_ring,
    save_key_ring,
    stamp,
)
from badgepin.crypto.key_rotation import KINDS, plan_rotation, rotate_at_once

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
RING, DAY = create_key_ring(NOW), timedelta(days=1)
Change = Callable[[dict[str, Any]], object]


def _pem(*, password: bytes | None = None) -> str:
    protection = BestAvailableEncryption(password) if password else NoEncryption()
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, protection).decode()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    where = tmp_path / "keyring.json"
    save_key_ring(RING, where)
    return where


def _refusal(path: Path) -> str:
    with pytest.raises(KeyRingRefused) as caught:
        load_key_ring(path)
    return str(caught.value)


def _rewrite(path: Path, content: bytes) -> None:
    path.unlink()
    path.write_bytes(content)
    path.chmod(0o400)


def test_what_is_saved_is_loaded(path: Path) -> None:
    assert load_key_ring(path) == RING
    turned = rotate_at_once(plan_rotation(RING, KINDS["signing"], NOW + DAY, NOW), KINDS["pepper"], NOW)
    save_key_ring(turned, path)
    assert load_key_ring(path) == turned


def test_the_file_is_for_its_owner_alone_and_nothing_is_left_beside_it(path: Path) -> None:
    save_key_ring(RING, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o400
    assert [entry.name for entry in path.parent.iterdir()] == ["keyring.json"]


def test_the_file_is_never_open_to_others_whatever_the_mask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        save_key_ring(RING, tmp_path / "keyring.json")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "keyring.json").stat().st_mode) == 0o400


def test_a_save_that_fails_keeps_the_old_file(path: Path) -> None:
    broken = replace(RING, signing_keys=(object(),))  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        save_key_ring(broken, path)
    assert load_key_ring(path) == RING
    assert [entry.name for entry in path.parent.iterdir()] == ["keyring.json"]


def test_a_save_that_cannot_replace_leaves_no_keys_behind(tmp_path: Path) -> None:
    (tmp_path / "keyring.json").mkdir()
    with pytest.raises(OSError, match=r"keyring\.json"):
        save_key_ring(RING, tmp_path / "keyring.json")
    assert [entry.name for entry in tmp_path.iterdir()] == ["keyring.json"]


def test_a_link_to_a_good_file_is_followed(path: Path) -> None:
    link = path.with_name("link")
    link.symlink_to(path)
    assert load_key_ring(link) == RING


@pytest.mark.parametrize("mode", [0o404, 0o444, 0o440, 0o640, 0o460, 0o420, 0o410, 0o401, 0o402, 0o644])
def test_a_file_that_others_may_open_is_refused(path: Path, mode: int) -> None:
    path.chmod(mode)
    if os.geteuid() == 0:
        os.chown(path, 0, 12345)
    assert "run `chmod 0400" in _refusal(path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a file as systemd does")
def test_the_way_systemd_hands_over_a_credential_is_accepted(path: Path) -> None:
    os.chown(path, 0, 0)
    path.chmod(0o440)
    assert load_key_ring(path) == RING
    path.chmod(0o640)
    assert "run `chmod 0400" in _refusal(path)


def test_a_missing_file_says_how_to_get_one(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    for missing in ("keyring.json", "file/keyring.json", "dangling"):
        assert "is missing: restore it, or run `badgepin init`" in _refusal(tmp_path / missing)


def test_only_a_regular_file_is_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o400)
    for other in (tmp_path, tmp_path / "pipe", Path(os.devnull)):
        assert "not a regular file" in _refusal(other)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"{",
        b"\xff",
        b'{"version":1,"peppers":[{"kid":"\xff"}]}',
        b"[" * 100_000,
        b'{"x":' * 100_000,
    ],
    ids=range(9),
)
def test_what_is_no_key_ring_is_refused(path: Path, content: bytes) -> None:
    _rewrite(path, content)
    assert "restore it from a copy" in _refusal(path)


def test_half_a_file_is_refused_wherever_it_is_cut(path: Path) -> None:
    whole = path.read_bytes()
    for length in range(0, len(whole) - 1, 97):
        _rewrite(path, whole[:length])
        assert "restore it from a copy" in _refusal(path)


def _first(file: dict[str, Any]) -> dict[str, Any]:
    key: dict[str, Any] = file["signing_keys"][0]
    return key


CHANGES: dict[str, Change] = {
    "another version": lambda file: file.update(version=3),
    "no version": lambda file: file.pop("version"),
    "an unknown member": lambda file: file.update(extra=1),
    "no pepper": lambda file: file.update(peppers=[]),
    "no row key": lambda file: file.update(row_macs=[]),
    "no challenge key": lambda file: file.update(challenges=[]),
    "no seal": lambda file: file.update(seals=[]),
    "a short key": lambda file: file["peppers"][0].update(key="AA=="),
    "a key that is not base64": lambda file: file["peppers"][0].update(key="?"),
    "two peppers of one name": lambda file: file["peppers"].append(file["peppers"][0]),
    "no signing key": lambda file: file.update(signing_keys=[]),
    "a time that is none": lambda file: _first(file).update(active_at="soon"),
    "a time without a zone": lambda file: _first(file).update(active_at="2026-11-24T12:00:00"),
    "a signing key that is not PEM": lambda file: _first(file).update(pem="x"),
    "a signing key on a curve": lambda file: _first(file).update(pem=_pem()),
    "a signing key under a password": lambda file: _first(file).update(pem=_pem(password=b"x")),
    "an audit key that is not PEM": lambda file: file["audit_keys"][0].update(pem=""),
    "no audit key": lambda file: file.update(audit_keys=[]),
    "an audit key of RSA": lambda file: file["audit_keys"][0].update(pem=_first(file)["pem"]),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_ring_that_is_not_whole_is_refused(path: Path, change: Change) -> None:
    file = json.loads(path.read_bytes())
    change(file)
    _rewrite(path, json.dumps(file).encode())
    sentence = _refusal(path)
    assert sentence.endswith(".")
    assert "restore it" in sentence or "use that one" in sentence


def test_a_signing_key_whose_modulus_is_damaged_is_refused(path: Path) -> None:
    file = json.loads(path.read_bytes())
    head, *lines, foot = _first(file)["pem"].split("\n")[:-1]
    for place in range(8):
        damaged = [
            line if each != place else line[:9] + ("A" if line[9] != "A" else "B") + line[10:]
            for each, line in enumerate(lines)
        ]
        _first(file).update(pem="\n".join([head, *damaged, foot, ""]))
        _rewrite(path, json.dumps(file).encode())
        assert "restore it" in _refusal(path), place


def test_no_key_shows_in_a_repr_or_a_refusal(path: Path) -> None:
    secrets = [key.key for keys in (RING.peppers, RING.row_macs, RING.challenges, RING.seals) for key in keys]
    shown = repr(RING) + repr(RING.signing_keys) + str(RING)
    _rewrite(path, path.read_bytes()[:-40])
    shown += _refusal(path)
    assert "PRIVATE KEY" not in shown
    assert not [secret for secret in secrets if repr(secret) in shown or secret.hex() in shown]


def _of_version_1(path: Path, *states: str) -> None:
    file = json.loads(path.read_bytes())
    [key] = file["signing_keys"]
    times = {"since": "2026-11-23T12:00:00+00:00"}
    file["signing_keys"] = [
        {"kid": f"k{n}", "state": state, "pem": key["pem"]} | times for n, state in enumerate(states)
    ]
    for name in ("peppers", "row_macs", "challenges", "seals", "journals", "backups"):
        file[name][0].pop("active_at")
    file["audit_signing_key"] = file.pop("audit_keys")[0]["pem"]
    file.pop("journals")
    _rewrite(path, json.dumps({**file, "version": 1}).encode())


def test_a_ring_of_the_version_that_kept_states_is_read(path: Path) -> None:
    _of_version_1(path, "retired", "active", "next")
    ring = load_key_ring(path)
    assert [key.kid for key in ring.at(NOW).signing_keys] == ["k1", "k0"], "a key that never signed is made anew"
    assert [key.kid for key in ring.at(NOW + 3 * DAY).signing_keys] == ["k1"]
    assert ring.at(NOW).peppers[0].key == RING.peppers[0].key
    assert CheckpointKey(ring).kid == CheckpointKey(RING).kid
    assert journal_keys(ring) == journal_keys(rotate_at_once(ring, KINDS["audit"], NOW)), "it is derived from the first"


@pytest.mark.parametrize("states", [(), ("retired",), ("active", "active"), ("active", "gone")], ids=str)
def test_states_that_make_no_sense_are_refused(path: Path, states: tuple[str, ...]) -> None:
    _of_version_1(path, *states)
    assert "restore it from a copy" in _refusal(path)


def test_a_file_that_was_replaced_or_written_to_has_another_stamp(path: Path) -> None:
    first = stamp(path)
    assert stamp(path) == first
    save_key_ring(RING, path)
    second = stamp(path)
    path.chmod(0o600)
    assert len({first, second, stamp(path), stamp(path.with_name("missing"))}) == 4


def test_changes_that_meet_are_all_there_afterwards(path: Path) -> None:
    kinds = [KINDS[name] for name in ("pepper", "challenge", "seal", "row-mac") * 2]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda kind: change_key_ring(path, None, lambda ring: rotate_at_once(ring, kind, NOW)), kinds))
    ring = load_key_ring(path)
    assert (len(ring.peppers), len(ring.row_macs)) == (3, 3)


@pytest.fixture
def kek(tmp_path: Path) -> Path:
    where = tmp_path / "kek"
    add_kek(where)
    return where


def test_under_a_kek_nothing_of_the_ring_is_in_clear(path: Path, kek: Path) -> None:
    save_key_ring(RING, path, kek)
    written = path.read_bytes()
    assert kek_of(path) == kek.read_text().split()[0]
    assert stat.S_IMODE(kek.stat().st_mode) == stat.S_IMODE(path.stat().st_mode) == 0o400
    clear = [b"PRIVATE", b"peppers", *(key.kid.encode() for key in (*RING.peppers, *RING.signing_keys))]
    assert not [word for word in clear if word in written]
    assert load_key_ring(path, kek) == RING


def test_a_ring_in_clear_is_read_where_a_kek_is_named_and_written_under_it(path: Path, kek: Path) -> None:
    assert load_key_ring(path, kek) == RING
    change_key_ring(path, kek, lambda ring: rotate_at_once(ring, KINDS["seal"], NOW))
    assert kek_of(path) is not None


def test_a_new_kek_opens_what_the_old_one_closed_until_it_is_dropped(path: Path, kek: Path) -> None:
    save_key_ring(RING, path, kek)
    add_kek(kek)
    assert load_key_ring(path, kek) == RING, "a node that reads between the two steps"
    before = path.read_bytes()
    save_key_ring(RING, path, kek)
    assert drop_older_keks(kek) == 1
    assert load_key_ring(path, kek) == RING
    _rewrite(path, before)
    with pytest.raises(KeyRingRefused, match="lacks the KEK"):
        load_key_ring(path, kek)


def test_an_encrypted_ring_that_does_not_open_is_refused(path: Path, kek: Path, tmp_path: Path) -> None:
    save_key_ring(RING, path, kek)
    assert "set key_encryption_key" in _refusal(path)
    whole, line = json.loads(path.read_bytes()), kek.read_text()
    other = tmp_path / "other"
    add_kek(other)
    forged = other.read_text().split()[1]
    for content in (f"{line.split()[0]} {forged}\n", "", "x\n", line + line, line.split()[0] + " AAAA\n"):
        _rewrite(kek, content.encode())
        with pytest.raises(KeyRingRefused, match=r"restore it"):
            load_key_ring(path, kek)
    _rewrite(kek, line.encode())
    for change in ({"kek": "other"}, {"nonce": "AAAA"}, {"ciphertext": whole["nonce"]}, {"extra": 1}):
        _rewrite(path, json.dumps({**whole, **change}).encode())
        with pytest.raises(KeyRingRefused, match=r"restore it"):
            load_key_ring(path, kek)


def test_every_key_of_a_new_ring_is_its_own() -> None:
    other = create_key_ring(NOW)
    keys = [
        key
        for ring in (RING, other)
        for keys in (ring.peppers, ring.row_macs, ring.challenges, ring.seals)
        for key in keys
    ]
    assert len({key.key for key in keys}) == len({key.kid for key in keys}) == len(keys) == 8
    assert load_pem_private_key(RING.active_signing_key.pem.encode(), None).key_size == 3072  # type: ignore[union-attr]
