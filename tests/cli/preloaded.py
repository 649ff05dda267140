"""A process that has loaded every command and forks for each call: real processes that need not load modules anew."""

from __future__ import annotations

import atexit
import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import traceback
from functools import cache
from pathlib import Path
from typing import Any

from badgepin.cli.main import COMMANDS, run

_LONGEST_CALL = 1 << 20
_PATIENCE = 180


class Preloaded:
    """The process, from the side of the tests."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = [sys.executable, "-m", "tests.cli.preloaded", str(theirs.fileno())]
        self._process = subprocess.Popen(command, pass_fds=[theirs.fileno()])
        theirs.close()
        self._calls = ours

    def call(self, arguments: list[str], environment: dict[str, str], answers: str) -> tuple[int, str, str]:
        """Run one command in a fork; its exit code, output and errors. Raises `TimeoutError`."""
        with tempfile.TemporaryFile() as asked, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            asked.write(answers.encode())
            asked.seek(0)
            done, reply = socket.socketpair()
            with done, reply:
                done.settimeout(_PATIENCE)
                call = json.dumps({"arguments": arguments, "environment": environment, "folder": str(Path.cwd())})
                files = [asked.fileno(), out.fileno(), err.fileno(), reply.fileno()]
                socket.send_fds(self._calls, [call.encode()], files)
                code = int.from_bytes(done.recv(2), signed=True)
            out.seek(0)
            err.seek(0)
            return code, out.read().decode(), err.read().decode()

    def close(self) -> None:
        """End it."""
        self._calls.close()
        self._process.wait()


@cache
def preloaded() -> Preloaded:
    """The one of this run."""
    made = Preloaded()
    atexit.register(made.close)
    return made


def serve(calls: socket.socket) -> None:
    """Fork for each call, until nobody calls any more."""
    for name in COMMANDS:
        importlib.import_module(f"badgepin.cli.{name.replace('-', '_')}")
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        call, files, _, _ = socket.recv_fds(calls, _LONGEST_CALL, 4)
        if not call:
            return
        if os.fork() == 0:
            calls.close()
            _watch(json.loads(call), files)
        for file in files:
            os.close(file)


def _watch(call: dict[str, Any], files: list[int]) -> None:
    """Fork once more, and say how the command ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    child = os.fork()
    if child == 0:
        _become(call, files)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    socket.socket(fileno=files[3]).send(code.to_bytes(2, signed=True))
    os._exit(0)


def _become(call: dict[str, Any], files: list[int]) -> None:
    """Run the command as a process of its own would."""
    for number, file in enumerate(files[:3]):
        os.dup2(file, number)
    for file in files:
        os.close(file)
    os.chdir(call["folder"])
    os.environ.clear()
    os.environ.update(call["environment"])
    sys.argv = ["badgepin", *call["arguments"]]
    code = 1
    try:
        code = run(sys.argv[1:])
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    except BaseException:  # noqa: BLE001 - what Python itself does with it at the end of a process
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
