"""The Ed25519 key on a badge (security design 3.1, vector of 3.2)."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from badgepin.crypto.badge_key import WeakKey, new_badge_key, public_key_of, verify

SEED = bytes(range(32))
PUBLIC_KEY = bytes.fromhex("03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8")

# the curve of RFC 8032 5.1, worked out here by plain arithmetic, so that no table is believed
P = 2**255 - 19
D = -121665 * pow(121666, -1, P) % P
ORDER = 2**252 + 27742317777372353535851937790883648493
Point = tuple[int, int]


def _add(first: Point, second: Point) -> Point:
    (x1, y1), (x2, y2) = first, second
    product = D * x1 * x2 * y1 * y2 % P
    return (
        (x1 * y2 + x2 * y1) * pow(1 + product, -1, P) % P,
        (y1 * y2 + x1 * x2) * pow(1 - product, -1, P) % P,
    )


def _times(count: int, point: Point) -> Point:
    total: Point = (0, 1)
    while count:
        if count & 1:
            total = _add(total, point)
        point, count = _add(point, point), count >> 1
    return total


def _x_of(y: int) -> int | None:
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    for candidate in (x, x * pow(2, (P - 1) // 4, P) % P):
        if candidate * candidate % P == square:
            return candidate
    return None


def _sign(message: bytes) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(SEED).sign(message)


def _small_order_points() -> set[Point]:
    found: set[Point] = set()
    y = 2
    while len(found) < 8:
        x = _x_of(y)
        if x is not None:
            found.add(_times(ORDER, (x, y)))
        y += 1
    return found


def _encodings(point: Point) -> set[bytes]:
    x, y = point
    ways = {(y, x & 1)}
    if y + P < 2**255:
        ways.add((y + P, x & 1))
    if x == 0:
        ways |= {(written, 1) for written, _ in ways}
    return {(written | sign << 255).to_bytes(32, "little") for written, sign in ways}


WEAK = sorted(encoding for point in _small_order_points() for encoding in _encodings(point))


def test_the_vector_of_the_design_has_this_public_key() -> None:
    assert public_key_of(SEED) == PUBLIC_KEY


def test_there_are_eight_points_of_small_order_and_fourteen_ways_to_write_them() -> None:
    assert len(_small_order_points()) == 8
    assert all(_times(8, point) == (0, 1) for point in _small_order_points())
    assert len(WEAK) == 14


@pytest.mark.parametrize("public_key", WEAK, ids=bytes.hex)
def test_no_key_of_small_order_is_believed(public_key: bytes) -> None:
    with pytest.raises(WeakKey):
        verify(public_key, b"challenge", b"\x01" + b"\0" * 63)


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_a_key_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(WeakKey):
        verify(PUBLIC_KEY.ljust(64, b"\0")[:length], b"challenge", b"\0" * 64)


def test_new_keys_differ_and_their_seed_does_not_show() -> None:
    (first, first_public), (second, second_public) = new_badge_key(), new_badge_key()
    assert first.reveal() != second.reveal()
    assert first_public != second_public
    assert len(first.reveal()) == len(first_public) == 32
    assert public_key_of(first.reveal()) == first_public
    for shown in (repr(first), str(first), f"{first}", repr([first])):
        assert first.reveal().hex() not in shown
        assert repr(first.reveal()) not in shown


@given(st.binary(max_size=200), st.integers(0, 511))
def test_a_signature_holds_for_its_message_and_no_bit_may_change(message: bytes, bit: int) -> None:
    signature = _sign(message)
    assert verify(PUBLIC_KEY, message, signature)
    assert not verify(PUBLIC_KEY, message + b"x", signature)
    changed = bytearray(signature)
    changed[bit // 8] ^= 1 << bit % 8
    assert not verify(PUBLIC_KEY, message, bytes(changed))


@pytest.mark.parametrize("signature", [b"", b"\0" * 64, b"\xff" * 64, b"\0" * 63, b"\0" * 65])
def test_what_is_no_signature_is_refused(signature: bytes) -> None:
    assert not verify(PUBLIC_KEY, b"challenge", signature)


def test_a_signature_with_its_scalar_raised_by_the_order_is_refused() -> None:
    signature = _sign(b"challenge")
    raised = int.from_bytes(signature[32:], "little") + ORDER
    assert not verify(PUBLIC_KEY, b"challenge", signature[:32] + raised.to_bytes(32, "little"))
