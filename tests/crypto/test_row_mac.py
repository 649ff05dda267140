"""The MAC over a code's row: no field may change, move into its neighbour, or be sealed by another (design 3.5)."""

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from badgepin.crypto.key_ring import create_key_ring
from badgepin.crypto.row_mac import CodeRow, is_row_intact, row_mac

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
RING, OTHER = create_key_ring(NOW), create_key_ring(NOW)
ROW = CodeRow("code", "user", "standard", "Ed25519", b"k" * 32, NOW, NOW + timedelta(days=365), None, 1)
KEY_ID, MAC = row_mac(RING, ROW)
CHANGES: Mapping[str, Any] = {
    "qr_code_id": "codf",
    "user_id": "usex",
    "kind": "temporary",
    "algorithm": "P-256",
    "public_key": b"k" * 31 + b"l",
    "start_at": NOW - timedelta(microseconds=1),
    "expire_at": NOW + timedelta(days=366),
    "activated_at": NOW,
    "revision": 2,
}


def test_a_row_as_it_was_sealed_is_intact() -> None:
    assert is_row_intact(RING, ROW, KEY_ID, MAC)
    assert RING.row_macs[0].kid == KEY_ID
    assert len(MAC) == 32


def test_every_field_has_its_change_below() -> None:
    assert CHANGES.keys() == {field.name for field in fields(CodeRow)}


@pytest.mark.parametrize("name", CHANGES)
def test_no_field_may_change(name: str) -> None:
    assert not is_row_intact(RING, replace(ROW, **{name: CHANGES[name]}), KEY_ID, MAC)


def test_no_letter_may_move_to_the_next_field() -> None:
    moved = replace(ROW, qr_code_id="codeu", user_id="ser")
    assert not is_row_intact(RING, moved, KEY_ID, MAC)


@pytest.mark.parametrize("mac", [b"", MAC[:-1], MAC + b"\0", bytes(32)])
def test_another_mac_does_not_do(mac: bytes) -> None:
    assert not is_row_intact(RING, ROW, KEY_ID, mac)


def test_only_a_key_of_this_ring_counts() -> None:
    assert not is_row_intact(OTHER, ROW, KEY_ID, MAC)
    assert not is_row_intact(OTHER, ROW, OTHER.row_macs[0].kid, MAC)
    assert not is_row_intact(RING, ROW, "", MAC)


def test_an_older_key_still_vouches() -> None:
    turned = replace(RING, row_macs=(OTHER.row_macs[0], RING.row_macs[0]))
    assert is_row_intact(turned, ROW, KEY_ID, MAC)
    assert row_mac(turned, ROW)[0] == OTHER.row_macs[0].kid
