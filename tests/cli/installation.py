"""Real `badgepin` processes on real folders."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cli.preloaded import preloaded

DOMAIN = "stores.example"
_COMMAND = (sys.executable, "-m", "badgepin.cli.main")


@dataclass(frozen=True)
class Outcome:
    """What a command left: its exit code and what it printed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed, as JSON."""
        return json.loads(self.out)


def badgepin(*arguments: str, data: Path | None = None, answers: str = "", **variables: str) -> Outcome:
    """Run one command to its end."""
    called = [*arguments, *(["--data", str(data)] if data else [])]
    return Outcome(*preloaded().call(called, _environment(variables), answers))


@contextmanager
def running(*arguments: str, **variables: str) -> Iterator[subprocess.Popen[str]]:
    """A command that goes on; stopped at the end when it still does."""
    process = subprocess.Popen(
        [*_COMMAND, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=_environment(variables),
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.communicate(timeout=90)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_one_line(outcome: Outcome, *words: str) -> bool:
    """A refusal: exit code 1, nothing printed, one line on standard error with these words in it."""
    said = outcome.err.startswith("badgepin: ") and outcome.err.count("\n") == 1 and outcome.out == ""
    return outcome.code == 1 and said and all(word in outcome.err for word in words)


def _environment(variables: dict[str, str]) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("BADGEPIN_")}
    return inherited | {"BADGEPIN_LOG_LEVEL": "warning"} | variables
