"""Backup files: encrypted with age (age-encryption.org/v1) to the ring's backup key, so that `age` opens them too."""

import errno
import fcntl
import os
from pathlib import Path
from typing import BinaryIO

import pyrage

from badgepin.crypto.key_ring import BackupKey


class BackupUnreadable(Exception):
    """A file is not a backup, is damaged, or was made under another key; the sentence says what to do."""


def encrypt_backup(plain: BinaryIO, target: Path, key: BackupKey) -> None:
    """Encrypt what is read; `target` is there wholly, on the disk, or not at all. Raises `OSError`."""
    partial = target.with_name(f".{target.name}.partial")
    recipient = pyrage.x25519.Identity.from_str(key.identity).to_public()
    try:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as writer:
            # whoever looks for what a crash left sees that this is none
            fcntl.flock(writer, fcntl.LOCK_EX)
            try:
                pyrage.encrypt_io(plain, writer, [recipient])
            except pyrage.EncryptError as error:
                raise OSError(errno.EIO, str(error), str(target)) from error
            writer.flush()
            os.fsync(writer.fileno())
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def decrypt_backup(source: Path, target: Path, keys: tuple[BackupKey, ...]) -> None:
    """Decrypt a file; age finds out which key it was made under. Raises `BackupUnreadable`, `OSError`."""
    identities = [pyrage.x25519.Identity.from_str(key.identity) for key in keys]
    if not identities:
        raise BackupUnreadable("The key ring holds no backup key: restore the key ring of the time of the backup.")
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with source.open("rb") as reader, os.fdopen(descriptor, "wb") as writer:
            pyrage.decrypt_io(reader, writer, identities)
    except (pyrage.DecryptError, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        # age checks each 64 KiB as it comes, and says of a wrong one that reading failed
        raise BackupUnreadable(
            f"{source} is damaged, or was made under a key that this key ring does not hold ({error})."
        ) from error
