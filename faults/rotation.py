"""Every key changed under load, again and again, and one that leaked: what failed, and for how long the leak worked."""

import random
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import cycle
from pathlib import Path

import jwt
from tests.postgres import server

from badgepin.crypto.key_ring_file import change_key_ring
from badgepin.crypto.key_rotation import KINDS, KeyRefused, plan_rotation
from badgepin.reference_client import NoAnswer, Refused, begin, redeem
from faults.cluster import Cluster, cluster
from faults.finding import Findings
from faults.intervals import Verdict, percentile
from faults.node import BADGEPIN
from faults.person import (
    PIN,
    WANTED,
    Api,
    Badge,
    Person,
    admin_api,
    badge_in,
    fresh_browser,
    in_minutes,
    is_active,
    make_people,
    method_path,
    refresh,
    sign_in,
)
from faults.source import changed_source
from faults.weaker import KEYS_NEVER_REREAD

GOAL = 60.0
"""Seconds within which every node refuses a key that leaked."""
# twenty and ten minutes, sixty times as fast: a signing key is published so long before it signs, and so long may an
# application keep what was published
_AHEAD, _KEPT = timedelta(seconds=20), 10.0
_PERMISSIONS = ("UserAuthenticationMethod.ReadWrite.All", "User.ReadWrite.All")


@dataclass(frozen=True)
class Size:
    """How long the load lasts and its control, in seconds; how many clients, and how many keys leak."""

    load: float
    control: float
    clients: int
    leaks: int


QUICK, WHOLE = Size(60, 20, 3, 3), Size(300, 40, 4, 20)


@dataclass
class Keys:
    """The files of keys that all nodes read, and the operator's command line."""

    cluster: Cluster
    path: Path
    kek: Path
    done: Counter[str] = field(default_factory=Counter)

    @property
    def environment(self) -> dict[str, str]:
        """What tells nodes and commands where the files are."""
        return {"BADGEPIN_KEY_RING": str(self.path), "BADGEPIN_KEY_ENCRYPTION_KEY": str(self.kek)}

    def command(self, *arguments: str) -> None:
        """`badgepin keys …`. Raises `CalledProcessError`."""
        command = [str(BADGEPIN), "keys", *arguments, "--data", str(self.cluster.bench.folder)]
        subprocess.run(command, check=True, capture_output=True, env=self.environment)
        self.done[" ".join(arguments[:2])] += 1

    def plan_signing(self) -> None:
        """A planned rotation whose times are shorter than the command line allows; none while one is coming."""
        now, kind = datetime.now(UTC), KINDS["signing"]
        try:
            change_key_ring(self.path, self.kek, lambda ring: plan_rotation(ring, kind, now + _AHEAD, now))
        except KeyRefused:
            return
        self.done["rotate signing"] += 1

    def rotate_all(self, stopping: threading.Event) -> None:
        """One key after another, until told to stop."""
        self.command("rewrap", "--new")
        steps: list[Callable[[], None]] = []
        for kind in KINDS.keys() - {"signing"}:
            steps += [self.plan_signing, partial(self.command, "rotate", kind, "--in", "0")]
        steps.append(partial(self.command, "re-encrypt"))
        steps += [partial(self.command, "rewrap", "--new"), partial(self.command, "rewrap", "--drop-old")]
        for step in cycle(steps):
            if stopping.wait(0.3):
                return
            step()


class Client:
    """Signs in, uses tokens, turns pages, gets badges: every request at a node by chance, and every one must work."""

    def __init__(self, nodes: Cluster, person: Person, seed: int) -> None:
        self._nodes, self._person, self._chance = nodes, person, random.Random(seed)
        self._api: Api = admin_api(nodes)
        self._published: tuple[float, jwt.PyJWKSet] | None = None
        self.verdict = Verdict()
        self.busy = 0

    def run(self, stopping: threading.Event) -> None:
        """Round after round, until told to stop."""
        while not stopping.is_set():
            self._visit(self._person.badges[0])
            self._turn_a_page()
            self._use_a_new_badge()

    def _note(self, what: str, *, is_good: bool, detail: object = "") -> None:
        if "busy" in str(detail):
            # no place for a PIN hash came free in time; a missing pepper says the same, and is looked for in the logs
            self.busy += 1
            return
        self.verdict.trials += 1
        if not is_good:
            self.verdict.violations.append(f"{what} failed {detail}".strip())

    def _node(self) -> str:
        return self._chance.choice(self._nodes.nodes).name

    def _visit(self, badge: Badge) -> None:
        browser, tenant = fresh_browser(self._nodes), self._nodes.bench.tenant
        try:
            begun = begin(browser, tenant, WANTED)
            outcome = sign_in(self._nodes, badge, PIN, browser, begun.request)
            self._note("a sign-in", is_good=not isinstance(outcome, Refused), detail=outcome)
            if isinstance(outcome, Refused):
                return
            tokens = redeem(browser, tenant, WANTED, begun, outcome.location)
        except NoAnswer as error:
            self._note("a sign-in", is_good=False, detail=error)
            return
        finally:
            browser.close()
        self._use(tokens)
        status, renewed = refresh(self._nodes, str(tokens["refresh_token"]), self._node())
        self._note("a refresh", is_good=status == 200, detail=(status, renewed.get("error")))
        if status == 200:
            self._use(renewed)

    def _use(self, tokens: dict[str, object]) -> None:
        taken = is_active(self._nodes, str(tokens["access_token"]), self._node())
        self._note("a token's use", is_good=taken is True, detail=taken)
        if "id_token" in tokens:
            self._note("a check with published keys", is_good=self._checks(str(tokens["id_token"])))

    def _checks(self, token: str) -> bool:
        now = time.monotonic()
        if self._published is None or now - self._published[0] > _KEPT:
            browser = fresh_browser(self._nodes, self._node())
            answer = browser.get(f"/{self._nodes.bench.tenant}/discovery/v2.0/keys").json()
            browser.close()
            self._published = (now, jwt.PyJWKSet.from_dict(answer))
        try:
            key = self._published[1][jwt.get_unverified_header(token)["kid"]]
            jwt.decode(token, key, algorithms=["RS256"], options={"verify_aud": False})
        except (KeyError, jwt.PyJWTError):
            return False
        return True

    def _turn_a_page(self) -> None:
        first = self._api.send("GET", "/users?$top=1&$select=id", node=self._node())
        self._note("a page", is_good=first.status == 200, detail=first.status)
        if first.status == 200:
            path = str(first.body["@odata.nextLink"]).partition("/v1.0")[2]
            second = self._api.send("GET", path, node=self._node())
            self._note("the next page", is_good=second.status == 200, detail=second.status)

    def _use_a_new_badge(self) -> None:
        path = method_path(self._person, "/temporaryQRCode")
        made = self._api.send("PATCH", path, {"expireDateTime": in_minutes(10)}, self._node())
        self._note("an issue", is_good=made.status == 201, detail=made.status)
        if made.status == 201:
            self._visit(badge_in(self._person, made.body))
        gone = self._api.send("DELETE", path, node=self._node())
        self._note("a revocation", is_good=gone.status == 204, detail=gone.status)


def keys(is_quick: bool) -> None:  # noqa: FBT001 - every experiment is called so
    """I11 and threat 24: three nodes that read one key ring, on one PostgreSQL."""
    size, findings = QUICK if is_quick else WHOLE, Findings()
    with server(durable=True) as postgresql, cluster(postgresql, count=3) as nodes:
        files = Keys(nodes, nodes.bench.folder / "keyring.json", nodes.folder / "kek")
        people = make_people(nodes, size.clients)
        nodes.restart((), **files.environment)
        good = _load(files, people, size.load)
        leaks, seconds = _leak_often(files, people[0], size.leaks)
        files.command("rewrap", "--off")
        blind = changed_source(nodes.folder / "blind", KEYS_NEVER_REREAD)
        nodes.nodes[0].own = {"PYTHONPATH": str(blind)}
        nodes.restart((), **files.environment)
        weak = _load(files, people, size.control, is_control=True)
        files.command("rewrap", "--off")
        nodes.restart((), **files.environment)
        weak_leaks, _ = _leak_often(files, people[0], 1)
    cuts = [percentile(seconds, share) for share in (0.5, 1)]
    print(f"  from an emergency rotation's start to a refusal by every node: p50 {cuts[0]:.2f} s, max {cuts[1]:.2f} s")
    where, weaker = "3 nodes, PostgreSQL", "a node never rereads"
    findings.add("I11", f"requests while every key is rotated, {where}", good, weaker, weak)
    what = f"nodes that take a leaked signing key {GOAL:.0f} s after its emergency rotation, {where}"
    findings.add("I11", what, leaks, weaker, weak_leaks)
    findings.finish()


def _load(files: Keys, people: list[Person], seconds: float, *, is_control: bool = False) -> Verdict:
    stopping, errors = threading.Event(), list[BaseException]()
    clients = [Client(files.cluster, person, seed) for seed, person in enumerate(people)]

    def guarded(work: Callable[[threading.Event], None]) -> None:
        try:
            work(stopping)
        except BaseException as error:  # noqa: BLE001 - a thread's end is the run's end, and told to who waits for it
            errors.append(error)
            stopping.set()

    works = [files.rotate_all, *(client.run for client in clients)]
    threads = [threading.Thread(target=guarded, args=(work,), daemon=True) for work in works]
    for thread in threads:
        thread.start()
    stopping.wait(seconds)
    stopping.set()
    for thread in threads:
        thread.join()
    for error in errors:
        raise error
    verdict = sum((client.verdict for client in clients), Verdict())
    if not is_control:
        verdict += _what_nodes_say(files.cluster)
        print(f"  done to the keys: {dict(files.done)}; sent away busy: {sum(client.busy for client in clients)}")
    return verdict


def _what_nodes_say(nodes: Cluster) -> Verdict:
    said = [
        line for node in nodes.nodes for line in node.log.read_text(encoding="utf-8", errors="replace").splitlines()
    ]
    return Verdict(0, [line for line in said if "The keys in use stay" in line or "A PIN cannot be checked" in line])


def _leak_often(files: Keys, person: Person, times: int) -> tuple[Verdict, list[float]]:
    verdict, seconds = Verdict(), list[float]()
    for _ in range(times):
        names = [node.name for node in files.cluster.nodes]
        stolen = _token(files.cluster, person)
        assert all(is_active(files.cluster, stolen, name) for name in names), "a good token is taken everywhere"
        began = time.monotonic()
        files.command("rotate", "signing", "--emergency")
        taking = set(names)
        while taking and time.monotonic() - began < GOAL:
            taking = {name for name in taking if is_active(files.cluster, stolen, name) is not False}
            time.sleep(0.05)
        seconds.append(time.monotonic() - began)
        verdict += Verdict(len(names), [f"{name} still takes it" for name in taking])
        fresh = _token(files.cluster, person)
        refusing = [name for name in names if not taking and not is_active(files.cluster, fresh, name)]
        verdict.violations += [f"{name} does not take the new key" for name in refusing]
    return verdict, seconds


def _token(nodes: Cluster, person: Person) -> str:
    browser = fresh_browser(nodes)
    begun = begin(browser, nodes.bench.tenant, WANTED)
    outcome = sign_in(nodes, person.badges[0], PIN, browser, begun.request)
    assert not isinstance(outcome, Refused), outcome
    return str(redeem(browser, nodes.bench.tenant, WANTED, begun, outcome.location)["access_token"])
