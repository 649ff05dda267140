"""One `badgepin serve` as a process of its own, to be killed, paused and lied to about the time."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.request import urlopen

BADGEPIN = Path(sys.executable).with_name("badgepin")
_STARTS_WITHIN = 60.0


class NodeDidNotStart(AssertionError):
    """The server refused, or did not answer in time; the sentence is the end of what it wrote."""


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Node:
    """A node: its folder (a copy of the installation's), its port, what the environment adds, and what only its own."""

    name: str
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    own: Mapping[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def log(self) -> Path:
        """Where it writes to."""
        return self.folder / "node.log"

    def start(self) -> float:
        """Start it and wait until it answers; how many seconds that took. Raises `NodeDidNotStart`."""
        command = [str(BADGEPIN), "serve", "--data", str(self.folder), "--port", str(self.port)]
        began = time.monotonic()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, env={**os.environ, **self.environment, **self.own}, stderr=log, stdout=log
            )
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() - began > _STARTS_WITHIN:
                raise NodeDidNotStart(self.log.read_text(encoding="utf-8", errors="replace")[-600:])
            time.sleep(0.02)
        return time.monotonic() - began

    def answers(self) -> bool:
        """Whether it answers now."""
        try:
            with urlopen(f"http://127.0.0.1:{self.port}/livez", timeout=1) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def kill(self) -> None:
        """`kill -9`."""
        self._send(signal.SIGKILL)
        if self.process is not None:
            self.process.wait()

    def pause(self) -> None:
        """Stop it where it stands, as a host does that runs out of everything."""
        self._send(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on, its requests an age older."""
        self._send(signal.SIGCONT)

    def stop(self) -> None:
        """Tell it to stop, and make sure."""
        if self.process is None or self.process.poll() is not None:
            return
        self.resume()
        self._send(signal.SIGTERM)
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.kill()

    def _send(self, number: signal.Signals) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)


def copy_of(installation: Path, folder: Path) -> Path:
    """A node's own folder: the settings and the key ring of the installation."""
    folder.mkdir(mode=0o700)
    for name in ("badgepin.toml", "keyring.json"):
        shutil.copy2(installation / name, folder / name)
    return folder
