"""Several nodes on one database: clients at random, faults at random, and what both left behind."""

import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.postgres import Server, server

from faults import afterwards
from faults.cluster import Cluster, cluster
from faults.disturbance import Disturbance
from faults.finding import Findings
from faults.history import History, Outcome
from faults.intervals import Verdict, codes_beside_another, percentile, uses_after_revocation
from faults.load import Load
from faults.person import Person, make_people
from faults.weaker import CACHED_READS, LATE_REVOCATION


@dataclass(frozen=True)
class Size:
    """How long each part lasts, in seconds, and with how many clients."""

    load: float
    control: float
    people: int = 12
    owners: int = 4
    visitors: int = 6


_PATIENCE, _FEW, _CRASHES = 120, 20, 6
QUICK, WHOLE = Size(15, 8), Size(240, 20)


@dataclass
class Outcomes:
    """The verdicts of one run."""

    lost: Verdict = field(default_factory=Verdict)
    late: Verdict = field(default_factory=Verdict)
    stale: Verdict = field(default_factory=Verdict)
    beside: Verdict = field(default_factory=Verdict)


def three_nodes(is_quick: bool) -> None:  # noqa: FBT001 - every experiment is called so
    """I1, I2, I3: three nodes, one PostgreSQL, HAProxy in front."""
    size, findings = QUICK if is_quick else WHOLE, Findings()
    with server(durable=True) as postgresql, cluster(postgresql, count=3) as nodes:
        people = make_people(nodes, size.people)
        found = run(nodes, people, size, seed=1)
        lost = Verdict()
        for _ in range(_CRASHES):
            # what a crash takes along is what came since the last flush: on a slow machine that can be nothing
            lost += _lost_without_flush(nodes, postgresql, people, size)
            if lost.violations:
                break
        nodes.restart([*LATE_REVOCATION, *CACHED_READS])
        weak = run(nodes, make_people(nodes, size.people, "weak"), size, seed=2, is_control=True)
    where = "3 nodes, PostgreSQL"
    weaker = "revocations looked at 5 s late"
    findings.add("I1", f"acknowledged writes lost, {where}", found.lost, "synchronous_commit off", lost)
    findings.add("I2", f"uses of a code after its DELETE answered, {where}", found.late, weaker, weak.late)
    findings.add("I3", f"reads of one's own writes, {where}", found.stale, "reads cached for 5 s", weak.stale)
    findings.finish()


def one_node(is_quick: bool) -> None:  # noqa: FBT001 - every experiment is called so
    """I1, I2, I3: one node on a SQLite file."""
    size, findings = QUICK if is_quick else WHOLE, Findings()
    with cluster(None, count=1) as nodes:
        found = run(nodes, make_people(nodes, size.people), size, seed=3)
        nodes.restart([*LATE_REVOCATION, *CACHED_READS])
        weak = run(nodes, make_people(nodes, size.people, "weak"), size, seed=4, is_control=True)
    where, weaker = "1 node, SQLite", "revocations looked at 5 s late"
    findings.add("I2", f"uses of a code after its DELETE answered, {where}", found.late, weaker, weak.late)
    findings.add("I3", f"reads of one's own writes, {where}", found.stale, "reads cached for 5 s", weak.stale)
    print(f"  I1, acknowledged writes lost, {where}: {len(found.lost.violations)} of {found.lost.trials}")
    findings.wrong += found.lost.violations[:3]
    findings.finish()


def run(nodes: Cluster, people: list[Person], size: Size, *, seed: int, is_control: bool = False) -> Outcomes:
    """Clients for a while, with faults unless it is a control; then everything is looked at."""
    load, trouble = Load(nodes, people, seed), Disturbance(nodes, seed)
    threads = load.start(owners=size.owners, visitors=size.visitors)
    if not is_control:
        trouble.start()
    load.stopping.wait(size.control if is_control else size.load)
    _wait_until_it_proves(load, is_control=is_control)
    try:
        trouble.stop()
    finally:
        load.stop(threads)
    _wait_until_well(nodes)
    afterwards.probe_every_session(load)
    found = Outcomes(
        lost=afterwards.lost_writes(nodes, load.history, load.sessions),
        late=uses_after_revocation(load.history),
        stale=Verdict(load.reads, load.stale),
        beside=codes_beside_another(load.history) + afterwards.live_codes_beside_another(nodes),
    )
    if not is_control:
        found.lost += afterwards.lost_pins(nodes, people)
        found.stale += found.beside
        _tell(load, trouble, found)
    return found


def _tell(load: Load, trouble: Disturbance, found: Outcomes) -> None:
    print(f"  faults: {dict(trouble.happened)}")
    print(f"  operations (ok/fail/unknown): {load.history.counts()}")
    for name, values in (
        ("from the DELETE's start to a refusal by every node", load.refused_after),
        ("a killed node answers again", trouble.recovered),
    ):
        cuts = [percentile(values, share) for share in (0.5, 0.99, 1)]
        print(f"  {name}: p50 {cuts[0]:.3f} s, p99 {cuts[1]:.3f} s, max {cuts[2]:.3f} s ({len(values)} times)")
    if found.lost.violations or found.late.violations or found.stale.violations:
        kept = Path(tempfile.mkdtemp(prefix="badgepin-history-")) / "history.jsonl"
        load.history.save(kept)
        print(f"  the history of this run: {kept}")


def _wait_until_it_proves(load: Load, *, is_control: bool) -> None:
    # how fast a run comes to say something depends on the machine; a control says something once it is red
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until and not load.stopping.wait(1):
        late = uses_after_revocation(load.history)
        if (load.stale and late.violations) if is_control else late.trials >= _FEW:
            return


def _wait_until_well(nodes: Cluster) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if all(node.answers() for node in nodes.nodes):
            # what the balancer had taken for dead, it sees again by then
            time.sleep(1)
            return
        time.sleep(0.1)
    raise AssertionError("a node does not answer, long after the last fault")


def _lost_without_flush(nodes: Cluster, postgresql: Server, people: list[Person], size: Size) -> Verdict:
    """The control of I1: the same clients, and a crash of a database that acknowledges before it has written."""
    for setting in ("synchronous_commit = off", "wal_writer_delay = '10s'"):
        postgresql.sql(f"ALTER SYSTEM SET {setting}")
    postgresql.sql("SELECT pg_reload_conf()")
    load = Load(nodes, people, 5)
    threads = load.start(owners=size.owners, visitors=0)
    load.stopping.wait(size.control)
    postgresql.stop("immediate")
    load.stop(threads)
    for setting in ("synchronous_commit", "wal_writer_delay"):
        _forget(postgresql, setting)
    postgresql.start()
    _wait_until_well(nodes)
    return afterwards.lost_writes(nodes, _acknowledged(load.history), load.sessions)


def _acknowledged(history: History) -> History:
    return History([each for each in history.operations if each.outcome is Outcome.OK])


def _forget(postgresql: Server, setting: str) -> None:
    # the server is down: what ALTER SYSTEM wrote is taken out of its file
    file = postgresql.folder / "data" / "postgresql.auto.conf"
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    file.write_text("".join(line for line in lines if not line.startswith(setting)), encoding="utf-8")
