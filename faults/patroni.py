"""I1b with what promotes in earnest: a Patroni cluster's leader killed under load; nothing acknowledged is lost."""

import asyncio
import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import sqlalchemy as sa
from tests.figures import Figure, record

from badgepin.store.tables import qr_codes
from badgepin.store.transaction import Transaction, open_database
from faults.churn import Tally, installed, load, node_of, recovered, verify_audit

_TRIAL = Path(__file__).parents[1] / "deploy" / "patroni" / "trial.sh"
_ROUNDS, _QUICK = 5, 1
# Patroni first waits until the leader's word has run out (ttl: 20 s)
_RECOVERS_WITHIN = 120.0


def patroni(is_quick: bool) -> None:  # noqa: FBT001 - what every experiment is told
    """Bring the cluster of `deploy/patroni/` up, and kill its leader, machine and all, as far as one machine can."""
    missing = [program for program in ("patroni", "etcd") if shutil.which(program) is None]
    if missing:
        # not installed unasked: etcd's package starts a service
        print(f"patroni: not run, {' and '.join(missing)} missing (Debian: patroni, etcd-server, python3-etcd)")
        return
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="badgepin-patroni-") as name:
        Path(name).chmod(0o711)
        cluster = Path(name) / "cluster"
        try:
            bench = installed(Path(name) / "node", _trial("up", cluster))
            node = node_of(bench, BADGEPIN_HIGH_AVAILABILITY="true")
            node.start()
            try:
                with load(bench) as history:
                    for _ in range(_QUICK if is_quick else _ROUNDS):
                        time.sleep(random.uniform(0.5, 1.5))
                        leader, *processes = _trial("leader", cluster).split()
                        killed_at = _kill(map(int, processes))
                        done = recovered(history, killed_at, _RECOVERS_WITHIN)
                        tally.recoveries.append(done - killed_at)
                        tally.count(history, killed_at, asyncio.run(_codes(bench.url)))
                        _trial("start", cluster, leader)
            finally:
                node.stop()
            verify_audit(bench)
        finally:
            _trial("down", cluster)
    print(tally.line("Patroni, synchronous_mode_strict"), flush=True)
    record(
        Figure(
            "I1b",
            "leaders of a Patroni cluster killed after which an acknowledged issue or revocation was gone",
            tally.rounds,
            tally.rounds_with_loss,
            "the asynchronous standby of `failover`",
            'make faults ARGS="patroni --write"',
        )
    )


def _trial(*arguments: str | Path) -> str:
    # its members outlive it, and would keep a pipe open
    with tempfile.TemporaryFile("w+") as said:
        done = subprocess.run([str(_TRIAL), *map(str, arguments)], check=False, stdout=said, stderr=said, timeout=400)
        said.seek(0)
        text = said.read().strip()
    assert done.returncode == 0, text
    return text


def _kill(processes: "map[int]") -> float:
    """SIGKILL to Patroni, then to its PostgreSQL and all of its children; when that was."""
    keeper, postmaster = processes
    children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text(encoding="utf-8").split()
    killed_at = time.monotonic()
    for pid in (keeper, postmaster, *map(int, children)):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            # a child that ended with its parent
            continue
    return killed_at


async def _codes(url: str) -> dict[str, bool]:
    def work(tx: Transaction) -> dict[str, bool]:
        rows = tx.execute(sa.select(qr_codes.c.id, qr_codes.c.revoked_at.is_not(None)))
        return {str(code): bool(ended) for code, ended in rows}

    database = open_database(url, pool_size=1)
    try:
        return await database.read(work)
    finally:
        await database.close()
