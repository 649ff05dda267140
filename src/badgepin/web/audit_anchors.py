"""Pushing signed checkpoints of the audit log off the database: a file beside the log, files elsewhere, syslog."""

import json
import logging
import os
import re
import sys
from collections.abc import Iterator
from logging.handlers import SysLogHandler
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from badgepin.crypto.checkpoint import TYPE
from badgepin.domain.audit_chain import Checkpoint

FILE = "audit-anchors.jsonl"
log = logging.getLogger(__name__)
# a whole compact JWS with an Ed25519 signature, wherever a line holds it
_TOKEN = re.compile(r"(?<![\w.-])eyJ[\w-]+\.[\w-]+\.[\w-]{86}(?![\w-])", re.ASCII)
_LONGEST_LINE = 65_536


class Target(Protocol):
    """A place that keeps checkpoints."""

    name: str

    def push(self, checkpoint: Checkpoint, token: str) -> None:
        """Hand one over. Raises `OSError`."""
        ...


class FileTarget:
    """A file that is only ever appended to, a line at a time, each on the disk before the next."""

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        self._path = path

    def push(self, checkpoint: Checkpoint, token: str) -> None:
        """Append one line."""
        line = {
            "time": checkpoint.created_at.isoformat(),
            "tenant": checkpoint.tenant_id,
            "seq": checkpoint.seq,
            "token": token,
        }
        text = json.dumps(line) + "\n"
        descriptor = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            size = os.fstat(descriptor).st_size
            # a crash may have left half a line: it stays, and ours begins anew
            torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
            os.write(descriptor, (("\n" if torn else "") + text).encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


class SyslogTarget:
    """A syslog server, by UDP: what is lost on the way is covered by the next."""

    def __init__(self, host: str, port: int) -> None:
        self.name = f"syslog://{host}:{port}"
        self._address = host, port

    def push(self, checkpoint: Checkpoint, token: str) -> None:
        """Send one datagram."""
        text = f"badgepin: audit checkpoint tenant={checkpoint.tenant_id} seq={checkpoint.seq} {token}"
        handler = _Loud(self._address, facility=SysLogHandler.LOG_AUTH)
        try:
            handler.emit(logging.LogRecord(TYPE, logging.INFO, FILE, 0, text, None, None))
        finally:
            handler.close()


class _Loud(SysLogHandler):
    """Logging swallows what goes wrong; we want to know."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Hand the error to the caller."""
        del record
        error = sys.exception()
        if error is not None:
            raise error


class Anchors:
    """Every place that checkpoints go to, and what each of them has got."""

    def __init__(self, folder: Path, wanted: tuple[str, ...]) -> None:
        self._targets: list[Target] = [FileTarget(folder / FILE), *map(_target, wanted)]
        self._pushed: dict[tuple[str, str], str] = {}
        self._failing: set[str] = set()

    @property
    def failing(self) -> list[bool]:
        """Whether each place is missing a checkpoint: the data folder's file, then the others in their order."""
        return [target.name in self._failing for target in self._targets]

    def push(self, newest: list[tuple[Checkpoint, str]]) -> None:
        """Hand the newest checkpoints to every place that has not got them. What fails is tried again next time."""
        for target in self._targets:
            for checkpoint, token in newest:
                key = target.name, checkpoint.tenant_id
                if self._pushed.get(key) == token:
                    continue
                try:
                    target.push(checkpoint, token)
                except OSError as error:
                    self._complain(target, error)
                    break
                self._pushed[key] = token
                self._failing.discard(target.name)

    def _complain(self, target: Target, error: OSError) -> None:
        if target.name not in self._failing:
            self._failing.add(target.name)
            log.warning(
                "A checkpoint of the audit log did not reach %s (%s): it is tried again. Until then a cut of the log's "
                "end may go unnoticed.",
                target.name,
                error.strerror or type(error).__name__,
            )


def read_anchors(path: Path) -> Iterator[tuple[int, str]]:
    """Every whole checkpoint in a file, with its line: our own file, or a syslog server's. Raises `OSError`."""
    with path.open(encoding="utf-8", errors="replace") as lines:
        number = 0
        while line := lines.readline(_LONGEST_LINE):
            number += 1
            for token in _TOKEN.findall(line):
                yield number, token


def _target(wanted: str) -> Target:
    if wanted.startswith("file:"):
        return FileTarget(Path(urlsplit(wanted).path))
    parts = urlsplit(wanted)
    return SyslogTarget(parts.hostname or "", parts.port or 0)
