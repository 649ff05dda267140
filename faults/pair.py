"""A PostgreSQL primary and its standby: real servers, to be killed, promoted and joined again."""

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.postgres import Server, initialise, new_server

_SETTLES_WITHIN = 60.0


@dataclass
class Pair:
    """Two servers and their roles, which swap with every failover."""

    primary: Server
    standby: Server
    is_synchronous: bool

    def url(self, database: str) -> str:
        """The address of a database on whichever of the two takes writes."""
        first, second = sorted((self.primary.port, self.standby.port))
        return f"postgresql://postgres@127.0.0.1:{first},127.0.0.1:{second}/{database}"

    def cut_link(self) -> None:
        """End the standby's stream, as a network does that fails before the primary does."""
        self.standby.sql("ALTER SYSTEM SET primary_conninfo = 'host=127.0.0.1 port=1'")
        self.standby.sql("SELECT pg_reload_conf()")

    def kill_primary(self) -> float:
        """SIGKILL to every process of the primary, and when that was."""
        processes = [_postmaster(self.primary), *_children(self.primary)]
        killed_at = time.monotonic()
        for pid in processes:
            _kill(pid)
        return killed_at

    def promote(self) -> None:
        """Make the standby the primary. Until the other one joins again, it waits for nobody."""
        self.standby.control("promote", "-w")
        self.primary, self.standby = self.standby, self.primary

    def join(self) -> None:
        """Build the standby anew from the primary, and have commits wait for it where the pair is synchronous."""
        data = self.standby.folder / "data"
        shutil.rmtree(data, ignore_errors=True)
        # -N: the machine stays up, and what matters is what the standby writes from now on
        self.primary.program(
            "pg_basebackup", "-D", str(data), "-R", "-X", "stream", "-c", "fast", "-N", at=self.standby.folder
        )
        with (data / "postgresql.auto.conf").open("a", encoding="utf-8") as file:
            # the last one wins: promoted, it must go on alone
            file.write("synchronous_standby_names = ''\n")
        self.standby.start()
        if self.is_synchronous:
            self.primary.sql("ALTER SYSTEM SET synchronous_standby_names = '*'")
            self.primary.sql("SELECT pg_reload_conf()")
        wanted = "sync" if self.is_synchronous else "async"
        _until(lambda: self.primary.value("SELECT sync_state FROM pg_stat_replication") == wanted, wanted)


@contextmanager
def pair(*, is_synchronous: bool) -> Iterator[Pair]:
    """A primary with fsync on and a standby that streams from it, gone afterwards."""
    folders = [Path(tempfile.mkdtemp(prefix="badgepin-pair-")) for _ in range(2)]
    primary, standby = (new_server(folder) for folder in folders)
    running = Pair(primary, standby, is_synchronous)
    try:
        initialise(primary, durable=True)
        primary.start()
        running.join()
        yield running
    finally:
        for server in (primary, standby):
            if (server.folder / "data" / "postmaster.pid").exists():
                for pid in [_postmaster(server), *_children(server)]:
                    _kill(pid)
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)


def _postmaster(server: Server) -> int:
    return int((server.folder / "data" / "postmaster.pid").read_text(encoding="utf-8").split()[0])


def _children(server: Server) -> list[int]:
    pid = _postmaster(server)
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()]


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _until(is_so: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + _SETTLES_WITHIN
    while not is_so():
        assert time.monotonic() < deadline, f"the standby did not become {what}"
        time.sleep(0.05)
