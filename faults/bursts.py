"""Many at once over three nodes, round after round: guesses, copies of what may be used once, strangers."""

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.postgres import server

from faults import burst
from faults.cluster import Cluster, cluster
from faults.finding import Findings
from faults.flood import flood
from faults.intervals import Verdict, percentile
from faults.person import Person, make_people
from faults.weaker import HASHED_FIRST, USED_AGAIN, WRITING_CHALLENGES

ATTACKERS = 64


@dataclass(frozen=True)
class Size:
    """How many rounds of each, and how many requests of strangers."""

    rounds: int
    strangers: int


QUICK, WHOLE = Size(2, 300), Size(20, 5000)


@dataclass
class Found:
    """The verdicts of some rounds, by what was sent many times."""

    within: Verdict = field(default_factory=Verdict)
    charged: Verdict = field(default_factory=Verdict)
    copies: dict[str, Verdict] = field(default_factory=dict)


COPIES: dict[str, Callable[[Cluster, Person, int], Verdict]] = {
    "a recorded proof": burst.copies_of_a_proof,
    "a right PIN under one proof": burst.copies_of_a_pin,
    "an authorization code": burst.copies_of_a_code,
    "a refresh token": burst.copies_of_a_refresh_token,
}


def bursts(is_quick: bool) -> None:  # noqa: FBT001 - every experiment is called so
    """I4, I5, I6 and threats 1, 2, 6, 7, 8 on three nodes and one PostgreSQL."""
    size, findings = QUICK if is_quick else WHOLE, Findings()
    with server(durable=True) as postgresql, cluster(postgresql, count=3) as nodes:
        strangers = flood(nodes, make_people(nodes, 1, "quiet")[0], size.strangers)
        found = _rounds(nodes, size.rounds, "p", killing=True)
        nodes.restart([*HASHED_FIRST, *USED_AGAIN, *WRITING_CHALLENGES])
        loud = flood(nodes, make_people(nodes, 1, "loud")[0], 60)
        weak = _rounds(nodes, 1, "weak", killing=False)
    where, weaker = f"{ATTACKERS} at once on 3 nodes, PostgreSQL", "hashed before it is charged"
    findings.add("I4", f"guesses evaluated beyond 5 in a window, kill -9, {where}", found.within, weaker, weak.within)
    findings.add("I4", f"guesses evaluated and not charged, kill -9, {where}", found.charged, weaker, weak.charged)
    for what, verdict in found.copies.items():
        findings.add("I5", f"{what} taken again, {where}", verdict, "use not guarded", weak.copies[what])
    what = "requests of strangers that wrote a row or had a PIN hashed, 3 nodes, PostgreSQL"
    findings.add("I6", what, strangers.written, "challenges kept", loud.written)
    slow = [percentile(strangers.meanwhile, share) for share in (0.5, 0.99)]
    print(
        f"  a sign-in during the flood: p50 {slow[0]:.2f} s, p99 {slow[1]:.2f} s ({len(strangers.meanwhile)} of them)"
    )
    findings.finish()


def _rounds(nodes: Cluster, rounds: int, prefix: str, *, killing: bool) -> Found:
    found = Found(copies={what: Verdict() for what in COPIES})
    for number in range(rounds):
        guessed, honest = make_people(nodes, 2, f"{prefix}{number}x")
        guessing = burst.guesses_at_once(nodes, guessed, ATTACKERS, killing=killing)
        found.within += guessing.within
        found.charged += guessing.charged
        for what, copies in COPIES.items():
            found.copies[what] += copies(nodes, honest, ATTACKERS)
    return found
