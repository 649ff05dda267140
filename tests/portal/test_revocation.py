"""After a revocation has answered, nothing the code opened opens anything: not sessions, tokens, proofs or codes."""

import json
from collections.abc import Mapping
from typing import Any

import httpx
import msgspec
import pytest
import sqlalchemy as sa

from badgepin.reference_client import Answer, Proven, Refused, SignedIn
from badgepin.store import opening
from badgepin.store import sign_in as sign_in_store
from badgepin.store.sign_in_tables import sessions
from badgepin.store.tables import users
from badgepin.store.transaction import Transaction
from tests.figures import Figure, record
from tests.graph.world import APPLICATION, CLIENT, TENANT, World
from tests.portal.screen import CHOSEN, PATH, Screen, Till, badge_of, settled_badge, together

OAUTH = f"/{TENANT}/oauth2/v2.0"
ENDS = {
    "delete of the code": lambda world: world.request(
        "DELETE", world.method_path("worker", "/standardQRCode"), token=world.admin
    ),
    "delete of the method": lambda world: world.request("DELETE", world.method_path("worker"), token=world.admin),
    "reset of the PIN": lambda world: world.request(
        "PATCH", world.method_path("worker", "/pin"), token=world.admin, json={}
    ),
    "revokeSignInSessions": lambda world: world.request(
        "POST", "/users/worker@contoso.example/revokeSignInSessions", token=world.application("User.ReadWrite.All")
    ),
    "disabling the person": lambda world: world.request(
        "PATCH",
        "/users/worker@contoso.example",
        token=world.application("User.ReadWrite.All"),
        json={"accountEnabled": False},
    ),
    "deleting the person": lambda world: world.request(
        "DELETE", "/users/worker@contoso.example", token=world.application("User.ReadWrite.All")
    ),
}


def _is_signed_in(screen: Screen) -> bool:
    return screen.get(f"{PATH}/done").status == 200


def _introspect(screen: Screen, secret: str, token: str) -> Mapping[str, Any]:
    form = {"client_id": CLIENT, "client_secret": secret, "token": token}
    answer = screen.post_form(f"{OAUTH}/introspect", form)
    assert answer.status == 200, answer.body
    return answer.json()


@pytest.mark.parametrize("how", ENDS)
def test_what_the_code_opened_is_dead_at_once(world: World, screen: Screen, how: str) -> None:
    badge = settled_badge(world)
    till = Till(world)
    secret = world.request(
        "POST",
        f"/applications/{APPLICATION}/addPassword",
        token=world.application("Application.ReadWrite.All"),
        json={},
    ).json()["secretText"]
    tokens = till.tokens(screen, badge)
    other = Screen(world)
    begun = till.begin(other)
    unredeemed = other.sign_in(badge, CHOSEN, request=begun.request)
    assert isinstance(unredeemed, SignedIn)
    code = other.get(unredeemed.location).headers["location"]
    pending = Screen(world).scan(badge)
    assert isinstance(pending, Proven)
    assert _introspect(screen, secret, tokens["access_token"])["active"] is True

    assert ENDS[how](world).status_code < 300

    assert not _is_signed_in(screen)
    assert world.request("GET", "/me", token=tokens["access_token"]).status_code == 401
    assert till.refresh(screen, tokens["refresh_token"]).status == 400
    assert _introspect(screen, secret, tokens["access_token"]) == {"active": False}
    assert _introspect(screen, secret, tokens["refresh_token"]) == {"active": False}
    form = {
        "grant_type": "authorization_code",
        "client_id": CLIENT,
        "redirect_uri": till.wanted.redirect_uri,
        "code": code.partition("code=")[2].partition("&")[0],
        "code_verifier": begun.verifier,
    }
    assert other.post_form(f"{OAUTH}/token", form).json()["error"] == "invalid_grant"
    assert other.get(f"{OAUTH}/authorize/resume?request={begun.request}").headers["location"].startswith(PATH)


def _trial(world: World, badge: str) -> tuple[Answer, httpx.Response, Screen]:
    """A PIN and a revocation at the same moment."""
    screen = Screen(world)
    proven = screen.scan(badge)
    assert isinstance(proven, Proven), proven
    body = json.dumps({"request": "", "proof": proven.handle, "pin": CHOSEN}).encode()

    async def revoke() -> Any:
        return await world.send("DELETE", world.method_path("worker", "/temporaryQRCode"), token=world.admin)

    pin = screen.send("POST", f"{PATH}/pin", body, {"content-type": "application/json"})
    entered, revoked = world.run(together(pin, revoke()))
    return entered, revoked, screen


def _violations(world: World, trials: int) -> int:
    found = 0
    for _ in range(trials):
        badge = badge_of(world.create_temporary())
        entered, revoked, screen = _trial(world, badge)
        assert revoked.status_code == 204
        assert entered.status in {200, 403}
        later = Screen(world).sign_in(badge, CHOSEN)
        found += _is_signed_in(screen) or not isinstance(later, Refused)
    return found


def test_a_sign_in_that_races_a_revocation_leaves_no_session(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    settled_badge(world)
    trials = 40
    violations = _violations(world, trials)
    # the control: a node that remembers how badges stood, and sessions that are judged by their own row alone
    remembered: dict[str, Any] = {}
    find = sign_in_store.find_badge

    def cached(tx: Transaction, tenant_id: str, qr_code_id: str, *, lock: bool = False) -> Any:
        return remembered.setdefault(qr_code_id, find(tx, tenant_id, qr_code_id, lock=lock))

    forgiving = sa.or_(opening.is_as_judged(), users.c.id == users.c.id)
    monkeypatch.setattr(sign_in_store, "find_badge", cached)
    monkeypatch.setattr(opening, "is_as_judged", lambda: forgiving)
    opening._opening.cache_clear()
    try:
        weaker = _violations(world, 5)
    finally:
        opening._opening.cache_clear()
    assert weaker > 0
    record(
        Figure(
            "I2",
            f"PIN and DELETE of the code at once, {world.installation.database.dialect}",
            trials,
            violations,
            f"badges cached in the node: {weaker} of 5",
        )
    )


def test_sessions_may_be_let_run_on_but_never_past_the_code(world: World, screen: Screen) -> None:
    object.__setattr__(world.installation, "settings", _lenient(world))
    settled_badge(world)
    badge = badge_of(world.create_temporary(hours=2))
    assert isinstance(screen.sign_in(badge, CHOSEN), SignedIn)
    assert (
        world.request("DELETE", world.method_path("worker", "/temporaryQRCode"), token=world.admin).status_code == 204
    )
    assert _is_signed_in(screen)
    refused = Screen(world).sign_in(badge, CHOSEN)
    assert isinstance(refused, Refused)
    for _ in range(9):
        world.clock.move(minutes=13)
        still = _is_signed_in(screen)
    assert still
    world.clock.move(minutes=5)
    assert not _is_signed_in(screen)


def _lenient(world: World) -> Any:
    return msgspec.structs.replace(world.installation.settings, delete_code_ends_sessions=False)


def test_a_change_of_pin_over_the_api_keeps_the_session_it_was_made_in(world: World, screen: Screen) -> None:
    badge = settled_badge(world)
    till = Till(world, "User.Read UserAuthMethod-QR.ReadWrite UserAuthenticationMethod.ReadWrite")
    object.__setattr__(till.wanted, "scope", "openid UserAuthMethod-QR.ReadWrite User.Read")
    tokens = till.tokens(screen, badge)
    other = Screen(world)
    assert isinstance(other.sign_in(badge, CHOSEN), SignedIn)
    body = {"currentPin": CHOSEN, "newPin": "86420975"}
    changed = world.request(
        "POST", "/me/authentication/qrCodePinMethod/updatePin", token=tokens["access_token"], json=body
    )
    assert changed.status_code == 204, changed.text
    assert _is_signed_in(screen)
    assert world.request("GET", "/me", token=tokens["access_token"]).status_code == 200
    assert not _is_signed_in(other)


def test_a_pin_reset_between_two_looks_saves_nothing(world: World, screen: Screen) -> None:
    badge = badge_of(world.create_method())
    proven = screen.scan(badge)
    assert isinstance(proven, Proven)
    asked = screen.post_json(f"{PATH}/pin", {"request": "", "proof": proven.handle, "pin": "13572468"})
    assert asked.json().get("next") == "changePin"
    assert world.request("PATCH", world.method_path("worker", "/pin"), token=world.admin, json={}).status_code == 201
    late = screen.post_json(f"{PATH}/change", {"request": "", "proof": proven.handle, "new_pin": CHOSEN})
    assert b'"scanAgain"' in late.body
    assert not world.rows(sessions)
