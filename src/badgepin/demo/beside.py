"""The till beside the demo's server: registered for the port it gets, run as a process of its own."""

import importlib.util
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import msgspec

from badgepin.demo.addresses import BACK_CHANNEL, CALLBACK, SIGNED_OUT
from badgepin.demo.folder import Memory, SampleClient
from badgepin.store import application as applications
from badgepin.store.transaction import Transaction

TILL = "till"
LIBRARIES = ("authlib", "httpx2", "itsdangerous")


def find_port(host: str, wanted: int) -> int:
    """The wanted port when nobody listens there, or any free one."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            try:
                probe.bind((host, port))
            except (OSError, OverflowError):
                continue
            return int(probe.getsockname()[1])
    return 0


def has_libraries() -> bool:
    """Whether the till's library is installed: the extra `demo`."""
    return all(importlib.util.find_spec(name) for name in LIBRARIES)


def register(tx: Transaction, memory: Memory, origin: str) -> None:
    """Let people come back to the till where it is this time."""
    found = applications.find(tx, memory.tenant_id, memory.clients[TILL].client_id)
    if found is not None:
        uris = (f"{origin}{CALLBACK}", f"{origin}{SIGNED_OUT}")
        here = replace(found, redirect_uris=uris, backchannel_logout_uri=f"{origin}{BACK_CHANNEL}")
        applications.update(tx, memory.tenant_id, here)


@contextmanager
def running(issuer: str, client: SampleClient, host: str, port: int) -> Iterator[None]:
    """Run the till until the block ends."""
    configuration = {
        "issuer": issuer,
        "client_id": client.client_id,
        "client_secret": client.secret,
        "host": host,
        "port": port,
    }
    command = [sys.executable, "-m", "badgepin.demo.till"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:  # noqa: S603 - our own module
        try:
            if process.stdin is not None:
                process.stdin.write(msgspec.json.encode(configuration))
                process.stdin.close()
            yield
        finally:
            process.terminate()
