"""Whether a server of this installation runs on this machine: it holds a lock for as long."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_LOCK = ".serving"


class RunningElsewhere(Exception):
    """A server runs, or a restore; the sentence says what to do."""


@contextmanager
def serving(data: Path) -> Iterator[None]:
    """Say that a server runs, beside others. Raises `RunningElsewhere` while a restore does."""
    with _held(data, fcntl.LOCK_SH, "A restore is at work here: wait until it is done."):
        yield


@contextmanager
def alone(data: Path) -> Iterator[None]:
    """Keep servers away. Raises `RunningElsewhere`."""
    with _held(data, fcntl.LOCK_EX, "The server runs: stop it first, and every other node too."):
        yield


@contextmanager
def _held(data: Path, kind: int, refusal: str) -> Iterator[None]:
    descriptor = os.open(data / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RunningElsewhere(refusal) from None
        yield
    finally:
        os.close(descriptor)
