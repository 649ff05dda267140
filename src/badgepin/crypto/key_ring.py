"""The key ring: every key of the installation, in one file outside the database (security design 3.5)."""

import os
import stat
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path

import msgspec
import pyrage
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from badgepin.crypto.randomness import new_key_id

_VERSION = 1
_RSA_BITS = 3072
_SYMMETRIC = 32


class KeyRingRefused(Exception):
    """The key ring cannot be used; the sentence says what to do."""


class KeyState(StrEnum):
    """The life of a token signing key."""

    NEXT = "next"
    ACTIVE = "active"
    RETIRED = "retired"


class SymmetricKey(msgspec.Struct, frozen=True):
    """32 random bytes with a name."""

    kid: str
    key: bytes

    def __repr__(self) -> str:
        return f"SymmetricKey({self.kid})"


class SigningKey(msgspec.Struct, frozen=True):
    """An RSA key (PEM, PKCS#8) that signs tokens, with its state and when it got there (ISO 8601)."""

    kid: str
    state: KeyState
    since: str
    pem: str

    def __repr__(self) -> str:
        return f"SigningKey({self.kid}, {self.state})"


class BackupKey(msgspec.Struct, frozen=True):
    """An age identity (X25519): its public half encrypts backups, and the `age` tool can open them with it."""

    kid: str
    identity: str

    def __repr__(self) -> str:
        return f"BackupKey({self.kid})"


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: int
    peppers: list[SymmetricKey]
    row_macs: list[SymmetricKey]
    challenges: list[SymmetricKey]
    seals: list[SymmetricKey]
    audit_signing_key: str
    signing_keys: list[SigningKey]
    # rings of older versions lack these
    journals: list[SymmetricKey] = []
    backups: list[BackupKey] = []


@dataclass(frozen=True)
class KeyRing:
    """The first key of each list is the one in use; older ones stay to check and open what they made."""

    peppers: tuple[SymmetricKey, ...]
    row_macs: tuple[SymmetricKey, ...]
    challenges: tuple[SymmetricKey, ...]
    seals: tuple[SymmetricKey, ...]
    audit_signing_key: str = field(repr=False)
    signing_keys: tuple[SigningKey, ...]
    journals: tuple[SymmetricKey, ...] = ()
    backups: tuple[BackupKey, ...] = ()

    @property
    def active_signing_key(self) -> SigningKey:
        """The key that signs new tokens."""
        return next(key for key in self.signing_keys if key.state is KeyState.ACTIVE)

    def pepper(self, kid: str) -> SymmetricKey | None:
        """The pepper of that name."""
        return next((key for key in self.peppers if key.kid == kid), None)


def create_key_ring(now: datetime) -> KeyRing:
    """A ring of fresh keys."""
    audit = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return KeyRing(
        (_symmetric(),),
        (_symmetric(),),
        (_symmetric(),),
        (_symmetric(),),
        audit,
        (_signing(KeyState.ACTIVE, now),),
        (_symmetric(),),
        (_backup(),),
    )


def complete(ring: KeyRing) -> KeyRing:
    """A ring of an older version with the keys it lacks; the journal's key is the one in use meanwhile."""
    return replace(ring, journals=journal_keys(ring), backups=ring.backups or (_backup(),))


def journal_keys(ring: KeyRing) -> tuple[SymmetricKey, ...]:
    """The keys of the revocation journal; a ring of an older version gets one from the key it has always had."""
    if ring.journals:
        return ring.journals
    derived = HKDF(hashes.SHA256(), _SYMMETRIC, salt=None, info=b"badgepin/journal/v1")
    return (SymmetricKey("first", derived.derive(ring.audit_signing_key.encode())),)


def rotate_signing_key(ring: KeyRing, now: datetime) -> KeyRing:
    """Move every token key one state on: `next` signs, `active` only verifies, and a new `next` is published.

    A ring without a `next` key gets one first, and the active key goes on signing until the rotation after.
    """
    since = now.isoformat()
    if not any(key.state is KeyState.NEXT for key in ring.signing_keys):
        return replace(ring, signing_keys=(*ring.signing_keys, _signing(KeyState.NEXT, now)))
    moved = [
        msgspec.structs.replace(
            key, state=KeyState.ACTIVE if key.state is KeyState.NEXT else KeyState.RETIRED, since=since
        )
        for key in ring.signing_keys
        if key.state is not KeyState.RETIRED
    ]
    return replace(ring, signing_keys=(*moved, _signing(KeyState.NEXT, now)))


def add_pepper(ring: KeyRing) -> KeyRing:
    """A new pepper for new PINs; the old ones stay for the rows they protect."""
    return replace(ring, peppers=(_symmetric(), *ring.peppers))


def load_key_ring(path: Path) -> KeyRing:
    """Read the ring. Raises `KeyRingRefused` when it is missing, readable by others, or not whole."""
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise KeyRingRefused(
            f"The key ring {path} is missing: restore it, or run `badgepin init` for a new one."
        ) from None
    except OSError as error:
        raise KeyRingRefused(f"The key ring {path} cannot be looked at ({error.strerror}).") from error
    if not stat.S_ISREG(found.st_mode):
        raise KeyRingRefused(f"The key ring {path} is not a regular file.")
    if _others_may_open(found):
        raise KeyRingRefused(f"The key ring {path} can be read by others: run `chmod 0400 {path}`.")
    try:
        file = msgspec.json.decode(path.read_bytes(), type=_File)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, OSError) as error:
        raise KeyRingRefused(f"The key ring {path} cannot be read ({error}): restore it from a copy.") from error
    if file.version != _VERSION:
        raise KeyRingRefused(f"The key ring {path} was written by another version of Badgepin: use that one.")
    ring = KeyRing(
        tuple(file.peppers),
        tuple(file.row_macs),
        tuple(file.challenges),
        tuple(file.seals),
        file.audit_signing_key,
        tuple(file.signing_keys),
        tuple(file.journals),
        tuple(file.backups),
    )
    _check(ring, path)
    return ring


def save_key_ring(ring: KeyRing, path: Path) -> None:
    """Write the ring with mode 0400; a crash leaves either the old file or the new one."""
    file = _File(
        _VERSION,
        list(ring.peppers),
        list(ring.row_macs),
        list(ring.challenges),
        list(ring.seals),
        ring.audit_signing_key,
        list(ring.signing_keys),
        list(ring.journals),
        list(ring.backups),
    )
    fresh = path.with_name(f".{path.name}.{new_key_id()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(msgspec.json.format(msgspec.json.encode(file), indent=1))
            stream.flush()
            os.fsync(stream.fileno())
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _symmetric() -> SymmetricKey:
    return SymmetricKey(new_key_id(), os.urandom(_SYMMETRIC))


def _backup() -> BackupKey:
    return BackupKey(new_key_id(), str(pyrage.x25519.Identity.generate()))


def _signing(state: KeyState, now: datetime) -> SigningKey:
    key = rsa.generate_private_key(public_exponent=65537, key_size=_RSA_BITS)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return SigningKey(new_key_id(), state, now.isoformat(), pem)


def _others_may_open(found: os.stat_result) -> bool:
    # systemd hands a credential to a service's user by an ACL, which shows as root's own file with mode 0440
    by_systemd = found.st_uid == found.st_gid == 0 and stat.S_IMODE(found.st_mode) == 0o440  # noqa: PLR2004 - a mode
    return bool(found.st_mode & 0o077) and not by_systemd


def _check(ring: KeyRing, path: Path) -> None:
    symmetric = (*ring.peppers, *ring.row_macs, *ring.challenges, *ring.seals, *ring.journals)
    if not (ring.peppers and ring.row_macs and ring.challenges and ring.seals):
        raise KeyRingRefused(f"The key ring {path} lacks a key: restore it from a copy.")
    for family in (
        ring.peppers,
        ring.row_macs,
        ring.challenges,
        ring.seals,
        ring.signing_keys,
        ring.journals,
        ring.backups,
    ):
        if len({key.kid for key in family}) != len(family):
            raise KeyRingRefused(f"The key ring {path} holds two keys of one name: restore it from a copy.")
    if any(len(key.key) != _SYMMETRIC for key in symmetric):
        raise KeyRingRefused(f"The key ring {path} holds a key of the wrong length: restore it from a copy.")
    if sum(key.state is KeyState.ACTIVE for key in ring.signing_keys) != 1:
        raise KeyRingRefused(f"The key ring {path} must hold exactly one active signing key: restore it from a copy.")
    wanted = [(ring.audit_signing_key, Ed25519PrivateKey), *((key.pem, rsa.RSAPrivateKey) for key in ring.signing_keys)]
    try:
        right = all(isinstance(load_pem_private_key(pem.encode(), password=None), kind) for pem, kind in wanted)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyRingRefused(f"The key ring {path} holds a key that cannot be read: restore it from a copy.") from error
    try:
        for backup in ring.backups:
            pyrage.x25519.Identity.from_str(backup.identity)
    except pyrage.IdentityError as error:
        raise KeyRingRefused(
            f"The key ring {path} holds a backup key that is not one: restore it from a copy."
        ) from error
    if not right:
        raise KeyRingRefused(f"The key ring {path} holds a key of the wrong kind: restore it from a copy.")
