"""Clients that issue, delete, read, change PINs, sign in, refresh and probe, at random, for as long as they are let.

Each person has one owner, who alone issues and deletes for them; so what a node must answer to the owner is known.
Visitors sign in with anybody's badges, also with those that were deleted, and use what they got.
"""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from faults.cluster import Cluster
from faults.history import History, Outcome
from faults.person import (
    PIN,
    Api,
    Badge,
    Person,
    Session,
    admin_api,
    badge_in,
    in_minutes,
    is_active,
    is_signed_in,
    method_path,
    person_token,
    refresh,
    visit,
)

_KEPT = 4
_PINS = (PIN, "80362915", "61840273", "29573816")
# so long may an operation with an unknown end still come into force: a node that is paused, and the balancer's patience
_BLURRED = 25.0


@dataclass
class Load:
    """One run: what it made, and what was wrong at once."""

    cluster: Cluster
    people: list[Person]
    seed: int
    history: History = field(default_factory=History)
    sessions: list[Session] = field(default_factory=list)
    reads: int = 0
    stale: list[str] = field(default_factory=list)
    refused_after: list[float] = field(default_factory=list)
    errors: list[BaseException] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)

    def start(self, *, owners: int, visitors: int) -> list[threading.Thread]:
        """Start the clients."""
        shares = [self.people[first::owners] for first in range(owners)]
        works = [Owner(self, share, random.Random(self.seed + n)).run for n, share in enumerate(shares)]
        works += [Visitor(self, random.Random(self.seed + 100 + n)).run for n in range(visitors)]
        threads = [threading.Thread(target=self._guarded, args=(work,), daemon=True) for work in works]
        for thread in threads:
            thread.start()
        return threads

    def stop(self, threads: list[threading.Thread]) -> None:
        """Let every client end what it does. Raises what went wrong in one of them."""
        self.stopping.set()
        for thread in threads:
            thread.join()
        for error in self.errors:
            raise error

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            while not self.stopping.is_set():
                before = len(self.history.operations)
                work()
                if any(each.outcome is Outcome.UNKNOWN for each in self.history.operations[before:]):
                    # nobody asks a dead server a hundred times a second
                    self.stopping.wait(0.2)
        except BaseException as error:  # noqa: BLE001 - a thread's end is the run's end, and told to who waits for it
            self.errors.append(error)
            self.stopping.set()

    def node(self, chance: random.Random) -> str:
        """Any node."""
        return chance.choice(self.cluster.nodes).name


class Owner:
    """Issues and deletes the codes of some people, and sees to it that every node tells the same."""

    def __init__(self, load: Load, mine: list[Person], chance: random.Random) -> None:
        self._load, self._mine, self._chance = load, mine, chance
        self._api = admin_api(load.cluster)
        self._live: dict[tuple[str, str], Badge] = {}
        self._blurred: dict[str, float] = {}

    def run(self) -> None:
        """One thing, for one of them."""
        person, roll = self._chance.choice(self._mine), self._chance.random()
        if roll < 0.08:
            self._change_pin(person)
        elif roll < 0.3:
            self._renew(person, "standardQRCode", {})
        else:
            self._renew(person, "temporaryQRCode", {"expireDateTime": in_minutes(10)})

    def _renew(self, person: Person, kind: str, body: dict[str, str]) -> None:
        if (person.id, kind) in self._live or kind == "standardQRCode":
            self._delete(person, kind)
        path = method_path(person, f"/{kind}")
        with self._load.history.operation("issue", person.id) as done:
            answer = self._api.send("PATCH", path, body)
            done.outcome, done.node = answer.outcome, answer.node
            if done.outcome is Outcome.OK:
                done.detail = f"{kind} {answer.body['id']}"
        self._blur(person, done.outcome)
        if done.outcome is Outcome.OK and answer.body.get("image"):
            badge = badge_in(person, answer.body)
            self._live[person.id, kind] = badge
            person.badges = [*person.badges[-_KEPT:], badge]
            self._read(person, kind, badge.code_id)
            self._load.stopping.wait(self._chance.random() * 0.4)
        if self._chance.random() < 0.7:
            self._delete(person, kind)

    def _delete(self, person: Person, kind: str) -> None:
        badge = self._live.pop((person.id, kind), None)
        subject = badge.code_id if badge else f"{person.id} {kind}"
        with self._load.history.operation("delete", subject) as done:
            answer = self._api.send("DELETE", method_path(person, f"/{kind}"))
            done.outcome, done.node, done.detail = answer.outcome, answer.node, f"{kind} {person.id}"
        self._blur(person, done.outcome)
        if done.outcome is Outcome.OK:
            self._read(person, kind, None)
        if done.outcome is Outcome.OK and badge:
            self._see_refused(badge, done.invoked)

    def _see_refused(self, badge: Badge, invoked: float) -> None:
        opened = [each for each in self._load.sessions if each.badge is badge][-1:]
        for session in opened:
            answers = [self._probe(session, node.name) for node in self._load.cluster.nodes]
            if answers == [False] * len(answers):
                self._load.refused_after.append(time.monotonic() - invoked)

    def _probe(self, session: Session, node: str) -> bool | None:
        return probe(self._load, session, node)

    def _read(self, person: Person, kind: str, code_id: str | None) -> None:
        answer = self._api.send("GET", method_path(person), node=self._load.node(self._chance))
        if answer.outcome is not Outcome.OK or time.monotonic() < self._blurred.get(person.id, 0.0):
            return
        self._load.reads += 1
        seen = answer.body.get(kind)
        if (seen and seen["id"]) != code_id:
            self._load.stale.append(f"{answer.node}: {person.name} has {kind} {seen and seen['id']}, not {code_id}")

    def _change_pin(self, person: Person) -> None:
        if len(person.pins) > 1:
            return
        old, new = person.pins[0], self._chance.choice([each for each in _PINS if each != person.pins[0]])
        person.pins = [old, new]
        own = Api(self._load.cluster, person_token(self._load.cluster, person))
        with self._load.history.operation("updatePin", person.id) as done:
            answer = own.send("POST", method_path(person, "/updatePin"), {"currentPin": old, "newPin": new})
            done.outcome, done.node = answer.outcome, answer.node
            done.detail = str(answer.body.get("error", {}).get("message", ""))
        if done.outcome is Outcome.OK:
            person.pins = [new]
        elif done.outcome is Outcome.FAIL:
            person.pins = [old]

    def _blur(self, person: Person, outcome: Outcome) -> None:
        if outcome is Outcome.UNKNOWN:
            self._blurred[person.id] = time.monotonic() + _BLURRED


class Visitor:
    """Signs in with badges, also with dead ones, and uses what came of it."""

    def __init__(self, load: Load, chance: random.Random) -> None:
        self._load, self._chance = load, chance

    def run(self) -> None:
        """One visit, or one use of an older one."""
        load, chance = self._load, self._chance
        if load.sessions and chance.random() < 0.35:
            session = chance.choice(load.sessions[-60:])
            if session.tokens and chance.random() < 0.5:
                renew(load, session, load.node(chance))
            else:
                probe(load, session, load.node(chance))
            return
        person = chance.choice(load.people)
        pin = "11112222" if chance.random() < 0.02 else chance.choice(person.pins)
        opened = visit(
            load.cluster, load.history, chance.choice(person.badges), pin, wants_tokens=chance.random() < 0.4
        )
        if opened is not None:
            load.sessions.append(opened)


def probe(load: Load, session: Session, node: str) -> bool | None:
    """Ask a node whether a session lives, by its cookie or its access token, and note the answer."""
    with load.history.operation("probe", session.badge.code_id) as done:
        if session.tokens and load.seed % 2:
            found = is_active(load.cluster, str(session.tokens["access_token"]), node)
        else:
            found = is_signed_in(load.cluster, session, node)
        done.node = node
        done.outcome = {True: Outcome.OK, False: Outcome.FAIL, None: Outcome.UNKNOWN}[found]
    return found


def renew(load: Load, session: Session, node: str) -> bool | None:
    """Exchange the refresh token of a session, and note the answer."""
    with load.history.operation("refresh", session.badge.code_id) as done:
        status, body = refresh(load.cluster, str(session.tokens["refresh_token"]), node)
        done.node = node
        if status == 200:
            session.tokens, done.outcome = {**session.tokens, **body}, Outcome.OK
            return True
        if status == 400:
            done.outcome = Outcome.FAIL
            return False
    return None
