"""PIN hashes: Argon2id, encrypted under a pepper that is not in the database (security design 3.4)."""

import asyncio
import hmac
import os
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from badgepin.crypto.key_ring import KeyRing, SymmetricKey
from badgepin.domain.hashed_pin import HashedPin

_SALT = 16
_NONCE = 12
_HASH = 32
_SLOT_WAIT = 0.5
_PLACES_A_WORKER = 2
_STEP_BACK = 0.01
FLOOR_KIB = 19 * 1024
_CANDIDATES_KIB = (64 * 1024, 46 * 1024, 32 * 1024, 24 * 1024)
_WANTED_PER_SECOND = 20


class HasherBusy(Exception):
    """No hash slot became free in time; nothing was charged. Doors answer 503 with `Retry-After`."""


class PepperMissing(Exception):
    """A PIN row names a pepper that the key ring does not hold."""


@dataclass(frozen=True)
class Cost:
    """Argon2id's cost; the floor is 19 MiB, 2 passes, 1 lane."""

    memory_kib: int = 32 * 1024
    iterations: int = 2
    parallelism: int = 1


@dataclass(frozen=True)
class PinRow:
    """Whose PIN a hash is: bound into the encryption, so that a copied row opens nothing."""

    user_id: str
    pin_id: str
    version: int


def hash_pin(digits: str, row: PinRow, *, cost: Cost, ring: KeyRing) -> HashedPin:
    """Hash and encrypt; takes tens of milliseconds of one core."""
    pepper, salt, nonce = ring.peppers[0], os.urandom(_SALT), os.urandom(_NONCE)
    raw = _argon2(digits, salt, cost)
    ciphertext = AESGCM(pepper.key).encrypt(nonce, raw, _bound_to(row, cost))
    return HashedPin(cost.memory_kib, cost.iterations, cost.parallelism, salt, pepper.kid, nonce, ciphertext)


def is_pin(digits: str, hashed: HashedPin, row: PinRow, *, ring: KeyRing) -> bool:
    """Whether these digits are the PIN. Raises `PepperMissing`; a row of somebody else is simply not the PIN."""
    pepper = ring.pepper(hashed.kid)
    if pepper is None:
        raise PepperMissing(f"The key ring lacks the pepper {hashed.kid}.")
    cost = Cost(hashed.memory_kib, hashed.iterations, hashed.parallelism)
    given = _argon2(digits, hashed.salt, cost)
    try:
        kept = AESGCM(pepper.key).decrypt(hashed.nonce, hashed.ciphertext, _bound_to(row, cost))
    except (InvalidTag, ValueError):
        return False
    return hmac.compare_digest(given, kept)


def is_pepper_right(hashed: HashedPin, row: PinRow, pepper: SymmetricKey) -> bool:
    """Whether a pepper opens a kept hash. No PIN is needed: the encryption vouches for itself."""
    cost = Cost(hashed.memory_kib, hashed.iterations, hashed.parallelism)
    try:
        AESGCM(pepper.key).decrypt(hashed.nonce, hashed.ciphertext, _bound_to(row, cost))
    except (InvalidTag, ValueError):
        return False
    return True


def under_pepper(hashed: HashedPin, row: PinRow, *, ring: KeyRing) -> HashedPin:
    """The same hash under the ring's newest pepper; nobody's PIN is needed for that.

    Raises `PepperMissing` when the old pepper is gone or does not open the row.
    """
    old, new, nonce = ring.pepper(hashed.kid), ring.peppers[0], os.urandom(_NONCE)
    if old is None or not is_pepper_right(hashed, row, old):
        raise PepperMissing(f"The key ring lacks the pepper {hashed.kid}.")
    bound = _bound_to(row, Cost(hashed.memory_kib, hashed.iterations, hashed.parallelism))
    raw = AESGCM(old.key).decrypt(hashed.nonce, hashed.ciphertext, bound)
    return replace(hashed, kid=new.kid, nonce=nonce, ciphertext=AESGCM(new.key).encrypt(nonce, raw, bound))


def calibrate() -> Cost:
    """The most memory that still gives 20 hashes a second at half of one core, never below the floor."""
    for memory in _CANDIDATES_KIB:
        started = time.perf_counter()
        _argon2("0" * 8, b"\0" * _SALT, Cost(memory_kib=memory))
        if time.perf_counter() - started < (os.cpu_count() or 1) / 2 / _WANTED_PER_SECOND:
            return Cost(memory_kib=memory)
    return Cost(memory_kib=FLOOR_KIB)


def _argon2(digits: str, salt: bytes, cost: Cost) -> bytes:
    return hash_secret_raw(
        digits.encode(),
        salt,
        time_cost=cost.iterations,
        memory_cost=cost.memory_kib,
        parallelism=cost.parallelism,
        hash_len=_HASH,
        type=Type.ID,
    )


def _bound_to(row: PinRow, cost: Cost) -> bytes:
    fields = (row.user_id, row.pin_id, row.version, cost.memory_kib, cost.iterations, cost.parallelism)
    return "|".join(["pin1", *map(str, fields)]).encode()


class PinHasher:
    """A bounded pool: at most `workers` hashes at a time, so that memory and cores stay bounded too.

    There are twice as many places: while one guess is being charged, which waits for a disk, another one is hashed.
    `keys` is asked for the key ring at every hash.
    """

    def __init__(self, *, workers: int, cost: Cost, keys: Callable[[], KeyRing]) -> None:
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="pin-hash")
        self.places = workers * _PLACES_A_WORKER
        self._free = asyncio.Semaphore(self.places)
        self._for_the_patient = asyncio.Semaphore(workers)
        self._in_a_hurry = 0
        self._cost = cost
        self._keys = keys
        # told of every wait for a place, in seconds; None: none came free
        self.note_wait: Callable[[float | None], None] = lambda _: None

    @asynccontextmanager
    async def slot(self) -> AsyncIterator["HashSlot"]:
        """Hold a place in the pool; taken before a guess is charged. Raises `HasherBusy` after half a second."""
        began = time.perf_counter()
        self._in_a_hurry += 1
        try:
            async with asyncio.timeout(_SLOT_WAIT):
                await self._free.acquire()
        except TimeoutError:
            self.note_wait(None)
            raise HasherBusy from None
        finally:
            self._in_a_hurry -= 1
        self.note_wait(time.perf_counter() - began)
        try:
            yield HashSlot(self._pool, self._cost, self._keys)
        finally:
            self._free.release()

    @asynccontextmanager
    async def patient_slot(self) -> AsyncIterator["HashSlot"]:
        """Hold a place that nobody waits for at a sign-in, of half of them; waits as long as it takes.

        For work of many hashes: sign-ins go before it.
        """
        async with self._for_the_patient:
            while True:
                await self._free.acquire()
                if not self._in_a_hurry:
                    break
                self._free.release()
                await asyncio.sleep(_STEP_BACK)
            try:
                yield HashSlot(self._pool, self._cost, self._keys)
            finally:
                self._free.release()

    def close(self) -> None:
        """Let running hashes finish."""
        self._pool.shutdown()


@dataclass(frozen=True)
class HashSlot:
    """The right to run one hash at a time."""

    pool: ThreadPoolExecutor
    cost: Cost
    keys: Callable[[], KeyRing]

    async def hash(self, digits: str, row: PinRow) -> HashedPin:
        """Hash a new PIN off the event loop."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.pool, lambda: hash_pin(digits, row, cost=self.cost, ring=self.keys()))

    async def is_pin(self, digits: str, hashed: HashedPin, row: PinRow) -> bool:
        """Check a guess off the event loop."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.pool, lambda: is_pin(digits, hashed, row, ring=self.keys()))
