"""What is looked at once the faults are over: the database's rows against what was acknowledged, and every session."""

import hashlib
import http.client
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import sqlalchemy as sa

from badgepin.reference_client import NoAnswer, SignedIn
from badgepin.store.sign_in_tables import refresh_tokens, sessions
from badgepin.store.tables import qr_codes
from badgepin.store.transaction import Transaction
from faults.cluster import Cluster
from faults.history import History
from faults.intervals import Verdict, revocations
from faults.load import Load, probe, renew
from faults.person import Person, Session, admin_api, badge_in, in_minutes, method_path, sign_in

_AT_ONCE = 6
T = TypeVar("T")
R = TypeVar("R")


def lost_writes(cluster: Cluster, history: History, issued: list[Session]) -> Verdict:
    """I1: every code, revocation, session and refresh token that a client was told of is in the database."""

    def read(tx: Transaction) -> tuple[dict[str, bool], set[bytes]]:
        codes = {row.id: row.revoked_at is not None for row in tx.execute(sa.select(qr_codes))}
        digests = {row[0] for row in tx.execute(sa.select(sessions.c.secret_digest))}
        return codes, digests | {row[0] for row in tx.execute(sa.select(refresh_tokens.c.digest))}

    codes, digests = cluster.look(read)
    verdict = Verdict()
    for made in history.of("issue"):
        code_id = made.detail.split()[1]
        _count(verdict, code_id in codes, f"the code {code_id} is gone")
    for code_id in revocations(history):
        if code_id in codes:
            _count(verdict, codes[code_id], f"the revocation of {code_id} is gone")
    for session in issued:
        secrets = [session.browser.cookies.get("__Host-sid", ""), str(session.tokens.get("refresh_token", ""))]
        for secret in filter(None, secrets):
            kept = hashlib.sha256(secret.encode()).digest() in digests
            _count(verdict, kept, f"a session or refresh token of {session.badge.code_id} is gone")
    return verdict


def _count(verdict: Verdict, is_right: bool, otherwise: str) -> None:  # noqa: FBT001 - one value in a row of cases
    verdict.trials += 1
    if not is_right:
        verdict.violations.append(otherwise)


def live_codes_beside_another(cluster: Cluster) -> Verdict:
    """I3: nobody has two codes of one kind that were not revoked."""
    code = qr_codes.c

    def read(tx: Transaction) -> list[int]:
        counted = sa.select(sa.func.count()).where(code.revoked_at.is_(None)).group_by(code.user_id, code.kind)
        return list(tx.execute(counted).scalars())

    counts = cluster.look(read)
    return Verdict(len(counts), [f"somebody has {count} live codes of a kind" for count in counts if count > 1])


def probe_every_session(load: Load) -> None:
    """Ask every node for every session that was ever issued, and renew it; the history gets the answers."""

    def ask(session: Session) -> None:
        for node in load.cluster.nodes:
            probe(load, session, node.name)
        if session.tokens:
            renew(load, session, load.cluster.nodes[0].name)

    _all(ask, load.sessions)


def lost_pins(cluster: Cluster, people: list[Person]) -> Verdict:
    """I1: the PIN that a person was told is theirs signs in; where an end was unknown, one of the two does."""

    def has_pin(person: Person) -> str | None:
        api = admin_api(cluster)
        api.send("POST", method_path(person, "/pin/unlock"), {"reason": "the run is over"})
        api.send("DELETE", method_path(person, "/temporaryQRCode"))
        made = api.send("PATCH", method_path(person, "/temporaryQRCode"), {"expireDateTime": in_minutes(10)})
        if made.status not in {http.client.OK, http.client.CREATED}:
            return f"{person.name} gets no code: {made}"
        badge, ends = badge_in(person, made.body), []
        for pin in person.pins:
            try:
                ends.append(sign_in(cluster, badge, pin))
            except NoAnswer as error:
                return f"{person.name}: {error}"
            if isinstance(ends[-1], SignedIn):
                return None
        return f"the PIN of {person.name} is gone: {ends}"

    found = _all(has_pin, people)
    return Verdict(len(people), [each for each in found if each])


def _all(work: Callable[[T], R], subjects: Iterable[T]) -> list[R]:
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(work, list(subjects)))
