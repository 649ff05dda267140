"""Scratch folders in the data folder, for what is not encrypted yet or any more.

Whoever works in one holds a lock on it. So whatever a crash left is known by being there without one, and goes.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

DRILL = "drill-database"
"""The file in which a drill keeps the name of its database, until that is gone."""

BACKUP_SCRATCH, RESTORE_SCRATCH = ".badgepin-backup-", ".badgepin-restore-"


@contextmanager
def scratch_folder(data: Path, prefix: str) -> Iterator[Path]:
    """A folder of mode 0700 for as long as the block runs. Raises `OSError`."""
    with _turn(data):
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=data))
        lock = os.open(folder, os.O_RDONLY)
        fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def clear_scratch(data: Path) -> bool:
    """Remove what crashes left in scratch folders; the name of a drill's database stays until that is gone too.

    Whether a backup was cut off.
    """
    cut_off = left_behind(data, f"{BACKUP_SCRATCH}*")
    for folder in [*cut_off, *left_behind(data, f"{RESTORE_SCRATCH}*")]:
        if not (folder / DRILL).exists():
            shutil.rmtree(folder, ignore_errors=True)
            continue
        for path in folder.iterdir():
            if path.name != DRILL:
                path.unlink(missing_ok=True)
    return bool(cut_off)


def left_behind(folder: Path, pattern: str) -> list[Path]:
    """The files or folders of that pattern in which nobody works any more."""
    with _turn(folder):
        return [path for path in folder.glob(pattern) if _is_free(path)]


def _is_free(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        # in use, or on a file system without locks
        return False
    finally:
        os.close(descriptor)
    return True


@contextmanager
def _turn(folder: Path) -> Iterator[None]:
    # between making a folder and locking it nobody may take it for left behind
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
