"""Many at once: guesses at one PIN, copies of one proof, of one code and of one token, over every node."""

import base64
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

import sqlalchemy as sa
from benchmarks.installation import CLIENT
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from badgepin.crypto.challenge import message_to_sign
from badgepin.reference_client import Browser, NoAnswer, Proven, SignedIn, begin, prove
from badgepin.store.tables import pin_charges, pins
from badgepin.store.transaction import Transaction
from faults.cluster import REDIRECT, Cluster
from faults.intervals import Verdict
from faults.person import PIN, WANTED, Person, fresh_browser, refresh, sign_in, token_answer

LIMIT = 5
"""Wrong PINs in a row before a wait, as the settings have it by default."""
WRONG = "11112222"
T = TypeVar("T")


def at_once(works: Sequence[Callable[[], T]]) -> list[T]:
    """Everything at the same moment: each in a thread of its own, behind one barrier."""
    barrier = threading.Barrier(len(works))

    def wait(work: Callable[[], T]) -> T:
        barrier.wait()
        return work()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(wait, works))


def _post(browser: Browser, path: str, body: dict[str, object]) -> tuple[int, dict[str, Any]]:
    try:
        answer = browser.post_json(path, body)
        return answer.status, dict(answer.json())
    except NoAnswer:
        return 0, {}


@dataclass
class Guessing:
    """I4 and threat 2: what one round of guesses came to."""

    within: Verdict
    charged: Verdict


def guesses_at_once(cluster: Cluster, person: Person, attackers: int, *, killing: bool) -> Guessing:
    """Attackers with a proof each guess at one PIN at once, over every node; one of the nodes is killed meanwhile.

    At most `LIMIT` guesses of the window may reach the hash, and none that was not charged before.
    """
    base = f"/{cluster.bench.tenant}/sign-in"

    def scan(node: str) -> tuple[Browser, Proven]:
        browser = fresh_browser(cluster, node)
        proven = prove(browser, base, person.badges[0].read)
        assert isinstance(proven, Proven), proven
        return browser, proven

    with ThreadPoolExecutor(8) as pool:
        ready = list(pool.map(scan, _nodes(cluster, attackers)))
    before, charges_before = cluster.evaluated(person.id), _charges(cluster, person)

    def guess(browser: Browser, proven: Proven) -> None:
        body: dict[str, object] = {"request": "", "proof": proven.handle, "pin": WRONG}
        for _ in range(4):
            status, answer = _post(browser, f"{base}/pin", body)
            # whoever is told to come back does, as an attacker would
            if status and answer.get("error", {}).get("code") not in {"busy", "unavailable"}:
                return

    works = [partial(guess, *pair) for pair in ready]
    if killing:
        works.append(partial(_kill_soon, cluster))
    at_once(works)
    evaluated = cluster.evaluated(person.id) - before
    charged = _charges(cluster, person) - charges_before
    within = Verdict(attackers, [f"{evaluated} guesses evaluated, not {LIMIT}"] * max(0, evaluated - LIMIT))
    unpaid = Verdict(evaluated, [f"{evaluated} evaluated, {charged} charged"] * max(0, evaluated - charged))
    if killing:
        cluster.nodes[-1].start()
    return Guessing(within, unpaid)


def _kill_soon(cluster: Cluster) -> None:
    time.sleep(0.15)
    cluster.nodes[-1].kill()


def _charges(cluster: Cluster, person: Person) -> int:
    def read(tx: Transaction) -> int:
        pin = sa.select(pins.c.id).where(pins.c.user_id == person.id).scalar_subquery()
        counted = sa.select(sa.func.count()).select_from(pin_charges).where(pin_charges.c.pin_id == pin)
        return int(tx.execute(counted).scalar_one())

    return cluster.look(read)


def copies_of_a_proof(cluster: Cluster, person: Person, copies: int) -> Verdict:
    """I5 and threat 8: one recorded proof, sent many times at once over every node, is taken once."""
    base, badge, browser = f"/{cluster.bench.tenant}/sign-in", person.badges[0].read, fresh_browser(cluster)
    challenge = str(_post(browser, f"{base}/challenge", {"request": ""})[1]["challenge"])
    message = message_to_sign(cluster.origin, challenge, badge.qr_code_id)
    signature = Ed25519PrivateKey.from_private_bytes(badge.seed).sign(message)
    body: dict[str, object] = {
        "request": "",
        "challenge": challenge,
        "qr_id": badge.qr_code_id,
        "signature": base64.urlsafe_b64encode(signature).rstrip(b"=").decode(),
    }
    browsers = [_copy(cluster, browser, number) for number in range(copies)]
    answers = at_once([partial(_post, each, f"{base}/proof", body) for each in browsers])
    return _once("proof", [status for status, _ in answers], copies)


def copies_of_a_pin(cluster: Cluster, person: Person, copies: int) -> Verdict:
    """I5: one proof and the right PIN, sent many times at once, open one session."""
    base, browser = f"/{cluster.bench.tenant}/sign-in", fresh_browser(cluster)
    proven = prove(browser, base, person.badges[0].read)
    assert isinstance(proven, Proven), proven
    body: dict[str, object] = {"request": "", "proof": proven.handle, "pin": PIN}
    browsers = [_copy(cluster, browser, number) for number in range(copies)]
    answers = at_once([partial(_post, each, f"{base}/pin", body) for each in browsers])
    return _once("session", [status for status, _ in answers], copies)


def copies_of_a_code(cluster: Cluster, person: Person, copies: int) -> Verdict:
    """I5: one authorization code, sent many times at once over every node, is redeemed once."""
    form = _code_of(cluster, person)
    answers = at_once([partial(token_answer, cluster, "token", form, node) for node in _nodes(cluster, copies)])
    return _once("authorization code", [status for status, _ in answers], copies)


def copies_of_a_refresh_token(cluster: Cluster, person: Person, copies: int) -> Verdict:
    """I5: one refresh token, sent many times at once over every node, has one successor."""
    status, body = token_answer(cluster, "token", _code_of(cluster, person))
    assert status == 200, body
    token = str(body["refresh_token"])
    answers = at_once([partial(refresh, cluster, token, node) for node in _nodes(cluster, copies)])
    successors = {found["refresh_token"] for status, found in answers if status == 200}
    assert successors, "no refresh token was taken"
    return Verdict(copies, ["a second successor of one refresh token"] * (len(successors) - 1))


def _nodes(cluster: Cluster, copies: int) -> list[str]:
    return [cluster.nodes[number % len(cluster.nodes)].name for number in range(copies)]


def _code_of(cluster: Cluster, person: Person) -> dict[str, str]:
    browser = fresh_browser(cluster)
    begun = begin(browser, cluster.bench.tenant, WANTED)
    outcome = sign_in(cluster, person.badges[0], PIN, browser, begun.request)
    assert isinstance(outcome, SignedIn), outcome
    return {
        "grant_type": "authorization_code",
        "client_id": CLIENT,
        "redirect_uri": REDIRECT,
        "code": parse_qs(urlsplit(browser.get(outcome.location).headers["location"]).query)["code"][0],
        "code_verifier": begun.verifier,
    }


def _copy(cluster: Cluster, browser: Browser, number: int) -> Browser:
    copy = fresh_browser(cluster, cluster.nodes[number % len(cluster.nodes)].name)
    copy.cookies["__Host-pre"] = browser.cookies["__Host-pre"]
    return copy


def _once(what: str, statuses: list[int], copies: int) -> Verdict:
    accepted = statuses.count(200)
    assert accepted, f"no {what} was taken: {statuses}"
    return Verdict(copies, [f"{what} taken {accepted} times"] * (accepted - 1))
