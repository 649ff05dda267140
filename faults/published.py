"""Applications that keep the published keys for ten minutes, through many tokens and rotations (I11).

Time is simulated, a second a step; keys, file, nodes' looks at it, signatures and checks are real.
"""

import random
import tempfile
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import jwt

from badgepin.crypto.key_ring import create_key_ring
from badgepin.crypto.key_ring_file import FileStamp, change_key_ring, load_key_ring, save_key_ring, stamp
from badgepin.crypto.key_rotation import KINDS, plan_rotation
from badgepin.crypto.keys_in_use import POLL, KeysInUse
from badgepin.crypto.token import BadToken, public_jwks
from faults.finding import Findings
from faults.intervals import Verdict

_SIGNING = KINDS["signing"]
# ten minutes are what `Cache-Control` says
_KEPT = timedelta(minutes=10)
_ROTATED_EVERY = timedelta(hours=1)
_AUDIENCES = frozenset({"a"})


class _Node:
    """What a node does about its keys, at the moments it is told."""

    def __init__(self, path: Path, first_look: datetime) -> None:
        self._path, self._looks_at, self._seen = path, first_look, stamp(path)
        self.keys = KeysInUse(load_key_ring(path))

    def look(self, now: datetime) -> None:
        """Look at the file when it is time to."""
        if now < self._looks_at:
            return
        self._looks_at = now + POLL
        found: FileStamp = stamp(self._path)
        if found != self._seen:
            self.keys.take(load_key_ring(self._path), now)
            self._seen = found


class _Application:
    """Checks signatures with keys that it fetched up to ten minutes ago."""

    def __init__(self, chance: random.Random) -> None:
        self._age = _KEPT * chance.random()
        self._fetched_at = datetime.min.replace(tzinfo=UTC)
        self._keys: jwt.PyJWKSet

    def checks(self, token: str, node: _Node, now: datetime) -> bool:
        """Whether it takes a token; it fetches the keys from this node when its own are too old."""
        if now - self._fetched_at >= _KEPT:
            self._keys = jwt.PyJWKSet.from_dict(public_jwks(node.keys.at(now)))
            # not all of them fetch in the same second
            self._fetched_at, self._age = now - self._age, timedelta(0)
        try:
            key = self._keys[jwt.get_unverified_header(token)["kid"]]
            jwt.decode(token, key, algorithms=["RS256"], audience="a", options={"verify_exp": False})
        except (KeyError, jwt.PyJWTError):
            return False
        return True


def published_keys(is_quick: bool) -> None:  # noqa: FBT001 - every experiment is called so
    """I11: a signing key is published for twice as long as applications keep what is published."""
    findings, few = Findings(), 3_000
    good = _check_tokens(few if is_quick else 100_000, _SIGNING.least)
    weak = _check_tokens(few, timedelta(0))
    what = "tokens of 3 nodes checked with keys up to ten minutes old, a rotation an hour"
    findings.add("I11", what, good, "a key signs before it is published", weak)
    findings.finish()


def _check_tokens(tokens: int, ahead: timedelta) -> Verdict:
    """So many tokens, each signed by one of three nodes, checked by another and by one of five applications."""
    chance, now, verdict = random.Random(tokens), datetime(2026, 11, 30, tzinfo=UTC), Verdict()
    with tempfile.TemporaryDirectory(prefix="badgepin-faults-") as folder:
        path = Path(folder) / "keyring.json"
        save_key_ring(create_key_ring(now), path)
        nodes = [_Node(path, now + POLL * each / 3) for each in range(3)]
        applications = [_Application(chance) for _ in range(5)]
        # by then every application has keys that it keeps
        rotates_at = now + 2 * _KEPT
        for _ in range(tokens):
            now += timedelta(seconds=1)
            if now >= rotates_at:
                change_key_ring(path, None, partial(plan_rotation, kind=_SIGNING, active_at=now + ahead, now=now))
                rotates_at = now + _ROTATED_EVERY
            for node in nodes:
                node.look(now)
            signing, checking = chance.sample(nodes, 2)
            expiry = int((now + timedelta(hours=1)).timestamp())
            token = signing.keys.signer_at(now).sign({"aud": "a", "exp": expiry})
            taken = checking.keys.verifier_at(now).verify(token, now=now, audiences=_AUDIENCES)
            is_good = chance.choice(applications).checks(token, checking, now) and not isinstance(taken, BadToken)
            verdict.trials += 1
            if not is_good:
                verdict.violations.append(f"a token of {now:%H:%M:%S} was refused")
    return verdict
