"""Before the badge is proven every refusal is the same; afterwards the worker is helped, and the manager told why."""

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from badgepin.crypto.badge_key import new_badge_key
from badgepin.crypto.challenge import Context, is_challenge_good, message_to_sign, new_challenge
from badgepin.crypto.key_ring import KeyRing
from badgepin.crypto.pin_hash import HashSlot
from badgepin.domain.badge_text import BadgeText, encode_bp1
from badgepin.domain.method_policy import MethodPolicy, PolicyState, PolicyTarget, TargetKind
from badgepin.reference_client import Answer, Proven, Refused, SignedIn
from badgepin.store import method_policy
from badgepin.store.sign_in_tables import proofs, used_nonces
from badgepin.store.tables import audit_events, pin_charges, pins, qr_codes, users
from badgepin.store.transaction import Transaction
from tests.figures import Figure, record
from tests.graph.world import ROLE_GROUP, START, TENANT, World, guid
from tests.portal.screen import CHOSEN, PATH, Screen, badge_of, read, settled_badge, standard_badge


def _post(screen: Screen, step: str, body: Any) -> Answer:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return screen._send("POST", f"{PATH}/{step}", raw, {"content-type": "application/json"})


def _challenge(screen: Screen) -> str:
    screen.get(PATH)
    return str(_post(screen, "challenge", {"request": ""}).json()["challenge"])


def _signature(seed: bytes, message: bytes) -> str:
    raw = Ed25519PrivateKey.from_private_bytes(seed).sign(message)
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


EARLY = (
    "unknown badge",
    "signature of another badge",
    "stale challenge",
    "foreign challenge",
    "other site",
    "no cookie",
)


def _refused_early(world: World, screen: Screen, how: str) -> Answer:
    badge = read(standard_badge(world))
    challenge = _challenge(screen)
    qr_id, seed = badge.qr_code_id, badge.seed
    if how == "unknown badge":
        qr_id = guid("no such code")
    if how == "signature of another badge":
        seed = new_badge_key()[0].reveal()
    if how == "stale challenge":
        world.clock.move(seconds=121)
    if how == "foreign challenge":
        challenge = _challenge(Screen(world))
    if how == "other site":
        screen.headers["origin"] = "https://evil.example"
    if how == "no cookie":
        screen.cookies.clear()
    message = message_to_sign(screen.origin, challenge, qr_id)
    body = {"request": "", "challenge": challenge, "qr_id": qr_id, "signature": _signature(seed, message)}
    return _post(screen, "proof", body)


@pytest.mark.parametrize("how", EARLY)
def test_every_refusal_before_the_proof_is_the_same_and_writes_nothing(world: World, screen: Screen, how: str) -> None:
    answer = _refused_early(world, screen, how)
    error = answer.json()["error"]
    assert isinstance(error, dict)
    reference = {"code": "badgeRefused", "message": error["message"], "handle": "AAAA"}
    assert answer.status == 403
    assert {**error, "handle": "AAAA"} == reference
    assert len(answer.body) == len(json.dumps({"error": reference}, separators=(",", ":"), ensure_ascii=False).encode())
    assert not world.rows(proofs)
    assert not world.rows(used_nonces)
    assert not world.rows(pin_charges)
    assert not [event for event in world.rows(audit_events) if event["category"] == "SignIn"]


HOSTILE: list[Any] = [
    b"",
    b"[]",
    b"null",
    b"{",
    b"\xff\xfe",
    b'{"challenge": 1}',
    b"[" * 5000,
    {"challenge": "x" * 5000},
    {"challenge": "\x00", "qr_id": "\x00", "signature": "\x00"},
    {"challenge": "a.b.c", "qr_id": "' OR 1=1 --", "signature": "="},
    {"challenge": ["x"], "qr_id": {"a": 1}, "signature": None},
    {"proof": "x" * 10_000, "pin": "x" * 10_000},
    {"proof": "\x00", "pin": "\ud800"},
    {"proof": "\ud800", "pin": "12345678", "new_pin": "\udfff"},
    {"challenge": "\ud800", "qr_id": "\udc00", "signature": "\udbff"},
    {"request": "\ud800"},
    {"request": "é"},
    {"request": "x" * 20_000},
    {"request": "a.b"},
]


@pytest.mark.parametrize("step", ["challenge", "proof", "pin", "change"])
@pytest.mark.parametrize("body", HOSTILE, ids=range(len(HOSTILE)))
def test_whatever_is_posted_nothing_breaks_and_no_pin_is_charged(
    world: World, screen: Screen, step: str, body: Any
) -> None:
    screen.get(PATH)
    answer = _post(screen, step, body)
    assert answer.status in {200, 403}
    assert not world.rows(pin_charges)
    assert not world.rows(proofs)


@given(text=st.text(max_size=400))
def test_no_text_is_a_challenge(ring: KeyRing, text: str) -> None:
    assert not is_challenge_good(ring, text, Context("browser", ""), epoch=0, now=START)


@given(place=st.integers(min_value=0), other=st.characters(min_codepoint=33, max_codepoint=126))
def test_a_challenge_with_any_character_changed_is_none(ring: KeyRing, place: int, other: str) -> None:
    context = Context("browser", "")
    challenge = new_challenge(ring, context, epoch=0, now=START)
    at = place % len(challenge)
    changed = challenge[:at] + other + challenge[at + 1 :]
    assert is_challenge_good(ring, changed, context, epoch=0, now=START) == (changed == challenge)


def test_a_challenge_counts_for_its_browser_request_epoch_and_time_only(ring: KeyRing) -> None:
    context = Context("browser", "request")
    challenge = new_challenge(ring, context, epoch=3, now=START)
    assert is_challenge_good(ring, challenge, context, epoch=3, now=START + timedelta(seconds=118))
    assert not is_challenge_good(ring, challenge, Context("other", "request"), epoch=3, now=START)
    assert not is_challenge_good(ring, challenge, Context("browser", "other"), epoch=3, now=START)
    assert not is_challenge_good(ring, challenge, context, epoch=4, now=START)
    assert not is_challenge_good(ring, challenge, context, epoch=3, now=START + timedelta(seconds=120))


def _change(world: World, table: sa.Table, **values: Any) -> None:
    def change(tx: Transaction) -> None:
        tx.execute(sa.update(table).values(**values))

    world.transact(change)


def _expired(world: World) -> str:
    settled_badge(world)
    badge = badge_of(world.create_temporary(hours=1))
    world.clock.move(hours=1)
    return badge


def _not_yet(world: World) -> str:
    start = (world.clock.now + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return badge_of(world.create_method(standardQRCode={"startDateTime": start}))


def _revoked(world: World) -> str:
    badge = settled_badge(world)
    assert world.request("DELETE", world.method_path("worker", "/standardQRCode"), token=world.admin).status_code == 204
    return badge


def _disabled(world: World) -> str:
    badge = settled_badge(world)
    _change(world, users, account_enabled=False)
    return badge


def _excluded(world: World) -> str:
    badge = settled_badge(world)
    policy = MethodPolicy(state=PolicyState.ENABLED, exclude_targets=(PolicyTarget(guid("worker"), TargetKind.USER),))
    world.transact(lambda tx: method_policy.save(tx, TENANT, policy, START))
    return badge


def _old_pin(world: World) -> str:
    badge = standard_badge(world)
    world.clock.move(days=7)
    return badge


def _spent(world: World) -> str:
    badge = settled_badge(world)
    _change(world, pins, disabled_at=world.clock.now)
    return badge


REFUSED = {
    "codeExpired": (_expired, "has expired"),
    "codeNotYetActive": (_not_yet, "not valid yet"),
    "codeRevoked": (_revoked, "was revoked at 2026-11-23T09:00"),
    "notAllowed": (_excluded, "policy"),
    "pinExpired": (_old_pin, "not changed in time"),
    "pinDisabled": (_spent, "disabled"),
}


@pytest.mark.parametrize("code", REFUSED)
def test_who_holds_the_badge_is_told_why_and_the_manager_what_helps(world: World, screen: Screen, code: str) -> None:
    make, words = REFUSED[code]
    refused = screen.scan(make(world))
    assert isinstance(refused, Refused)
    assert refused.code == code
    found = world.request("GET", f"/badgepin/handles/{refused.handle.lower()}", token=world.person("manager"))
    assert found.status_code == 200, found.text
    assert words in found.json()["cause"]
    assert found.json()["fix"]
    assert found.json()["userId"] == guid("worker")


def test_a_disabled_account_signs_in_nowhere(world: World, screen: Screen) -> None:
    refused = screen.scan(_disabled(world))
    assert isinstance(refused, Refused)
    assert refused.code == "notAllowed"


def test_only_groups_that_the_policy_includes_may_sign_in(world: World, screen: Screen) -> None:
    badge = settled_badge(world)
    policy = MethodPolicy(state=PolicyState.ENABLED, include_targets=(PolicyTarget(ROLE_GROUP, TargetKind.GROUP),))
    world.transact(lambda tx: method_policy.save(tx, TENANT, policy, START))
    refused = screen.scan(badge)
    assert isinstance(refused, Refused)
    assert refused.code == "notAllowed"


def test_a_manager_of_another_store_is_told_nothing(world: World, screen: Screen) -> None:
    settled_badge(world, "other_store_worker")
    refused = screen.sign_in(badge_of(world.create_temporary("other_store_worker")), "11112222")
    assert isinstance(refused, Refused)
    answer = world.request("GET", f"/badgepin/handles/{refused.handle}", token=world.person("manager"))
    assert answer.status_code in {403, 404}


def test_a_handle_from_before_the_proof_is_explained_by_the_node_that_gave_it(world: World, screen: Screen) -> None:
    answer = _refused_early(world, screen, "signature of another badge")
    assert world.installation.refusals.counts == {"signature wrong": 1}
    assert answer.json()["error"]


@pytest.mark.parametrize("handle", ["CAM1", "cam2", "CAM3", "CLK1", "NET1", "SUP1"])
def test_a_handle_of_the_page_itself_is_explained_to_every_manager(world: World, handle: str) -> None:
    found = world.request("GET", f"/badgepin/handles/{handle}", token=world.person("manager"))
    assert found.status_code == 200
    assert found.json()["fix"]


def test_an_unknown_handle_is_not_found(world: World) -> None:
    assert world.request("GET", "/badgepin/handles/ZZZZ", token=world.admin).status_code == 404


def test_a_row_changed_behind_our_back_proves_nothing(world: World, screen: Screen) -> None:
    badge = settled_badge(world)
    _change(world, qr_codes, expire_at=world.clock.now + timedelta(days=9999))
    refused = screen.scan(badge)
    assert isinstance(refused, Refused)
    assert refused.code == "badgeRefused"


def test_a_key_swapped_in_the_database_opens_nothing(world: World, screen: Screen) -> None:
    badge = read(settled_badge(world))
    seed, public = new_badge_key()
    _change(world, qr_codes, public_key=public)
    refused = screen.scan(encode_bp1(badge.qr_code_id, seed.reveal()))
    assert isinstance(refused, Refused)
    assert refused.code == "badgeRefused"


def test_strangers_make_us_hash_and_write_nothing(
    world: World, screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str] = []
    monkeypatch.setattr(HashSlot, "is_pin", lambda _self, digits, *_: hashed.append(digits))
    standard_badge(world)
    before = _rows(world)
    trials = 0
    for _ in range(50):
        made_up = encode_bp1(guid("no such code"), new_badge_key()[0].reveal())
        assert isinstance(screen.scan(made_up), Refused)
        for step in ("pin", "change"):
            _post(screen, step, {"request": "", "proof": "A" * 43, "pin": "12345678", "new_pin": CHOSEN})
        trials += 5
    # the control: the same count does see what a proven badge writes
    written = _rows(world) - before + len(hashed)
    screen.scan(standard_badge(world, "colleague"))
    assert _rows(world) > before
    record(
        Figure(
            "I6",
            f"requests without a proven badge: rows written and PINs hashed, {world.installation.database.dialect}",
            trials,
            written,
            "one proven badge writes rows that are counted",
        )
    )


def _rows(world: World) -> int:
    return sum(len(world.rows(table)) for table in (proofs, used_nonces, pin_charges, audit_events, pins))


def test_every_attempt_after_the_proof_is_in_the_sign_in_log(world: World, screen: Screen) -> None:
    badge = settled_badge(world)
    screen.sign_in(badge, "11112222")
    screen.sign_in(badge, CHOSEN)
    token = world.application("AuditLog.Read.All")
    logged = world.request("GET", "/auditLogs/signIns", token=token).json()["value"]
    assert sorted(entry["status"]["errorCode"] for entry in logged) == [0, 0, 1301021]
    assert {entry["userPrincipalName"] for entry in logged} == {"worker@contoso.example"}
    assert logged[0]["authenticationRequirement"] == "singleFactorAuthentication"
    directory = world.request("GET", "/auditLogs/directoryAudits", token=token).json()["value"]
    assert not [entry for entry in directory if entry["category"] == "SignIn"]


def test_the_page_can_be_answered_in_other_words_than_english_without_another_size_for_a_cause(world: World) -> None:
    sizes = set()
    for how in EARLY[:3]:
        screen = Screen(world)
        world.request("DELETE", world.method_path("worker"), token=world.admin)
        sizes.add(len(_refused_early(world, screen, how).body))
    assert len(sizes) == 1


def test_a_badge_of_a_store_elsewhere_is_the_same_stranger(screen: Screen) -> None:
    stranger = encode_bp1(guid("elsewhere"), b"\x07" * 32)
    assert isinstance(read(stranger), BadgeText)
    refused = screen.scan(stranger)
    assert isinstance(refused, Refused)
    assert refused.code == "badgeRefused"


def test_a_proof_of_one_browser_is_nothing_in_another(world: World, screen: Screen) -> None:
    proven = screen.scan(settled_badge(world))
    assert isinstance(proven, Proven)
    other = Screen(world)
    other.get(PATH)
    refused = other.enter(proven, CHOSEN)
    assert isinstance(refused, Refused)
    assert refused.code == "scanAgain"
    assert isinstance(screen.enter(proven, CHOSEN), SignedIn)
