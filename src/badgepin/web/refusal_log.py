"""Refusals before a badge is proven: no database row, only a handle and a cause in a small file beside the log.

The file is written at most so many times a second and never grows beyond two generations, whoever knocks.
"""

import json
import logging
from dataclasses import dataclass
from datetime import datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path

from badgepin.web.limits import RateLimit

FILE = "refusals.log"
_PER_SECOND, _BURST = 10, 100
_MOST_BYTES = 1_000_000
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class EarlyRefusal:
    """A refusal that names no person: when, and what the server saw."""

    handle: str
    occurred_at: datetime
    cause: str
    ip_address: str


class RefusalLog:
    """This node's refusals; `counts` is kept even where no line is written, and without a folder none ever is."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._limit = RateLimit(_PER_SECOND, _BURST)
        self._handler: RotatingFileHandler | None = None
        self.counts: dict[str, int] = {}

    def note(self, refusal: EarlyRefusal) -> None:
        """Count a refusal, and write it down if there were not too many."""
        self.counts[refusal.cause] = self.counts.get(refusal.cause, 0) + 1
        if not self._limit.allows("everybody"):
            return
        line = {
            "handle": refusal.handle,
            "at": refusal.occurred_at.isoformat(),
            "cause": refusal.cause,
            "from": refusal.ip_address,
        }
        record = logging.LogRecord(__name__, logging.INFO, FILE, 0, json.dumps(line), None, None)
        handler = self._open()
        if handler is not None:
            handler.emit(record)

    def close(self) -> None:
        """Let go of the file."""
        if self._handler is not None:
            self._handler.close()

    def _open(self) -> RotatingFileHandler | None:
        if self._handler is None and self._folder is not None and self._folder.is_dir():
            try:
                self._handler = RotatingFileHandler(
                    self._folder / FILE, maxBytes=_MOST_BYTES, backupCount=1, encoding="utf-8"
                )
            except OSError as error:
                log.warning("Refusals are only counted: %s in %s (%s).", FILE, self._folder, error.strerror)
        return self._handler


def find_refusal(folder: Path, handle: str) -> EarlyRefusal | None:
    """The latest refusal of this node under a handle."""
    for name in (FILE, f"{FILE}.1"):
        try:
            lines = (folder / name).read_text(encoding="utf-8").splitlines()
        except OSError:
            continue
        for line in reversed(lines):
            if f'"{handle}"' in line:
                found = json.loads(line)
                moment = datetime.fromisoformat(found["at"])
                return EarlyRefusal(found["handle"], moment, found["cause"], found["from"])
    return None
