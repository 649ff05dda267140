"""What a node needs is away: its audit table, its database, room on the disk. Then nothing succeeds, and it says so."""

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field

import sqlalchemy as sa
from tests.postgres import server

from badgepin.reference_client import NoAnswer, SignedIn
from badgepin.store.transaction import Transaction
from faults.cluster import Cluster, cluster
from faults.finding import Findings
from faults.intervals import Verdict, percentile
from faults.person import PIN, Person, admin_api, fresh_browser, in_minutes, make_people, method_path, sign_in
from faults.weaker import DONE_ANYWAY

_TRACES = ["strace", "-f", "-qq", "-o", "/dev/null"]
_UNAVAILABLE = 503


@dataclass
class Found:
    """What was answered during the outages, and how long after their ends a sign-in worked again, in seconds."""

    answers: Verdict = field(default_factory=Verdict)
    recovered: dict[str, list[float]] = field(default_factory=dict)


def outages(is_quick: bool) -> None:  # noqa: FBT001 - every experiment is called so
    """I15: three nodes on PostgreSQL without audit table or database; one on SQLite without room, or on a slow disk."""
    rounds, findings = 1 if is_quick else 10, Findings()
    with server(durable=True) as postgresql, cluster(postgresql, count=3) as nodes:

        @contextmanager
        def database_gone() -> Iterator[None]:
            postgresql.stop("immediate")
            yield
            postgresql.start()

        missing: dict[str, Callable[[], AbstractContextManager[None]]] = {
            "audit table missing": lambda: _without_audit_table(nodes),
            "database gone": database_gone,
        }
        found = _run(nodes, missing, rounds)
        nodes.restart(DONE_ANYWAY)
        weak = _run(nodes, {"audit table missing": lambda: _without_audit_table(nodes)}, 1)
    weaker = "an error taken for done"
    findings.add(
        "I15", "things done while audit table or database is away, 3 nodes", found.answers, weaker, weak.answers
    )
    with cluster(None, count=1) as nodes:
        full = _run(nodes, {"disk full": lambda: _traced(nodes, "pwrite64:error=ENOSPC")}, rounds)
        slow = _slow_disk(nodes, make_people(nodes, 1, "slow")[0], 3 if is_quick else 20)
        nodes.restart(DONE_ANYWAY)
        weak = _run(nodes, {"disk full": lambda: _traced(nodes, "pwrite64:error=ENOSPC")}, 1)
    findings.add("I15", "things done while the disk is full, 1 node, SQLite", full.answers, weaker, weak.answers)
    print(f"  a sign-in where each flush takes 0.3 s more, SQLite: p50 {percentile(slow, 0.5):.2f} s of {len(slow)}")
    for name, values in {**found.recovered, **full.recovered}.items():
        cuts = [percentile(values, share) for share in (0.5, 0.99)]
        print(f"  a sign-in works again after {name}: p50 {cuts[0]:.2f} s, p99 {cuts[1]:.2f} s ({len(values)} times)")
    findings.finish()


def _run(nodes: Cluster, missing: dict[str, Callable[[], AbstractContextManager[None]]], rounds: int) -> Found:
    found = Found()
    for number in range(rounds):
        for name, outage in missing.items():
            person = make_people(nodes, 1, f"{name[:5].strip()}{nodes.made}x{number}")[0]
            with outage():
                _try_everything(nodes, person, name, found.answers)
            found.recovered.setdefault(name, []).append(_until_signed_in(nodes, person))
    return found


def _try_everything(nodes: Cluster, person: Person, name: str, verdict: Verdict) -> None:
    """Sign-in, issue and revocation, at every node: each must be answered 503, and nothing else."""
    api = admin_api(nodes)
    for node in nodes.nodes:
        for verb, below, body in (
            ("PATCH", "/temporaryQRCode", {"expireDateTime": in_minutes(10)}),
            ("DELETE", "/standardQRCode", None),
            ("PATCH", "/pin", {}),
        ):
            answer = api.send(verb, method_path(person, below), body, node.name)
            verdict.trials += 1
            if answer.status != _UNAVAILABLE or not answer.node:
                verdict.violations.append(f"{name}: {verb} {below} at {node.name} was answered {answer.status}")
        verdict.trials += 1
        try:
            outcome = sign_in(nodes, person.badges[0], PIN, fresh_browser(nodes, node.name))
        except NoAnswer as error:
            verdict.violations.append(f"{name}: {node.name} did not say what is wrong: {error}")
            continue
        if isinstance(outcome, SignedIn) or outcome.code != "unavailable":
            verdict.violations.append(f"{name}: {node.name} answered a sign-in with {outcome}")


def _until_signed_in(nodes: Cluster, person: Person) -> float:
    began = time.monotonic()
    while time.monotonic() - began < 60:
        works = [_works(nodes, person, node.name) for node in nodes.nodes]
        if all(works):
            return time.monotonic() - began
        time.sleep(0.05)
    raise AssertionError("no sign-in worked within a minute after the outage")


def _works(nodes: Cluster, person: Person, node: str) -> bool:
    try:
        return isinstance(sign_in(nodes, person.badges[0], PIN, fresh_browser(nodes, node)), SignedIn)
    except NoAnswer:
        return False


@contextmanager
def _without_audit_table(nodes: Cluster) -> Iterator[None]:
    nodes.change(lambda tx: _rename(tx, "audit_events", "audit_away"))
    yield
    nodes.change(lambda tx: _rename(tx, "audit_away", "audit_events"))


def _rename(tx: Transaction, old: str, new: str) -> None:
    tx.execute(sa.text(f"ALTER TABLE {old} RENAME TO {new}"))


@contextmanager
def _traced(nodes: Cluster, fault: str) -> Iterator[None]:
    """Let every such system call of the first node fail, or wait."""
    process = nodes.nodes[0].process
    assert process is not None
    calls = fault.partition(":")[0]
    command = [*_TRACES, "-p", str(process.pid), "-e", f"trace={calls}", "-e", f"inject={fault}"]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as strace:
        try:
            # it has taken hold of every thread when the node still answers
            time.sleep(1.5)
            if strace.poll() is not None:
                assert strace.stderr is not None
                raise AssertionError(f"strace cannot trace a node: {strace.stderr.read()!r}")
            yield
        finally:
            strace.terminate()
            strace.wait(10)


def _slow_disk(nodes: Cluster, person: Person, count: int) -> list[float]:
    took = []
    with _traced(nodes, "fdatasync,fsync:delay_enter=300000"):
        for _ in range(count):
            began = time.monotonic()
            outcome = sign_in(nodes, person.badges[0], PIN)
            assert isinstance(outcome, SignedIn), f"on a slow disk: {outcome}"
            took.append(time.monotonic() - began)
    return took
