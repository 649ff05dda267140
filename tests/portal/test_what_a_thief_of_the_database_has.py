"""Who reads the database can use nothing of it, and who writes it cannot make one person another (threats 17 to 19)."""

import base64
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from badgepin.crypto.token import BadToken
from badgepin.reference_client import Refused, SignedIn
from badgepin.services import desk_session, session
from badgepin.services.session import digest_of
from badgepin.store import grant
from badgepin.store.schema import schema
from badgepin.store.sign_in_tables import authorization_codes, grants, proofs, refresh_tokens, sessions
from badgepin.store.tables import pins, qr_codes
from badgepin.store.transaction import Transaction
from badgepin.web.bearer import AUDIENCES
from badgepin.web.cookies import SESSION
from tests.graph.world import TENANT, World, guid
from tests.portal.screen import CHOSEN, Screen, Till, settled_badge

THIEF, VICTIM = guid("colleague"), guid("worker")
_THIEFS_PIN = "86420975"
_OF_SIGNING_IN = (sessions, proofs, grants, refresh_tokens, authorization_codes)
_OF_THE_HASH = ("memory_kib", "iterations", "parallelism", "salt", "pepper_key_id", "nonce", "ciphertext")


@pytest.fixture
def badges(world: World) -> dict[str, str]:
    """The victim's badge, whose PIN is `CHOSEN`, and the thief's, whose PIN the thief chose."""
    victims = settled_badge(world)
    thiefs = Screen(world)
    mine = settled_badge(world, "colleague")
    path = world.method_path("colleague", "/updatePin")
    body = {"currentPin": CHOSEN, "newPin": _THIEFS_PIN}
    assert world.request("POST", path, token=world.person("colleague"), json=body).status_code == 204
    assert isinstance(thiefs.sign_in(mine, _THIEFS_PIN), SignedIn)
    return {"victim": victims, "thief": mine}


def test_a_thiefs_own_pin_copied_to_the_victim_opens_nothing(world: World, badges: dict[str, str]) -> None:
    def copy(tx: Transaction) -> None:
        mine = sa.select(pins).where(pins.c.user_id == THIEF)
        row = tx.execute(mine).mappings().one()
        values = {name: row[name] for name in _OF_THE_HASH}
        tx.execute(sa.update(pins).where(pins.c.user_id == VICTIM).values(**values, version=row["version"]))

    world.transact(copy)
    for pin in (_THIEFS_PIN, CHOSEN):
        refused = Screen(world).sign_in(badges["victim"], pin)
        assert isinstance(refused, Refused)
        assert refused.code == "wrongPin"


@pytest.mark.parametrize("column", ["user_id", "public_key", "row_mac", "start_at"])
def test_what_decides_about_a_badge_copied_from_another_opens_nothing(
    world: World, badges: dict[str, str], column: str
) -> None:
    def swap(tx: Transaction) -> None:
        found = {row["user_id"]: row for row in tx.execute(sa.select(qr_codes)).mappings()}
        mine, other = found[THIEF], found[VICTIM]
        # one standard code a person: the victim's goes while the thief's takes its place
        tx.execute(sa.update(qr_codes).where(qr_codes.c.id == other["id"]).values(revoked_at=world.clock.now))
        value = other[column] if column != "start_at" else world.clock.now
        tx.execute(sa.update(qr_codes).where(qr_codes.c.id == mine["id"]).values({column: value}))

    world.transact(swap)
    for pin in (_THIEFS_PIN, CHOSEN):
        refused = Screen(world).sign_in(badges["thief"], pin)
        assert isinstance(refused, Refused)
        assert refused.code == "badgeRefused"


def _spellings(world: World) -> Iterator[str]:
    """Every digest, key and salt at rest as text, and whatever stands beside them where people sign in."""
    for table in schema.sorted_tables:
        for row in world.rows(table):
            for value in row.values():
                if isinstance(value, bytes | memoryview):
                    raw = bytes(value)
                    yield from (raw.hex(), base64.urlsafe_b64encode(raw).rstrip(b"=").decode())
                elif isinstance(value, str) and table in _OF_SIGNING_IN:
                    yield value


def _opens(world: World, tx: Transaction, shown: str) -> bool:
    installation, now = world.installation, world.clock.now
    return any(
        found is not None
        for found in (
            session.find_session(tx, TENANT, shown, installation.session_reading, now),
            desk_session.find_session(tx, TENANT, shown, installation.desk_rules, now),
            grant.find_code(tx, TENANT, digest_of(shown)),
            grant.find_refresh_token(tx, TENANT, digest_of(shown)),
        )
    )


def test_nothing_at_rest_is_a_credential(world: World, badges: dict[str, str]) -> None:
    screen, till = Screen(world), Till(world)
    refresh = str(till.tokens(screen, badges["victim"])["refresh_token"])
    stored = set(_spellings(world))
    assert len(stored) > 50
    opening = world.transact(lambda tx: [shown for shown in stored if _opens(world, tx, shown)])
    assert not opening
    verify = world.installation.tokens.verify
    assert all(isinstance(verify(shown, now=world.clock.now, audiences=AUDIENCES), BadToken) for shown in stored)
    # the control: what the people themselves hold is found
    assert world.transact(lambda tx: [_opens(world, tx, shown) for shown in (screen.cookies[SESSION], refresh)]) == [
        True,
        True,
    ]
