"""PINs at rest: Argon2id under a pepper, bound to the row, in a pool with room for few (security design 3.4)."""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from argon2.low_level import Type, hash_secret_raw
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from badgepin.crypto import pin_hash
from badgepin.crypto.key_ring import create_key_ring
from badgepin.crypto.key_rotation import KINDS, rotate_at_once
from badgepin.crypto.pin_hash import (
    FLOOR_KIB,
    Cost,
    HasherBusy,
    PepperMissing,
    PinHasher,
    PinRow,
    calibrate,
    hash_pin,
    is_pepper_right,
    is_pin,
    under_pepper,
)

NOW = datetime(2026, 11, 23, tzinfo=UTC)
RING, OTHER = create_key_ring(NOW), create_key_ring(NOW)
CHEAP = Cost(memory_kib=8, iterations=1, parallelism=1)
ROW = PinRow("user", "pin", 1)
HASHED = hash_pin("09599786", ROW, cost=CHEAP, ring=RING)


def test_the_pin_is_recognised_and_no_other() -> None:
    assert is_pin("09599786", HASHED, ROW, ring=RING)
    for other in ("09599787", "9599786", "009599786", "", "09599786 ", "٠٩٥٩٩٧٨٦"):
        assert not is_pin(other, HASHED, ROW, ring=RING)


def test_the_row_is_built_as_the_design_says() -> None:
    bound = b"pin1|user|pin|1|8|1|1"
    kept = AESGCM(RING.peppers[0].key).decrypt(HASHED.nonce, HASHED.ciphertext, bound)
    assert kept == hash_secret_raw(b"09599786", HASHED.salt, 1, 8, 1, 32, Type.ID)
    assert (len(HASHED.salt), len(HASHED.nonce), HASHED.kid) == (16, 12, RING.peppers[0].kid)


def test_the_same_pin_never_looks_the_same_twice() -> None:
    hashes = [hash_pin("09599786", ROW, cost=CHEAP, ring=RING) for _ in range(50)]
    for name in ("salt", "nonce", "ciphertext"):
        assert len({getattr(hashed, name) for hashed in hashes}) == 50


@pytest.mark.parametrize(
    "row", [PinRow("user2", "pin", 1), PinRow("user", "pin2", 1), PinRow("user", "pin", 2), PinRow("use", "rpin", 1)]
)
def test_a_hash_copied_to_another_row_opens_nothing(row: PinRow) -> None:
    assert not is_pin("09599786", HASHED, row, ring=RING)
    assert not is_pepper_right(HASHED, row, RING.peppers[0])


def test_a_changed_hash_opens_nothing() -> None:
    flipped = bytes([HASHED.ciphertext[0] ^ 1]) + HASHED.ciphertext[1:]
    for changed in (
        replace(HASHED, iterations=2),
        replace(HASHED, memory_kib=16),
        replace(HASHED, salt=bytes(16)),
        replace(HASHED, nonce=bytes(12)),
        replace(HASHED, ciphertext=flipped),
    ):
        assert not is_pin("09599786", changed, ROW, ring=RING)


def test_without_its_pepper_a_hash_is_useless() -> None:
    with pytest.raises(PepperMissing):
        is_pin("09599786", HASHED, ROW, ring=OTHER)
    renamed = replace(HASHED, kid=OTHER.peppers[0].kid)
    assert not is_pin("09599786", renamed, ROW, ring=OTHER)
    assert is_pepper_right(HASHED, ROW, RING.peppers[0])
    assert not is_pepper_right(HASHED, ROW, OTHER.peppers[0])


def test_a_new_pepper_takes_over_without_the_pin() -> None:
    turned = rotate_at_once(RING, KINDS["pepper"], NOW)
    assert is_pin("09599786", HASHED, ROW, ring=turned), "the old pepper stays for its rows"
    moved = under_pepper(HASHED, ROW, ring=turned)
    assert moved.kid == turned.peppers[0].kid
    assert moved.nonce != HASHED.nonce
    only_new = replace(turned, peppers=turned.peppers[:1])
    assert is_pin("09599786", moved, ROW, ring=only_new)
    assert not is_pin("09599787", moved, ROW, ring=only_new)
    for row, ring in ((PinRow("user2", "pin", 1), turned), (ROW, OTHER)):
        with pytest.raises(PepperMissing):
            under_pepper(HASHED, row, ring=ring)


def test_nothing_of_a_hash_shows_in_its_repr() -> None:
    shown = repr(HASHED)
    for secret in (HASHED.salt, HASHED.nonce, HASHED.ciphertext):
        assert repr(secret) not in shown


def test_the_cost_is_never_below_the_floor(monkeypatch: pytest.MonkeyPatch) -> None:
    assert FLOOR_KIB == 19 * 1024
    assert FLOOR_KIB <= calibrate().memory_kib <= 64 * 1024
    monkeypatch.setattr(pin_hash, "_WANTED_PER_SECOND", 10**9)
    assert calibrate() == Cost(memory_kib=FLOOR_KIB, iterations=2, parallelism=1), "a slow machine"
    monkeypatch.setattr(pin_hash, "_WANTED_PER_SECOND", 10**-9)
    assert calibrate() == Cost(memory_kib=64 * 1024, iterations=2, parallelism=1), "a fast machine"


@pytest.fixture
def hasher() -> Iterator[PinHasher]:
    pool = PinHasher(workers=2, cost=CHEAP, keys=lambda: RING)
    yield pool
    pool.close()


def test_the_pool_hashes_and_checks_off_the_event_loop(hasher: PinHasher, monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[str] = []
    real = pin_hash._argon2

    def noted(digits: str, salt: bytes, cost: Cost) -> bytes:
        threads.append(threading.current_thread().name)
        return real(digits, salt, cost)

    monkeypatch.setattr(pin_hash, "_argon2", noted)

    async def use() -> tuple[bool, bool]:
        async with hasher.slot() as slot:
            hashed = await slot.hash("09599786", ROW)
            return await slot.is_pin("09599786", hashed, ROW), await slot.is_pin("09599787", hashed, ROW)

    assert asyncio.run(use()) == (True, False)
    assert len(threads) == 3
    assert all(name.startswith("pin-hash") for name in threads)


def test_a_full_pool_turns_guests_away_after_half_a_second_and_recovers(hasher: PinHasher) -> None:
    async def fill(places: AsyncExitStack) -> None:
        for _ in range(hasher.places):
            await places.enter_async_context(hasher.slot())

    async def one_too_many() -> float:
        async with AsyncExitStack() as places:
            await fill(places)
            started = time.monotonic()
            with pytest.raises(HasherBusy):
                async with hasher.slot():
                    pytest.fail("more guests than places")
            waited = time.monotonic() - started
        async with AsyncExitStack() as places:
            await fill(places)
        return waited

    assert hasher.places == 4
    assert 0.45 < asyncio.run(one_too_many()) < 2


def test_a_place_comes_back_whatever_happened_in_it(hasher: PinHasher) -> None:
    async def misuse() -> None:
        for _ in range(10):
            with pytest.raises(ZeroDivisionError):
                async with hasher.slot():
                    raise ZeroDivisionError
        waiting = [asyncio.create_task(_hold(hasher)) for _ in range(20)]
        await asyncio.sleep(0)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        async with AsyncExitStack() as places:
            for _ in range(hasher.places):
                await places.enter_async_context(hasher.slot())

    asyncio.run(misuse())


async def _hold(hasher: PinHasher) -> None:
    async with hasher.slot():
        await asyncio.sleep(60)


def test_never_more_hashes_at_once_than_workers(hasher: PinHasher, monkeypatch: pytest.MonkeyPatch) -> None:
    running, most, lock, real = 0, 0, threading.Lock(), pin_hash._argon2

    def watched(digits: str, salt: bytes, cost: Cost) -> bytes:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.01)
        raw = real(digits, salt, cost)
        with lock:
            running -= 1
        return raw

    monkeypatch.setattr(pin_hash, "_argon2", watched)

    async def one() -> None:
        async with hasher.slot() as slot:
            await slot.hash("09599786", ROW)

    async def many() -> None:
        await asyncio.gather(*(one() for _ in range(12)))

    asyncio.run(many())
    assert most == 2
