"""Two nodes with one key ring file: every kind of key changes in the middle of everything, and nobody notices (I11)."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest

from badgepin.crypto import keys_in_use
from badgepin.crypto.key_ring import FAMILIES, KeyRing, create_key_ring
from badgepin.crypto.key_ring_file import add_kek, change_key_ring, drop_older_keks, load_key_ring, save_key_ring
from badgepin.crypto.key_rotation import KINDS, plan_rotation, rotate_at_once
from badgepin.reference_client import NoAnswer, Refused
from badgepin.web.key_ring_keeper import KeyRingKeeper
from badgepin.web.vitals import Vitals
from tests.figures import Figure, record
from tests.graph.world import BASE, START, TENANT, World, guid, open_world
from tests.portal.screen import CHOSEN, Screen, Till, settled_badge

JWKS = f"/{TENANT}/discovery/v2.0/keys"
ME = f"/users/{guid('worker')}?$select=id"
PAGES = "/users?$top=5&$select=id"
STEPS = range(0, 10, 3)
BYSTANDERS = 1
SIGNING = KINDS["signing"]
SIGNATURE_ONLY: Any = dict.fromkeys(("verify_aud", "verify_exp", "verify_nbf", "verify_iat"), False)


@dataclass
class Pair(World):
    """Two nodes that take turns; a second passes before each request, and one of them looks at the file of keys.

    Beside each request others come to both nodes, with tokens of one and for the other; `failed` counts those too.
    """

    other: World = None  # type: ignore[assignment] # a field after those with defaults
    path: Path = Path()
    keepers: list[KeyRingKeeper | None] = field(default_factory=list)
    before: dict[int, Callable[[], object]] = field(default_factory=dict)
    steps: int = 0
    tried: int = 0
    failed: list[str] = field(default_factory=list)

    @property
    def nodes(self) -> tuple[World, World]:
        """Both."""
        return World(self.installation, self.clock, self.runner), self.other

    async def send(self, method: str, path: str, *, token: str | None = None, **options: Any) -> httpx.Response:
        """One request to the node whose turn it is, and bystanders to both."""
        self.clock.move(seconds=1)
        self.other.clock.now = self.clock.now
        self.before.pop(self.steps, lambda: None)()
        keeper = self.keepers[self.steps % 2]
        if keeper is not None:
            await keeper.beat()
        node = self.nodes[self.steps // 2 % 2]
        self.steps += 1
        work = [self._stand_by(*pair) for pair in (self.nodes, self.nodes[::-1]) for _ in range(BYSTANDERS)]
        standing_by = asyncio.gather(*work)
        answer = await node.send(method, path, token=token, **options)
        await standing_by
        self._count(answer)
        return answer

    async def _stand_by(self, one: World, two: World) -> None:
        token = _reader(one)
        first = await two.send("GET", PAGES, token=token)
        self._count(first)
        if first.status_code == 200:
            self._count(await one.send("GET", first.json()["@odata.nextLink"].removeprefix(BASE), token=token))

    def _count(self, answer: httpx.Response) -> None:
        self.tried += 1
        if answer.status_code >= 400:
            self.failed.append(f"{answer.request.method} {answer.request.url.path} {answer.status_code}")

    def rotate_everything(self) -> None:
        """As an operator does, in a hurry."""
        now = self.clock.now

        def each(ring: KeyRing) -> KeyRing:
            for kind in KINDS.values():
                ring = plan_rotation(ring, kind, now, now)
            return ring

        change_key_ring(self.path, None, each)

    def beat(self) -> None:
        """Both look at the file."""
        for keeper in self.keepers:
            if keeper is not None:
                self.run(keeper.beat())


@pytest.fixture
def path(world: World, tmp_path: Path) -> Path:
    """The file of the installation's keys."""
    where = tmp_path / "keyring.json"
    save_key_ring(world.installation.keys, where)
    return where


@contextmanager
def _running(world: World, path: Path, kek: Path | None = None) -> Iterator[Pair]:
    """Two nodes that have just started."""
    url, ring = world.installation.settings.database_url, load_key_ring(path, kek)
    files = {"key_ring": str(path), "key_encryption_key": str(kek or "")}
    nodes = [open_world(url, ring, world.runner, journal=None, **files) for _ in range(2)]
    pair = Pair(nodes[0].installation, nodes[0].clock, world.runner, other=nodes[1], path=path)
    pair.clock.now = world.clock.now
    pair.keepers = [KeyRingKeeper(node.installation) for node in nodes]
    yield pair
    world.clock.now = pair.clock.now
    for node in nodes:
        node.close()


def _reader(node: World) -> str:
    return node.application("User.Read.All")


def _visit(pair: Pair, till: Till, badge: str) -> None:
    """Sign in, redeem, refresh, use the token, by way of both nodes; the pair counts what fails."""
    screen = Screen(pair)
    try:
        tokens = till.tokens(screen, badge)
        again = till.refresh(screen, str(tokens["refresh_token"])).json()
        pair.request("GET", "/me?$select=id", token=str(again["access_token"]))
        pair.request("GET", "/me?$select=id", token=str(tokens["access_token"]))
    except (AssertionError, KeyError, NoAnswer) as error:
        pair.failed.append(f"the visit ended early: {error!r}")


def _visits(pair: Pair, till: Till, badge: str) -> None:
    """A visit for some of its steps, with a rotation of everything before that step; up to the first that fails."""
    for step in STEPS:
        pair.before = {pair.steps + step: pair.rotate_everything}
        _visit(pair, till, badge)
        if pair.failed:
            break


def test_nobody_notices_that_every_key_is_rotated(world: World, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    badge, till, first = settled_badge(world), Till(world), world.installation.keys
    with _running(world, path) as pair:
        _visits(pair, till, badge)
        assert not pair.failed
        now = pair.installation.keys
    for name in FAMILIES:
        assert getattr(now, name)[0].kid != getattr(first, name)[0].kid, f"{name} were rotated and used"
    with _running(world, path) as blind:
        blind.keepers[1] = None
        _visits(blind, till, badge)
    with _running(world, path) as hasty:
        monkeypatch.setattr(keys_in_use, "_KNOWN_FIRST", timedelta(0))
        _visits(hasty, till, badge)
    assert blind.failed
    assert hasty.failed
    control = f"a node never rereads: {len(blind.failed)} of {blind.tried}"
    control += f"; keys used before others know them: {len(hasty.failed)} of {hasty.tried}"
    record(Figure("I11", "requests to 2 nodes while every key is rotated", pair.tried, len(pair.failed), control))


def _cached(pair: Pair, node: World) -> jwt.PyJWKSet:
    return jwt.PyJWKSet.from_dict(pair.run(node.send("GET", JWKS, plain=True)).json())


def _checks(keys: jwt.PyJWKSet, token: str) -> bool:
    try:
        key = keys[jwt.get_unverified_header(token)["kid"]]
        jwt.decode(token, key, algorithms=["RS256"], options=SIGNATURE_ONLY)
    except (KeyError, jwt.PyJWTError):
        return False
    return True


@pytest.mark.parametrize("ahead", [timedelta(minutes=20), timedelta(0)], ids=["as planned", "at once"])
def test_a_client_that_keeps_the_published_keys_for_ten_minutes_knows_each(
    world: World, path: Path, ahead: timedelta
) -> None:
    """Twice the time that keys are kept is enough; a key that signs before it is published is found out (I11)."""
    tried, unknown = 0, 0

    def at(later: timedelta = timedelta(0)) -> datetime:
        return pair.clock.now + later

    with _running(world, path) as pair:
        for minute in range(100):
            if minute % 10 == 0:
                cached = _cached(pair, pair.nodes[minute // 10 % 2])
            if minute in {3, 57}:
                change_key_ring(path, None, partial(plan_rotation, kind=SIGNING, active_at=at(ahead), now=at()))
            pair.beat()
            for node in pair.nodes:
                tried, unknown = tried + 1, unknown + (not _checks(cached, node.admin))
            pair.clock.move(minutes=1)
            pair.other.clock.now = pair.clock.now
        assert len(_cached(pair, pair.other).keys) == 3, "of the last 25 hours"
    assert (tried, unknown > 0) == (200, not ahead)


def test_a_key_that_leaked_is_refused_by_every_node_within_two_polls(world: World, path: Path) -> None:
    with _running(world, path) as pair:
        token, [old] = _reader(pair), pair.installation.keys.signing_keys
        for node in pair.nodes:
            assert node.request("GET", ME, token=token).status_code == 200
        change_key_ring(path, None, lambda ring: rotate_at_once(ring, SIGNING, pair.clock.now))
        blind, pair.keepers[1] = pair.keepers[1], None
        pair.beat()
        assert [node.request("GET", ME, token=token).status_code for node in pair.nodes] == [401, 200], "the control"
        pair.keepers[1] = blind
        pair.beat()
        for node in pair.nodes:
            assert node.request("GET", ME, token=token).status_code == 401
            assert node.request("GET", ME, token=_reader(pair)).status_code == 200
            assert old.kid not in node.request("GET", JWKS, plain=True).text


def test_the_key_encryption_key_changes_and_nobody_notices(world: World, path: Path, tmp_path: Path) -> None:
    kek, badge, till = tmp_path / "kek", settled_badge(world), Till(world)
    add_kek(kek)

    def rewrap() -> None:
        save_key_ring(load_key_ring(path, kek), path, kek)

    with _running(world, path, kek) as pair:
        pair.before = {0: rewrap, 2: lambda: add_kek(kek), 4: rewrap, 6: lambda: drop_older_keks(kek)}
        _visit(pair, till, badge)
        change_key_ring(path, kek, lambda ring: rotate_at_once(ring, KINDS["seal"], pair.clock.now))
        pair.beat()
        assert (pair.failed, pair.before) == ([], {})
        assert pair.installation.held.trouble is None
        assert pair.installation.keys.seals[0].kid not in {key.kid for key in world.installation.keys.seals}


def _garbage(path: Path) -> None:
    path.unlink()
    path.write_bytes(b"{")
    path.chmod(0o400)


TROUBLES: dict[str, tuple[Callable[[Path], object], str]] = {
    "gone": (lambda path: path.unlink(), "is missing"),
    "open to others": (lambda path: path.chmod(0o444), "chmod 0400"),
    "broken": (_garbage, "restore it"),
    "a stranger's": (lambda path: save_key_ring(create_key_ring(START), path), "lacks the pepper"),
}


@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_file_that_cannot_be_used_leaves_the_keys_as_they_are_and_is_told_of(
    world: World, path: Path, trouble: str, caplog: pytest.LogCaptureFixture
) -> None:
    world.create_method()
    spoil, words = TROUBLES[trouble]
    with _running(world, path) as pair:
        pair.beat()
        kids = [key.kid for key in pair.installation.keys.signing_keys]
        spoil(path)
        pair.beat()
        pair.beat()
        assert [key.kid for key in pair.installation.keys.signing_keys] == kids
        assert pair.request("GET", ME, token=_reader(pair)).status_code == 200
        told = [line.getMessage() for line in caplog.records if line.name == "badgepin.web.key_ring_keeper"]
        assert len(told) == 2, "once for each node"
        assert words in told[0]
        assert _refused_metric(pair) == 1
        health = pair.request("GET", "/badgepin/health", token=pair.person("global_administrator")).json()["value"]
        assert words in next(each["finding"] for each in health if each["id"] == "keys")
        path.unlink(missing_ok=True)
        save_key_ring(rotate_at_once(world.installation.keys, SIGNING, START), path)
        pair.beat()
        assert [key.kid for key in pair.installation.keys.signing_keys] != kids
        assert _refused_metric(pair) == 0


def _refused_metric(pair: Pair) -> float:
    found = {metric.name: metric.samples[0].value for metric in Vitals(pair.installation).collect() if metric.samples}
    return found["badgepin_key_ring_refused"]


def test_a_pin_under_a_pepper_that_a_node_lacks_is_answered_later(
    world: World, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    badge = settled_badge(world)
    with _running(world, path) as pair:
        pair.keepers, ring = [None, None], pair.installation.held.taken
        without = replace(ring, peppers=create_key_ring(START).peppers)
        for node in pair.nodes:
            node.installation.held.take(without, pair.clock.now)
        assert isinstance(Screen(pair).sign_in(badge, CHOSEN), Refused)
        assert {failure.rpartition(" ")[2] for failure in pair.failed} == {"503", "403"}
        assert "lacks the pepper" in caplog.text
        for node in pair.nodes:
            node.installation.held.take(ring, pair.clock.now)
        assert not isinstance(Screen(pair).sign_in(badge, CHOSEN), Refused)
