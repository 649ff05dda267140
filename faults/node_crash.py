"""I1 on SQLite: a node under load killed with SIGKILL, over and over; whatever it acknowledged is in the file."""

import random
import sqlite3
import tempfile
import time
from pathlib import Path

from tests.figures import Figure, record

from faults.churn import Tally, installed, load, node_of, recovered, verify_audit
from faults.source import Change, changed_source

_ROUNDS, _QUICK = 40, 4
_CONTROL_ROUNDS, _QUICK_CONTROL = 8, 3
# a node that answers first and commits later, as one does that counts on its next transaction
_LATE = Change(
    "store/transaction.py",
    "            with self.engine.connect().execution_options(badgepin_write=write) as connection,"
    " connection.begin():\n"
    "                return work(connection)\n",
    "            if not write:\n"
    "                with self.engine.connect().execution_options(badgepin_write=False) as reader, reader.begin():\n"
    "                    return work(reader)\n"
    "            self.late = getattr(self, 'late', 0) + 1\n"
    "            if not hasattr(self, 'kept'):\n"
    "                self.kept = self.engine.connect().execution_options(badgepin_write=True)\n"
    "            made = work(self.kept)\n"
    "            if self.late % 8 == 0:\n"
    "                self.kept.commit()\n"
    "            return made\n",
)


def node_crash(is_quick: bool) -> None:  # noqa: FBT001 - what every experiment is told
    """Kill and start again a node as it is, and one that commits late."""
    held = _run([], _QUICK if is_quick else _ROUNDS)
    print(held.line("SQLite, committed before the answer"), flush=True)
    weak = _run([_LATE], _QUICK_CONTROL if is_quick else _CONTROL_ROUNDS)
    print(weak.line("SQLite, committed after the answer"), flush=True)
    assert weak.lost, "a node that commits late lost nothing: the rounds prove nothing"
    record(
        Figure(
            "I1",
            "SIGKILLs of a node on SQLite after which an acknowledged issue or revocation was gone",
            held.rounds,
            held.rounds_with_loss,
            f"a node that commits after its answer: {weak.rounds_with_loss} of {weak.rounds} lost writes",
            'make faults ARGS="node-crash --write"',
        )
    )


def _run(changes: list[Change], rounds: int) -> Tally:
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="badgepin-crash-") as name:
        folder = Path(name)
        bench = installed(folder / "node", None)
        node = node_of(bench, PYTHONPATH=str(changed_source(folder / "source", changes)))
        node.start()
        try:
            with load(bench) as history:
                for _ in range(rounds):
                    time.sleep(random.uniform(0.4, 1.0))
                    killed_at = time.monotonic()
                    node.kill()
                    node.start()
                    tally.recoveries.append(recovered(history, killed_at) - killed_at)
                    tally.count(history, killed_at, _codes(folder / "node" / "badgepin.db"))
        finally:
            node.stop()
        if not changes:
            verify_audit(bench)
    return tally


def _codes(path: Path) -> dict[str, bool]:
    connection = sqlite3.connect(path, timeout=10)
    try:
        assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        return {
            code: bool(ended) for code, ended in connection.execute("SELECT id, revoked_at IS NOT NULL FROM qr_codes")
        }
    finally:
        connection.close()
