"""Nodes whose hosts tell the wrong time, ten minutes off in both directions: codes, locks and lives stay right."""

import base64
import json
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from tests.postgres import server

from badgepin.reference_client import NoAnswer, Refused, SignedIn, begin, redeem
from badgepin.store.sign_in_tables import sessions
from badgepin.store.tables import qr_codes
from badgepin.store.transaction import Transaction
from faults.cluster import Cluster, cluster
from faults.finding import Findings
from faults.intervals import Verdict
from faults.node import Node, NodeDidNotStart
from faults.person import (
    PIN,
    WANTED,
    Badge,
    Person,
    admin_api,
    badge_in,
    fresh_browser,
    make_people,
    method_path,
    sign_in,
)
from faults.source import Change
from faults.weaker import HOST_DECIDES, LIVES_UNBOUND

OFF = 600
_LIBRARY = "*/faketime/libfaketimeMT.so.1"
# the library looks at its file every second, a node asks the database every two
_SEEN_AFTER = 5.0


@dataclass
class Found:
    """The verdicts of some rounds."""

    codes: Verdict = field(default_factory=Verdict)
    lives: Verdict = field(default_factory=Verdict)
    longest: float = float("-inf")


def clocks(is_quick: bool) -> None:  # noqa: FBT001 - every experiment is called so
    """I7, I8 and threat 35: three nodes on one PostgreSQL, one ten minutes back, one ten minutes ahead, one right."""
    rounds, findings = 1 if is_quick else 12, Findings()
    with server(durable=True) as postgresql, cluster(postgresql, count=3) as nodes:
        _give_clocks(nodes)
        found = _run(nodes, (), rounds, "p")
        _see_start_refused(nodes.nodes[0])
        weak = _run(nodes, (*HOST_DECIDES, *LIVES_UNBOUND), 1, "weak")
    where, weaker = "3 nodes, clocks 10 min apart, PostgreSQL", "the host's clock decides"
    findings.add("I7", f"uses of codes ended, not begun or locked, {where}", found.codes, weaker, weak.codes)
    what = f"sessions and tokens that outlive their code, {where}"
    findings.add("I8", what, found.lives, "lives that do not look at the code", weak.lives)
    print(f"  I8: the longest life ends {found.longest:.0f} s after its bound (0 or less is right)")
    findings.finish()


def _give_clocks(nodes: Cluster) -> None:
    library = next(Path("/usr/lib").glob(_LIBRARY), None)
    if library is None:
        raise AssertionError("libfaketime is missing: `make faults` installs it (Debian package: faketime).")
    for node in nodes.nodes:
        node.own = {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(node.folder / "clock"),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "BADGEPIN_LOG_LEVEL": "warning",
        }


def _set_clock(node: Node, seconds: int) -> None:
    (node.folder / "clock").write_text(f"{seconds:+d}", encoding="ascii")


def _run(nodes: Cluster, changes: Iterable[Change], rounds: int, prefix: str) -> Found:
    for node in nodes.nodes:
        _set_clock(node, 0)
    nodes.restart(changes)
    people = {number: make_people(nodes, 4, f"{prefix}{number}x") for number in range(rounds)}
    found = Found()
    for number in range(rounds):
        first, second = (-OFF, OFF) if number % 2 == 0 else (OFF, -OFF)
        _set_clock(nodes.nodes[0], first)
        _set_clock(nodes.nodes[1], second)
        time.sleep(_SEEN_AFTER)
        _round(nodes, people[number], found)
    for node in nodes.nodes[:2]:
        log = node.log.read_text(encoding="utf-8", errors="replace")
        assert "differ by more than 2 seconds" in log, f"{node.name} did not notice its clock: the fault is not real"
    return found


def _round(nodes: Cluster, people: list[Person], found: Found) -> None:
    ending, coming, locked, good = people
    now = datetime.now(UTC)
    codes = [
        ("ended", _temporary(nodes, ending, now, now + timedelta(seconds=3))),
        ("not begun", _temporary(nodes, coming, now + timedelta(seconds=OFF // 2), now + timedelta(seconds=OFF * 2))),
        ("locked", locked.badges[0]),
    ]
    for _ in range(5):
        sign_in(nodes, locked.badges[0], "11112222", fresh_browser(nodes, nodes.nodes[2].name))
    time.sleep(max(0.0, 4 - (datetime.now(UTC) - now).total_seconds()))
    for node in nodes.nodes:
        for what, badge in codes:
            try:
                outcome: SignedIn | Refused | None = sign_in(nodes, badge, PIN, fresh_browser(nodes, node.name))
            except NoAnswer:
                continue
            found.codes.trials += 1
            if isinstance(outcome, SignedIn):
                found.codes.violations.append(f"{node.name} let somebody in with a code that is {what}")
    _lives(nodes, _temporary(nodes, good, now, now + timedelta(minutes=10)), found)


def _temporary(nodes: Cluster, person: Person, start: datetime, end: datetime) -> Badge:
    form = "%Y-%m-%dT%H:%M:%SZ"
    body = {"startDateTime": start.strftime(form), "expireDateTime": end.strftime(form)}
    made = admin_api(nodes).send("PATCH", method_path(person, "/temporaryQRCode"), body, nodes.nodes[2].name)
    assert made.status == 201, made
    return badge_in(person, made.body)


def _lives(nodes: Cluster, badge: Badge, found: Found) -> None:
    """I8: sign in on every node with a code of ten minutes; nothing issued may end later than the code."""

    def read(tx: Transaction) -> list[tuple[datetime, datetime]]:
        joined = sa.select(sessions.c.expires_at, qr_codes.c.expire_at).join(
            qr_codes, sa.and_(qr_codes.c.tenant_id == sessions.c.tenant_id, qr_codes.c.id == sessions.c.qr_code_id)
        )
        return [(row[0], row[1]) for row in tx.execute(joined.where(sessions.c.qr_code_id == badge.code_id))]

    for node in nodes.nodes:
        browser = fresh_browser(nodes, node.name)
        begun = begin(browser, nodes.bench.tenant, WANTED)
        outcome = sign_in(nodes, badge, PIN, browser, begun.request)
        # with clocks that are wrong a good badge works too; where the host's clock decides, that is not so
        if not isinstance(outcome, SignedIn):
            found.codes.trials += 1
            found.codes.violations.append(f"{node.name} refused a good badge: {outcome.code}")
            continue
        tokens = redeem(browser, nodes.bench.tenant, WANTED, begun, outcome.location)
        for name in ("access_token", "id_token"):
            claims = _claims(str(tokens[name]))
            _bound(found, name, claims["exp"] - claims["qr_code_expires_at"])
    for session_end, code_end in nodes.look(read):
        _bound(found, "session", (session_end - code_end).total_seconds())


def _bound(found: Found, name: str, beyond: float) -> None:
    found.lives.trials += 1
    found.longest = max(found.longest, beyond)
    if beyond > 0:
        found.lives.violations.append(f"a {name} ends {beyond:.0f} s after its code")


def _claims(token: str) -> dict[str, Any]:
    middle = token.split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4))))


def _see_start_refused(node: Node) -> None:
    node.stop()
    _set_clock(node, OFF)
    try:
        node.start()
    except NodeDidNotStart as refusal:
        if "differ by" not in str(refusal):
            raise
        print("  a node whose clock is ten minutes off does not start: right")
        return
    raise AssertionError("a node whose clock is ten minutes off started")
