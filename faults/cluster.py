"""Several nodes of one installation behind a load balancer, as somebody would run them."""

import asyncio
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from benchmarks.installation import CLIENT, Bench, found, settle
from tests.postgres import Server

from badgepin.store.transaction import Transaction, open_database
from faults.balancer import balanced
from faults.node import BADGEPIN, Node, copy_of, free_port
from faults.source import Change, changed_source

REDIRECT = "http://localhost/faults"
T = TypeVar("T")

# of every node: the least that a PIN hash may cost, and no brake on one address, from which all of the load comes
_ENVIRONMENT = {
    "BADGEPIN_LOG_LEVEL": "error",
    "BADGEPIN_SIGN_INS_PER_SECOND": "10000",
    "BADGEPIN_HASH_MEMORY_KIB": "19456",
    "BADGEPIN_TRUSTED_PROXIES": "127.0.0.1",
}
# every PIN that reaches the hash is noted before it is hashed; the file outlives a node that is killed
_COUNTED = Change(
    "crypto/pin_hash.py",
    "    given = _argon2(digits, hashed.salt, cost)\n    try:\n",
    '    with open(os.environ["FAULTS_GUESSES"], "a", encoding="ascii") as guesses:\n'
    '        guesses.write(f"{row.user_id}\\n")\n'
    "    given = _argon2(digits, hashed.salt, cost)\n    try:\n",
)


@dataclass
class Cluster:
    """Nodes that run; `origin` is the balancer, which is all that clients know."""

    folder: Path
    bench: Bench
    nodes: list[Node]
    postgresql: Server | None
    made: int = field(default=0)

    @property
    def origin(self) -> str:
        """The address clients use."""
        return f"http://127.0.0.1:{self.bench.port}"

    @property
    def guesses(self) -> Path:
        """The file that has a line for every PIN that was hashed to be compared: the id of its person."""
        return self.folder / "guesses"

    def evaluated(self, user_id: str) -> int:
        """How many guesses at a person's PIN reached the hash."""
        return self.guesses.read_text(encoding="ascii").split().count(user_id)

    def look(self, work: Callable[[Transaction], T]) -> T:
        """Read the database past the nodes."""
        return asyncio.run(_apart(self.bench.url, work, is_writing=False))

    def change(self, work: Callable[[Transaction], T]) -> T:
        """Change the database past the nodes."""
        return asyncio.run(_apart(self.bench.url, work, is_writing=True))

    def restart(self, changes: Iterable[Change] = (), **environment: str) -> None:
        """Start every node, with these changes to its source and this added to its environment."""
        for node in self.nodes:
            node.stop()
        self.made += 1
        source = changed_source(self.folder / f"source{self.made}", [_COUNTED, *changes])
        for node in self.nodes:
            node.environment = {**self._environment(source), **environment}
            node.start()

    def stop(self) -> None:
        """Stop every node."""
        for node in self.nodes:
            node.stop()

    def _environment(self, source: Path) -> Mapping[str, str]:
        return {
            **_ENVIRONMENT,
            "BADGEPIN_BASE_URL": self.origin,
            "FAULTS_GUESSES": str(self.guesses),
            "PYTHONPATH": str(source),
        }


async def _apart(url: str, work: Callable[[Transaction], T], *, is_writing: bool) -> T:
    database = open_database(url, pool_size=1)
    try:
        return await (database.write(work) if is_writing else database.read(work))
    finally:
        await database.close()


@contextmanager
def cluster(postgresql: Server | None, *, count: int, check: str = "/livez") -> Iterator[Cluster]:
    """So many nodes on one PostgreSQL, or one on a SQLite file, each behind the balancer; gone afterwards.

    `check`: what the balancer asks a node before it sends it requests.
    """
    with tempfile.TemporaryDirectory(prefix="badgepin-faults-") as name:
        folder = Path(name)
        installation = folder / "installation"
        bench = found(installation, postgresql.new_database() if postgresql else None)
        if postgresql is None:
            with (installation / "badgepin.toml").open("a", encoding="utf-8") as file:
                file.write(f'database_url = "{bench.url}"\n')
        asyncio.run(_settle(bench))
        command = [str(BADGEPIN), "clients", "redirects", CLIENT, "--public", REDIRECT, "--data", str(installation)]
        subprocess.run(command, check=True, capture_output=True)
        nodes = [Node(f"n{each}", copy_of(installation, folder / f"n{each}")) for each in range(1, count + 1)]
        bench.port = free_port()
        running = Cluster(folder, bench, nodes, postgresql)
        running.guesses.touch()
        try:
            running.restart()
            with balanced(nodes, bench.port, folder, check):
                yield running
        finally:
            running.stop()


async def _settle(bench: Bench) -> None:
    await settle(bench)
    await bench.database.close()
