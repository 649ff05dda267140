"""What modules of the OpenID conformance suite ask, where no other test of ours asks it (docs/conformance.md)."""

import base64
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import pytest

from badgepin.crypto.token import public_jwks
from badgepin.oidc.back_channel import deliver_due
from badgepin.reference_client import Answer, SignedIn
from badgepin.store.tables import users
from tests.graph.world import APPLICATION, BASE, CLIENT, TENANT, World, guid
from tests.portal.screen import CHOSEN, PATH, REDIRECT, Screen, Till, settled_badge
from tests.portal.test_signing_out import Listener, listener, signed_in_at

__all__ = ["listener"]

OAUTH = f"/{TENANT}/oauth2/v2.0"
LOGOUT = f"{OAUTH}/logout"
# as the suite asks: a client with a secret, without PKCE and without a nonce
ASKED = {"client_id": CLIENT, "redirect_uri": REDIRECT, "response_type": "code", "scope": "openid", "state": "xyz"}


class SuiteClient:
    """The client that the suite plays: it keeps a secret and shows it by HTTP Basic."""

    def __init__(self, world: World) -> None:
        self.till = Till(world)
        path, token = f"/applications/{APPLICATION}/addPassword", world.application("Application.ReadWrite.All")
        self.secret = str(world.request("POST", path, token=token, json={}).json()["secretText"])

    def ask(self, screen: Screen, **changes: str) -> dict[str, list[str]]:
        """What came back to the redirect URI."""
        landed = screen.get(f"{OAUTH}/authorize?{urlencode({**ASKED, **changes})}").headers["location"]
        assert landed.startswith(f"{REDIRECT}?"), landed
        return parse_qs(urlsplit(landed).query)

    def redeem(self, screen: Screen, code: str) -> Answer:
        """The token request."""
        basic = base64.b64encode(f"{CLIENT}:{self.secret}".encode()).decode()
        screen.headers["authorization"] = f"Basic {basic}"
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT}
        answer = screen.post_form(f"{OAUTH}/token", form)
        del screen.headers["authorization"]
        return answer


@pytest.fixture
def client(world: World) -> SuiteClient:
    """The suite's client."""
    return SuiteClient(world)


def _signed_in(world: World, screen: Screen) -> None:
    assert isinstance(screen.sign_in(settled_badge(world), CHOSEN), SignedIn)


def test_a_code_is_redeemed_without_nonce_and_pkce_by_a_client_that_shows_its_secret_by_basic(
    world: World, screen: Screen, client: SuiteClient
) -> None:
    _signed_in(world, screen)
    back = client.ask(screen)
    assert (back["state"], back["iss"]) == (["xyz"], [f"{BASE}/{TENANT}/v2.0"])
    tokens = client.redeem(screen, back["code"][0]).json()
    assert tokens["token_type"] == "Bearer"
    header = jwt.get_unverified_header(str(tokens["id_token"]))
    [key] = public_jwks(world.installation.keys)["keys"]
    assert (header["alg"], header["kid"]) == ("RS256", key["kid"])
    claims = jwt.decode(str(tokens["id_token"]), options={"verify_signature": False})
    assert (claims["aud"], claims["sub"]) == (CLIENT, guid("worker"))
    assert "nonce" not in claims


def test_what_a_provider_may_ignore_does_not_stop_it(world: World, screen: Screen, client: SuiteClient) -> None:
    _signed_in(world, screen)
    ignored = {
        "display": "popup",
        "extra": "foobar",
        "login_hint": "worker@contoso.example",
        "ui_locales": "se",
        "claims_locales": "se",
        "acr_values": "1 2",
        "claims": '{"userinfo":{"name":{"essential":true}}}',
        "max_age": "10000",
    }
    for changes in ({"scope": "profile openid"}, {"display": "page"}, *({name: ignored[name]} for name in ignored)):
        assert "code" in client.ask(screen, **changes), changes


def test_a_posted_request_is_as_good_as_a_query(world: World, screen: Screen, client: SuiteClient) -> None:
    assert client
    _signed_in(world, screen)
    answer = screen.post_form(f"{OAUTH}/authorize", ASKED)
    assert answer.status == 303
    assert answer.headers["location"].startswith(f"{REDIRECT}?code=")


def test_prompt_none_answers_by_who_is_signed_in(world: World, screen: Screen, client: SuiteClient) -> None:
    assert client.ask(screen, prompt="none")["error"] == ["login_required"]
    _signed_in(world, screen)
    tokens = client.redeem(screen, client.ask(screen)["code"][0]).json()
    assert "code" in client.ask(screen, prompt="none", id_token_hint=str(tokens["id_token"]))


def test_a_scope_that_is_not_in_the_document_is_refused_to_the_application(screen: Screen, client: SuiteClient) -> None:
    document = screen.get(f"/{TENANT}/v2.0/.well-known/openid-configuration").json()
    supported: Any = document["scopes_supported"]
    for scope in ("address", "phone"):
        assert scope not in supported
        assert client.ask(screen, scope=f"openid {scope}")["error"] == ["invalid_scope"]


def test_userinfo_is_posted_for_with_the_token_in_the_header_only(
    world: World, screen: Screen, client: SuiteClient
) -> None:
    _signed_in(world, screen)
    access = str(client.redeem(screen, client.ask(screen)["code"][0]).json()["access_token"])
    in_body = screen.post_form("/oidc/userinfo", {"access_token": access})
    assert in_body.status == 401
    screen.headers["authorization"] = f"Bearer {access}"
    assert screen.post_form("/oidc/userinfo", {}).json()["sub"] == guid("worker")


def test_email_is_a_scope_that_gives_an_address_only_where_there_is_one(
    world: World, screen: Screen, client: SuiteClient
) -> None:
    _signed_in(world, screen)
    access = str(client.redeem(screen, client.ask(screen, scope="openid email")["code"][0]).json()["access_token"])
    screen.headers["authorization"] = f"Bearer {access}"
    assert "email" not in screen.get("/oidc/userinfo").json()
    changed = users.update().where(users.c.id == guid("worker")).values(mail="worker@contoso.example")
    world.transact(lambda tx: tx.execute(changed))
    who = screen.get("/oidc/userinfo").json()
    assert (who["email"], "email_verified" in who) == ("worker@contoso.example", False)


def test_the_document_offers_both_ways_of_signing_out(screen: Screen, client: SuiteClient) -> None:
    assert client
    document = screen.get(f"/{TENANT}/v2.0/.well-known/openid-configuration").json()
    assert document["end_session_endpoint"] == f"{BASE}{LOGOUT}"
    assert document["backchannel_logout_supported"] is True
    assert document["backchannel_logout_session_supported"] is True
    assert not [name for name in document if name.startswith("frontchannel")]


def _identity(screen: Screen, client: SuiteClient) -> str:
    return str(client.redeem(screen, client.ask(screen)["code"][0]).json()["id_token"])


def test_signing_out_without_state_comes_back_and_without_address_ends_on_a_page(
    world: World, screen: Screen, client: SuiteClient
) -> None:
    badge, other = settled_badge(world), Screen(world)
    for each in (screen, other):
        assert isinstance(each.sign_in(badge, CHOSEN), SignedIn)
    query = {"id_token_hint": _identity(screen, client), "post_logout_redirect_uri": REDIRECT}
    assert screen.get(f"{LOGOUT}?{urlencode(query)}").headers["location"] == REDIRECT
    assert client.ask(screen, prompt="none")["error"] == ["login_required"]
    page = other.get(f"{LOGOUT}?{urlencode({'id_token_hint': _identity(other, client), 'state': 'x'})}")
    assert (page.status, b"signed out" in page.body) == (200, True)


def test_without_a_hint_nobody_is_signed_out_unasked(world: World, screen: Screen, client: SuiteClient) -> None:
    _signed_in(world, screen)
    for query in ({"state": "x"}, {"post_logout_redirect_uri": REDIRECT, "state": "x"}):
        asked = screen.get(f"{LOGOUT}?{urlencode(query)}")
        assert (asked.status, b"Sign out?" in asked.body) == (200, True)
    assert "code" in client.ask(screen, prompt="none")


def test_a_hint_that_is_not_ours_signs_nobody_out(world: World, screen: Screen, client: SuiteClient) -> None:
    _signed_in(world, screen)
    good = _identity(screen, client)
    claims = jwt.decode(good, options={"verify_signature": False})
    forged = jwt.encode(claims, client.secret * 2, algorithm="HS256")
    modified = good[:-8] + ("A" * 8 if good[-8:] != "A" * 8 else "B" * 8)
    for hint in (forged, modified):
        query = {"id_token_hint": hint, "post_logout_redirect_uri": REDIRECT, "state": "x"}
        refused = screen.get(f"{LOGOUT}?{urlencode(query)}")
        assert (refused.status, "location" in refused.headers) == (400, False)
    assert "code" in client.ask(screen, prompt="none")


def test_an_address_with_a_query_added_is_another_address(world: World, screen: Screen, client: SuiteClient) -> None:
    _signed_in(world, screen)
    query = {"id_token_hint": _identity(screen, client), "post_logout_redirect_uri": f"{REDIRECT}?foo=bar"}
    assert "location" not in screen.get(f"{LOGOUT}?{urlencode(query)}").headers


def test_an_application_that_signs_somebody_out_is_told_on_its_back_channel(
    world: World, screen: Screen, listener: Listener
) -> None:
    tokens = signed_in_at(world, screen, listener)
    query = {"id_token_hint": tokens["id_token"]}
    assert screen.get(f"{LOGOUT}?{urlencode(query)}").status == 200
    assert world.run(deliver_due(world.installation)) == 1
    [told] = listener.tokens
    claims, identity = (jwt.decode(each, options={"verify_signature": False}) for each in (told, tokens["id_token"]))
    assert (claims["sid"], claims["sub"], claims["aud"]) == (identity["sid"], identity["sub"], CLIENT)
    assert screen.get(f"{PATH}/done").status == 303
