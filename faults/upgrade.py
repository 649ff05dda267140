"""An upgrade of three nodes under load and the way back: clients must not notice, and a step too early they must."""

import os
import subprocess
import time
from itertools import pairwise
from pathlib import Path

from tests.postgres import server
from tests.upgrading.next_version import NEXT, TAKES_AWAY, add_migration, migrations_of, next_program

from faults import afterwards
from faults.cluster import Cluster, cluster
from faults.finding import Findings
from faults.history import History, Outcome
from faults.intervals import Verdict
from faults.load import Load
from faults.node import BADGEPIN
from faults.nodes import QUICK, WHOLE, Size
from faults.person import make_people

_DRAIN, _TOO_EARLY = "3", "2099_01_02_too_early"
# a refusal that a machine gives which is too small for the load
_BUSY = "busy"


def upgrade(is_quick: bool) -> None:  # noqa: FBT001 - every experiment is called so
    """I12: versions N-1 and N serve together, and N-1 serves again afterwards; the control takes away too early."""
    size, findings = QUICK if is_quick else WHOLE, Findings()
    with server(durable=True) as postgresql, cluster(postgresql, count=3, check="/readyz") as nodes:
        nodes.restart(BADGEPIN_DRAIN_SECONDS=_DRAIN)
        program = next_program(nodes.folder / "next")
        found = _there_and_back(nodes, program, size, findings)
        add_migration(migrations_of(program), TAKES_AWAY, revision=_TOO_EARLY, after=NEXT)
        control = _under_load(nodes, size, seed=8)
        _migrate(nodes, program)
        time.sleep(size.control / 2)
        control.stop_all()
    what = "operations that failed while 3 nodes were upgraded and taken back, PostgreSQL"
    weaker = "a migration that takes away what the version before uses"
    findings.add("I12", what, found, weaker, _failed(control.load.history))
    findings.finish()


class _Running:
    """Clients that work until they are told to stop."""

    def __init__(self, load: Load, size: Size) -> None:
        self.load = load
        self._threads = load.start(owners=size.owners, visitors=size.visitors)

    def stop_all(self) -> None:
        """Let them end what they do."""
        self.load.stop(self._threads)


def _under_load(nodes: Cluster, size: Size, *, seed: int) -> _Running:
    running = _Running(Load(nodes, make_people(nodes, size.people, f"p{seed}"), seed), size)
    time.sleep(size.control / 4)
    return running


def _there_and_back(nodes: Cluster, program: Path, size: Size, findings: Findings) -> Verdict:
    clients = _under_load(nodes, size, seed=7)
    began = time.monotonic()
    took = _migrate(nodes, program)
    _replace(nodes, {"PYTHONPATH": str(program)}, size)
    _replace(nodes, {}, size)
    lasted = time.monotonic() - began
    clients.stop_all()
    load = clients.load
    findings.wrong += [*load.stale, *afterwards.lost_writes(nodes, load.history, load.sessions).violations][:3]
    print(f"  migrated in {took:.1f} s, there and back in {lasted:.0f} s")
    print(f"  operations (ok/fail/unknown): {load.history.counts()}")
    print(f"  longest time without an operation that worked: {_longest_gap(load.history):.2f} s")
    return _failed(load.history)


def _replace(nodes: Cluster, own: dict[str, str], size: Size) -> None:
    """Every node by one of another version, one after the other."""
    for node in nodes.nodes:
        node.stop()
        node.own = own
        node.start()
        # the balancer finds it, and all three work for a while
        time.sleep(max(1.0, size.control / 8))


def _migrate(nodes: Cluster, program: Path) -> float:
    began = time.monotonic()
    command = [str(BADGEPIN), "db", "upgrade", "--data", str(nodes.nodes[0].folder)]
    environment = {**os.environ, "PYTHONPATH": str(program)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise AssertionError(done.stderr[-400:])
    return time.monotonic() - began


def _failed(history: History) -> Verdict:
    """Operations that ended as no client should see; what a redeemed code met cannot be told from a refusal."""
    verdict = Verdict()
    for each in history.operations:
        if each.kind == "redeem" or each.detail == _BUSY:
            continue
        verdict.trials += 1
        if each.outcome is Outcome.UNKNOWN:
            verdict.violations.append(f"{each.kind} at {each.node or 'no node'}: {each.detail or 'no answer'}")
    return verdict


def _longest_gap(history: History) -> float:
    ends = sorted(each.completed for each in history.operations if each.outcome is Outcome.OK)
    return max((later - earlier for earlier, later in pairwise(ends)), default=0.0)
