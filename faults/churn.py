"""A load whose answers can be held against the database: temporary codes issued and revoked at one node."""

import asyncio
import http.client
import json
import statistics
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.installation import Bench, found, settle, user_id

from faults.history import History, Operation, Outcome
from faults.node import BADGEPIN, Node

_PEOPLE = 6
_PATIENCE = 15
_RECOVERS_WITHIN = 60.0
_ISSUE, _REVOKE = "issue", "revoke"


@dataclass
class Tally:
    """What the crashes of one kind came to."""

    rounds: int = 0
    rounds_with_loss: int = 0
    acknowledged: int = 0
    lost: int = 0
    unknown: int = 0
    recoveries: list[float] = field(default_factory=list)
    checked_until: float = 0.0

    def line(self, name: str) -> str:
        """All of it, for people."""
        return (
            f"{name}: {self.rounds} rounds, {self.acknowledged} acknowledged, {self.lost} lost"
            f" in {self.rounds_with_loss} rounds, {self.unknown} of unknown outcome; crash to next acknowledged write"
            f" p50 {statistics.median(self.recoveries):.2f} s, p99 {p99(self.recoveries):.2f} s"
        )

    def count(self, history: History, crashed_at: float, revoked: Mapping[str, bool]) -> None:
        """Hold what was answered since the last crash against the codes there are now: whether each is revoked."""
        before = [each for each in tuple(history.operations) if self.checked_until <= each.invoked < crashed_at]
        self.checked_until = crashed_at
        lost = sum(_is_lost(each, revoked) for each in before)
        self.rounds += 1
        self.rounds_with_loss += bool(lost)
        self.lost += lost
        self.acknowledged += sum(each.outcome is Outcome.OK for each in before)
        self.unknown += sum(each.outcome is Outcome.UNKNOWN for each in before)


def _is_lost(done: Operation, revoked: Mapping[str, bool]) -> bool:
    if done.outcome is not Outcome.OK or not done.subject:
        return False
    return done.subject not in revoked or (done.kind == _REVOKE and not revoked[done.subject])


def recovered(history: History, crashed_at: float, within: float = _RECOVERS_WITHIN) -> float:
    """When the first write after a crash was acknowledged; by then all that was under way has its answer."""
    deadline = crashed_at + within
    while time.monotonic() < deadline:
        answered = [each.completed for each in history.of(_ISSUE) if each.invoked > crashed_at and each.completed]
        if answered and all(each.completed for each in tuple(history.operations) if each.invoked < crashed_at):
            return min(answered)
        time.sleep(0.02)
    raise AssertionError(f"no acknowledged write within {within:.0f} s of the crash: {history.counts()}")


def installed(folder: Path, database_url: str | None) -> Bench:
    """An installation with a few people whose codes can be issued."""
    bench = found(folder, database_url)
    asyncio.run(_fill(bench))
    return bench


async def _fill(bench: Bench) -> None:
    await settle(bench)
    await bench.fill(_PEOPLE)
    await bench.database.close()


def node_of(bench: Bench, **environment: str) -> Node:
    """The one node of the installation, not started."""
    node = Node("n1", bench.folder)
    bench.port = node.port
    node.environment = {
        "BADGEPIN_BASE_URL": f"http://127.0.0.1:{node.port}",
        "BADGEPIN_LOG_LEVEL": "error",
        **environment,
    }
    return node


@contextmanager
def load(bench: Bench) -> Iterator[History]:
    """Everybody's codes come and go, for as long as the block runs."""
    history, stopping, token = History(), threading.Event(), bench.token()
    threads = [
        threading.Thread(target=_churn, args=(bench.port, token, user_id(number), history, stopping))
        for number in range(_PEOPLE)
    ]
    for thread in threads:
        thread.start()
    try:
        yield history
    finally:
        stopping.set()
        for thread in threads:
            thread.join()


def _churn(port: int, token: str, person: str, history: History, stopping: threading.Event) -> None:
    """Issue and revoke a temporary code, again and again, and note what was answered."""
    path = f"/v1.0/users/{person}/authentication/qrCodePinMethod/temporaryQRCode"
    while not stopping.is_set():
        end = (datetime.now(UTC) + timedelta(hours=8)).strftime("%Y-%m-%dT%H:%M:%SZ")
        with history.operation(_ISSUE, "") as done:
            status, body = _send(port, token, "PATCH", path, {"expireDateTime": end})
            done.outcome = _outcome(status)
            done.subject = str(body.get("id", ""))
        code = done.subject if done.outcome is Outcome.OK else ""
        with history.operation(_REVOKE, code) as done:
            status, _ = _send(port, token, "DELETE", path, None)
            done.outcome = _outcome(status)
        if done.outcome is Outcome.UNKNOWN:
            stopping.wait(0.05)


def _outcome(status: int) -> Outcome:
    if not status or status >= http.client.INTERNAL_SERVER_ERROR:
        return Outcome.UNKNOWN
    return Outcome.OK if status < http.client.BAD_REQUEST else Outcome.FAIL


def _send(port: int, token: str, verb: str, path: str, body: dict[str, Any] | None) -> tuple[int, dict[str, Any]]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    try:
        connection.request(verb, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read() or b"{}")
    except (OSError, http.client.HTTPException, ValueError):
        return 0, {}
    finally:
        connection.close()


def verify_audit(bench: Bench) -> None:
    """The log that survived is whole."""
    command = [str(BADGEPIN), "audit", "verify", "--data", str(bench.folder)]
    said = subprocess.run(command, check=False, capture_output=True, text=True)
    assert said.returncode == 0, f"the audit log does not verify: {said.stdout}{said.stderr}"


def p99(values: list[float]) -> float:
    """The value that 99 of 100 do not exceed."""
    return sorted(values)[max(0, -(-len(values) * 99 // 100) - 1)]
