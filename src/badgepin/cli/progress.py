"""How long work shows that it goes on: a bar on a terminal, a line now and then for a log."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

_EVERY_SECONDS = 5.0


@dataclass
class Progress:
    """Work that advances; `total` is how much there is, where that is known."""

    what: str
    total: int | None
    done: int = 0
    _said_at: float = field(default_factory=time.monotonic)

    def advance(self, steps: int) -> None:
        """So much more is done."""
        self.done += steps
        if time.monotonic() - self._said_at >= _EVERY_SECONDS:
            self._said_at = time.monotonic()
            of = "" if self.total is None else f" of {self.total:,}"
            sys.stderr.write(f"{self.what}: {self.done:,}{of}\n")


class _BarProgress(Progress):
    def __init__(self, what: str, total: int | None, bar: Bar) -> None:
        super().__init__(what, total)
        self._bar = bar
        self._task = bar.add_task(what, total=total)

    def advance(self, steps: int) -> None:
        """So much more is done."""
        self.done += steps
        self._bar.update(self._task, completed=self.done)


@contextmanager
def progress(what: str, total: int | None) -> Iterator[Progress]:
    """Show progress on standard error while the block runs."""
    if not sys.stderr.isatty():
        yield Progress(what, total)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        yield _BarProgress(what, total, bar)
