"""The key ring's file, and the file of the key that it may be encrypted under (KEK; security design 3.5).

An encrypted ring is a JSON object that names its KEK; the ring inside is AES-256-GCM with that name bound to it. The
KEK's file has a line for each KEK, `ID BASE64`, the first of which is the one in use.
"""

import base64
import binascii
import fcntl
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import NoReturn

import msgspec
import pyrage
from cryptography.exceptions import InvalidSignature, InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from badgepin.crypto.key_ring import (
    FAMILIES,
    SYMMETRIC_BYTES,
    AuditKey,
    BackupKey,
    Key,
    KeyRing,
    SigningKey,
    SymmetricKey,
)
from badgepin.crypto.randomness import new_key_id

_VERSION, _VERSION_WITH_STATES = 2, 1
_NONCE = 12

FileStamp = tuple[int, ...]
"""What changes whenever a file is replaced or written to."""


class KeyRingRefused(Exception):
    """The key ring cannot be used; the sentence says what to do."""


class _Version(msgspec.Struct, frozen=True):
    version: int
    kek: str | None = None


class _Encrypted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: int
    kek: str
    nonce: bytes
    ciphertext: bytes


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: int
    peppers: list[SymmetricKey]
    row_macs: list[SymmetricKey]
    challenges: list[SymmetricKey]
    seals: list[SymmetricKey]
    signing_keys: list[SigningKey]
    # rings of older versions lack these
    journals: list[SymmetricKey] = []
    backups: list[BackupKey] = []
    audit_keys: list[AuditKey] = []
    # and have this instead of the last
    audit_signing_key: str = ""


class _StatedKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    kid: str
    state: str
    since: datetime
    pem: str


class _OldFile(_File, frozen=True, forbid_unknown_fields=True):
    signing_keys: list[_StatedKey]  # type: ignore[assignment] # what they were before their times were kept


def load_key_ring(path: Path, kek: Path | None = None) -> KeyRing:
    """Read the ring. Raises `KeyRingRefused` when it is missing, readable by others, or not whole."""
    raw = _read(path, "key ring", "restore it, or run `badgepin init` for a new one")
    try:
        version = msgspec.json.decode(raw, type=_Version)
        if version.kek is not None:
            raw = _decrypt(msgspec.json.decode(raw, type=_Encrypted), path, kek)
            version = msgspec.json.decode(raw, type=_Version)
        if version.version not in {_VERSION, _VERSION_WITH_STATES}:
            raise KeyRingRefused(f"The key ring {path} was written by another version of Badgepin: use that one.")
        is_new = version.version == _VERSION
        file = msgspec.json.decode(raw, type=_File) if is_new else _timed(msgspec.json.decode(raw, type=_OldFile))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise KeyRingRefused(f"The key ring {path} cannot be read ({error}): restore it from a copy.") from error
    ring = KeyRing(
        tuple(file.peppers),
        tuple(file.row_macs),
        tuple(file.challenges),
        tuple(file.seals),
        tuple(file.signing_keys),
        tuple(file.journals),
        tuple(file.backups),
        tuple(file.audit_keys) or (AuditKey(kid="first", pem=file.audit_signing_key),),
        file.audit_signing_key,
    )
    _check(ring, path)
    return ring


def save_key_ring(ring: KeyRing, path: Path, kek: Path | None = None) -> None:
    """Write the ring with mode 0400; a crash leaves either the old file or the new one.

    Where there is a KEK it is encrypted under that. Raises `KeyRingRefused`: the KEK's file cannot be used.
    """
    families = {name: list(getattr(ring, name)) for name in FAMILIES}
    file = _File(version=_VERSION, audit_signing_key=ring.audit_signing_key, **families)
    content = msgspec.json.format(msgspec.json.encode(file), indent=1)
    _replace(path, content if kek is None else _encrypt(content, kek))


@contextmanager
def changing(path: Path) -> Iterator[None]:
    """One at a time may read the files beside this one and write them again."""
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def change_key_ring(path: Path, kek: Path | None, change: Callable[[KeyRing], KeyRing]) -> tuple[KeyRing, KeyRing]:
    """Read the ring, change it, write it; the ring before and after. Raises `KeyRingRefused` or `OSError`."""
    with changing(path):
        before = load_key_ring(path, kek)
        after = change(before)
        if after != before:
            save_key_ring(after, path, kek)
    return before, after


def add_kek(path: Path) -> str:
    """Put a fresh KEK in front of those in the file, which is made when it is missing; its name."""
    kid = new_key_id()
    line = f"{kid} {base64.b64encode(os.urandom(SYMMETRIC_BYTES)).decode()}\n"
    with changing(path):
        _replace(path, line.encode() + (_read(path, "KEK file", "restore it") if path.exists() else b""))
    return kid


def drop_older_keks(path: Path) -> int:
    """Leave only the KEK in use in the file; how many went."""
    with changing(path):
        lines = _read(path, "KEK file", "restore it").splitlines(keepends=True)
        if lines[1:]:
            _replace(path, lines[0])
    return len(lines) - 1


def kek_of(path: Path) -> str | None:
    """The name of the KEK that the ring is encrypted under, None where it is in clear. Raises `KeyRingRefused`."""
    try:
        return msgspec.json.decode(_read(path, "key ring", "restore it"), type=_Version).kek
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def stamp(path: Path, kek: Path | None = None) -> FileStamp:
    """What both files are now, cheaply; zeros stand for one that is missing."""
    return (*_stamp(path), *(_stamp(kek) if kek else ()))


def _stamp(path: Path) -> FileStamp:
    try:
        found = path.stat()
    except OSError:
        return (0,)
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def _read(path: Path, what: str, remedy: str) -> bytes:
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise KeyRingRefused(f"The {what} {path} is missing: {remedy}.") from None
    except OSError as error:
        raise KeyRingRefused(f"The {what} {path} cannot be looked at ({error.strerror}).") from error
    if not stat.S_ISREG(found.st_mode):
        raise KeyRingRefused(f"The {what} {path} is not a regular file.")
    if _others_may_open(found):
        raise KeyRingRefused(f"The {what} {path} can be read by others: run `chmod 0400 {path}`.")
    try:
        return path.read_bytes()
    except OSError as error:
        raise KeyRingRefused(f"The {what} {path} cannot be read ({error}): restore it from a copy.") from error


def _replace(path: Path, content: bytes) -> None:
    fresh = path.with_name(f".{path.name}.{new_key_id()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
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


def _others_may_open(found: os.stat_result) -> bool:
    # systemd hands a credential to a service's user by an ACL, which shows as root's own file with mode 0440
    by_systemd = found.st_uid == found.st_gid == 0 and stat.S_IMODE(found.st_mode) == 0o440  # noqa: PLR2004 - a mode
    return bool(found.st_mode & 0o077) and not by_systemd


def _keks(path: Path) -> dict[str, bytes]:
    keks: dict[str, bytes] = {}
    for line in (
        _read(path, "KEK file", "restore it, or run `badgepin keys rewrap --new`")
        .decode("utf-8", "replace")
        .splitlines()
    ):
        kid, _, text = line.partition(" ")
        try:
            key = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if len(key) != SYMMETRIC_BYTES or not kid or kid in keks:
            raise KeyRingRefused(f"The KEK file {path} holds a line that is no KEK: restore it from a copy.")
        keks[kid] = key
    if not keks:
        raise KeyRingRefused(f"The KEK file {path} is empty: restore it from a copy.")
    return keks


def _encrypt(content: bytes, kek: Path) -> bytes:
    kid, key = next(iter(_keks(kek).items()))
    nonce = os.urandom(_NONCE)
    sealed = AESGCM(key).encrypt(nonce, content, _bound_to(kid))
    return msgspec.json.format(msgspec.json.encode(_Encrypted(_VERSION, kid, nonce, sealed)), indent=1)


def _decrypt(file: _Encrypted, path: Path, kek: Path | None) -> bytes:
    if kek is None:
        raise KeyRingRefused(f"The key ring {path} is encrypted under the KEK {file.kek}: set key_encryption_key.")
    key = _keks(kek).get(file.kek)
    if key is None:
        raise KeyRingRefused(f"{kek} lacks the KEK {file.kek} that the key ring {path} is encrypted under: restore it.")
    try:
        return AESGCM(key).decrypt(file.nonce, file.ciphertext, _bound_to(file.kek))
    except (InvalidTag, ValueError):
        raise KeyRingRefused(f"The KEK {file.kek} does not open the key ring {path}: restore it from a copy.") from None


def _bound_to(kid: str) -> bytes:
    return f"badgepin/keyring/v{_VERSION}|{kid}".encode()


def _timed(file: _OldFile) -> _File:
    """A ring of the version that kept states: a published key that never signed is made anew when it is wanted."""
    actives = [key for key in file.signing_keys if key.state == "active"]
    if len(actives) != 1 or {key.state for key in file.signing_keys} - {"next", "active", "retired"}:
        raise msgspec.ValidationError("there must be exactly one active signing key")
    since = actives[0].since
    before = {"active": since, "retired": since - timedelta(days=1)}
    keys = [SigningKey(kid=k.kid, pem=k.pem, active_at=before[k.state]) for k in file.signing_keys if k.state in before]
    others = {name: getattr(file, name) for name in FAMILIES if name != "signing_keys"}
    return _File(version=_VERSION, audit_signing_key=file.audit_signing_key, signing_keys=keys, **others)


def _check(ring: KeyRing, path: Path) -> None:
    def refuse(what: str) -> NoReturn:
        raise KeyRingRefused(f"The key ring {path} {what}: restore it from a copy.")

    families: list[tuple[Key, ...]] = [getattr(ring, name) for name in FAMILIES]
    if not all((ring.peppers, ring.row_macs, ring.challenges, ring.seals, ring.signing_keys)):
        refuse("lacks a key")
    if any(len({key.kid for key in family}) != len(family) for family in families):
        refuse("holds two keys of one name")
    keys = [key for family in families for key in family]
    if any(key.active_at.tzinfo is None for key in keys):
        refuse("holds a time without a zone")
    if any(len(key.key) != SYMMETRIC_BYTES for key in keys if isinstance(key, SymmetricKey)):
        refuse("holds a key of the wrong length")
    try:
        audit = [load_pem_private_key(key.pem.encode(), password=None) for key in ring.audit_keys]
        if not all(isinstance(key, Ed25519PrivateKey) for key in audit):
            refuse("holds a key of the wrong kind")
        if not all(_can_sign(key.pem) for key in ring.signing_keys):
            refuse("holds a key of the wrong kind")
        for backup in ring.backups:
            pyrage.x25519.Identity.from_str(backup.identity)
    except (ValueError, TypeError, UnsupportedAlgorithm, InvalidSignature, pyrage.IdentityError) as error:
        raise KeyRingRefused(f"The key ring {path} holds a key that cannot be read: restore it from a copy.") from error


def _can_sign(pem: str) -> bool:
    # to prove the factors prime would keep a running node from everything else for a quarter of a second
    key = load_pem_private_key(pem.encode(), password=None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(key, rsa.RSAPrivateKey):
        return False
    key.public_key().verify(key.sign(b"", PKCS1v15(), SHA256()), b"", PKCS1v15(), SHA256())
    return True
