"""Strangers: requests without a proven badge, of every shape. They must cost no row and no PIN hash."""

import random
import secrets
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import sqlalchemy as sa

from badgepin.reference_client import NoAnswer, SignedIn
from badgepin.store.sign_in_tables import grants, proofs, sessions, used_nonces
from badgepin.store.tables import audit_events, pin_charges, pin_locks, pins
from badgepin.store.transaction import Transaction
from faults.cluster import Cluster
from faults.intervals import Verdict
from faults.person import PIN, Person, fresh_browser, sign_in

_TABLES = (used_nonces, proofs, sessions, grants, pin_charges, pin_locks, audit_events)
_AT_ONCE = 8


@dataclass(frozen=True)
class Flood:
    """What strangers caused, and how long somebody with a badge took meanwhile, in seconds."""

    written: Verdict
    meanwhile: list[float]


def flood(cluster: Cluster, person: Person, count: int) -> Flood:
    """So many requests of strangers, some of them naming a real code; then the same again, while somebody signs in."""
    before = _state(cluster, person)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(lambda number: _stranger(cluster, person, number), range(count)))
    after = _state(cluster, person)
    changed = [f"{name}: {after[name] - before[name]} more" for name in before if after[name] != before[name]]
    meanwhile: list[float] = []
    stopping = threading.Event()
    honest = threading.Thread(target=_keep_signing_in, args=(cluster, person, meanwhile, stopping), daemon=True)
    honest.start()
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(lambda number: _stranger(cluster, person, number), range(count // 2)))
    stopping.set()
    honest.join()
    return Flood(Verdict(count, changed), meanwhile)


def _keep_signing_in(cluster: Cluster, person: Person, took: list[float], stopping: threading.Event) -> None:
    while not stopping.is_set():
        began = time.monotonic()
        if isinstance(sign_in(cluster, person.badges[0], PIN), SignedIn):
            took.append(time.monotonic() - began)


def _stranger(cluster: Cluster, person: Person, number: int) -> None:
    chance, browser, base = random.Random(number), fresh_browser(cluster), f"/{cluster.bench.tenant}/sign-in"
    qr_id = person.badges[0].code_id if number % 2 else str(uuid.UUID(int=chance.getrandbits(128)))
    try:
        challenge = browser.post_json(f"{base}/challenge", {"request": ""}).json().get("challenge", "")
        bodies: list[tuple[str, dict[str, object]]] = [
            (
                "proof",
                {"request": "", "challenge": challenge, "qr_id": qr_id, "signature": secrets.token_urlsafe(64)[:86]},
            ),
            ("proof", {"request": "", "challenge": "x" * chance.randrange(400), "qr_id": qr_id, "signature": ""}),
            ("pin", {"request": "", "proof": secrets.token_urlsafe(32), "pin": PIN}),
            ("change", {"request": "", "proof": secrets.token_urlsafe(32), "new_pin": PIN}),
            (chance.choice(["pin", "proof", "change"]), {"pin": [PIN], "proof": {}, "qr_id": 7}),
        ]
        browser.post_json(f"{base}/{bodies[number % len(bodies)][0]}", bodies[number % len(bodies)][1])
    except NoAnswer:
        return
    finally:
        browser.close()


def _state(cluster: Cluster, person: Person) -> dict[str, int]:
    def read(tx: Transaction) -> dict[str, int]:
        counts = {
            table.name: int(tx.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()) for table in _TABLES
        }
        failures = sa.select(sa.func.sum(pins.c.life_failures))
        return {**counts, "failures of PINs": int(tx.execute(failures).scalar_one() or 0)}

    return {**cluster.look(read), "PINs hashed": cluster.evaluated(person.id)}
