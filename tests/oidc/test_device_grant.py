"""A device without a browser is signed in from another one, where an operator allowed that; otherwise not at all."""

from typing import Any

import msgspec
import pytest

from badgepin.reference_client import Answer, SignedIn
from tests.graph.world import BASE, CLIENT, TENANT, World
from tests.portal.screen import CHOSEN, Screen, Till, settled_badge

OAUTH = f"/{TENANT}/oauth2/v2.0"
PAGE = f"/{TENANT}/device"


@pytest.fixture
def device(world: World, till: Till) -> Screen:
    """A device, on an installation that allows it."""
    assert till
    settings = msgspec.structs.replace(world.installation.settings, device_flow=True)
    object.__setattr__(world.installation, "settings", settings)
    return Screen(world)


def _begin(device: Screen) -> dict[str, Any]:
    answer = device.post_form(f"{OAUTH}/devicecode", {"client_id": CLIENT, "scope": "openid offline_access User.Read"})
    assert answer.status == 200, answer.body
    return dict(answer.json())


def _poll(device: Screen, begun: dict[str, Any], grant: str = "urn:ietf:params:oauth:grant-type:device_code") -> Answer:
    form = {"grant_type": grant, "client_id": CLIENT, "device_code": str(begun["device_code"])}
    return device.post_form(f"{OAUTH}/token", form)


def _approve(screen: Screen, begun: dict[str, Any], **more: str) -> Answer:
    asked = screen.get(str(begun["verification_uri_complete"]).removeprefix(BASE))
    assert b"Till" in asked.body or b"Automation" in asked.body
    token = asked.body.decode().partition('name="token" value="')[2].partition('"')[0]
    return screen.post_form(PAGE, {"user_code": str(begun["user_code"]).lower(), "token": token, **more})


def test_it_is_off_unless_switched_on(screen: Screen, till: Till) -> None:
    assert till
    answer = screen.post_form(f"{OAUTH}/devicecode", {"client_id": CLIENT, "scope": "openid"})
    assert (answer.status, answer.json()["error"]) == (400, "unauthorized_client")
    assert screen.get(PAGE).status == 404
    assert _poll(screen, {"device_code": "x"}).json()["error"] == "unsupported_grant_type"


@pytest.mark.parametrize("grant", ["urn:ietf:params:oauth:grant-type:device_code", "device_code"])
def test_somebody_signed_in_approves_and_the_device_gets_tokens_once(
    world: World, screen: Screen, device: Screen, grant: str
) -> None:
    assert isinstance(screen.sign_in(settled_badge(world), CHOSEN), SignedIn)
    begun = _begin(device)
    assert _poll(device, begun, grant).json()["error"] == "authorization_pending"
    assert _poll(device, begun, grant).json()["error"] == "slow_down"
    assert b"Done" in _approve(screen, begun).body
    world.clock.move(seconds=11)
    tokens = _poll(device, begun, grant).json()
    assert world.request("GET", "/me", token=str(tokens["access_token"])).status_code == 200
    assert "refresh_token" in tokens
    assert _poll(device, begun, grant).json()["error"] == "invalid_grant"
    world.request("DELETE", world.method_path("worker", "/standardQRCode"), token=world.admin)
    assert world.request("GET", "/me", token=str(tokens["access_token"])).status_code == 401


def test_a_device_that_is_turned_away_is_told_so(world: World, screen: Screen, device: Screen) -> None:
    assert isinstance(screen.sign_in(settled_badge(world), CHOSEN), SignedIn)
    begun = _begin(device)
    assert b"Turned away" in _approve(screen, begun, answer="no").body
    assert _poll(device, begun).json()["error"] == "access_denied"
    assert screen.get(str(begun["verification_uri_complete"]).removeprefix(BASE)).status == 404


def test_a_code_expires(world: World, device: Screen) -> None:
    begun = _begin(device)
    world.clock.move(minutes=15)
    assert _poll(device, begun).json()["error"] == "expired_token"


def test_nobody_approves_without_being_signed_in_or_by_a_link(world: World, screen: Screen, device: Screen) -> None:
    begun = _begin(device)
    path = str(begun["verification_uri_complete"]).removeprefix(BASE)
    assert screen.get(path).status == 401
    assert isinstance(screen.sign_in(settled_badge(world), CHOSEN), SignedIn)
    assert b"hold that device" in screen.get(path).body
    assert b"hold that device" in screen.post_form(PAGE, {"user_code": str(begun["user_code"]), "token": "x"}).body
    world.clock.move(seconds=6)
    assert _poll(device, begun).json()["error"] == "authorization_pending"


@pytest.mark.parametrize("code", ["", "x", "BBBBBBBB", "\x00", "é" * 200, "' OR 1=1 --"])
def test_a_code_that_no_device_shows_leads_nowhere(world: World, screen: Screen, device: Screen, code: str) -> None:
    assert device
    assert isinstance(screen.sign_in(settled_badge(world), CHOSEN), SignedIn)
    assert screen.post_form(PAGE, {"user_code": code}).status == 404
