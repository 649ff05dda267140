"""Signing out ends at the back end, here and at every application, and leaves nothing for the next worker."""

import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode

import jwt
import msgspec
import pytest
import sqlalchemy as sa

from badgepin.crypto.token import public_jwks
from badgepin.oidc.back_channel import deliver_due
from badgepin.reference_client import SignedIn
from badgepin.store.sign_in_tables import session_clients, sessions
from badgepin.store.tables import applications
from badgepin.store.transaction import Transaction
from badgepin.web.outbound import NotDelivered, post_form
from tests.figures import Figure, record
from tests.graph.world import CLIENT, TENANT, World, guid
from tests.portal.screen import CHOSEN, PATH, SPA, Screen, Till, settled_badge

LOGOUT = f"/{TENANT}/oauth2/v2.0/logout"


def _form_token(screen: Screen) -> str:
    page = screen.get(f"{PATH}/done").body.decode()
    return page.partition('name="token" value="')[2].partition('"')[0]


def test_sign_out_ends_the_session_and_clears_the_browser(world: World, screen: Screen) -> None:
    assert isinstance(screen.sign_in(settled_badge(world), CHOSEN), SignedIn)
    cookie = dict(screen.cookies)
    answer = screen.post_form(f"{PATH}/sign-out", {"token": _form_token(screen)})
    assert (answer.status, answer.headers["location"]) == (303, PATH)
    assert "storage" in answer.headers["clear-site-data"]
    screen.cookies.update(cookie)
    assert screen.get(f"{PATH}/done").status == 303
    assert [row["ended_at"] is None for row in world.rows(sessions)].count(False) == 1


@pytest.mark.parametrize("token", ["", "x" * 64, "é"])
def test_another_site_cannot_sign_anybody_out(world: World, screen: Screen, token: str) -> None:
    assert isinstance(screen.sign_in(settled_badge(world), CHOSEN), SignedIn)
    assert screen.post_form(f"{PATH}/sign-out", {"token": token}).status == 403
    assert screen.get(f"{PATH}/done").status == 200


def test_every_sign_in_gets_a_session_and_a_browser_cookie_of_its_own(world: World, screen: Screen) -> None:
    badge = settled_badge(world)
    before = screen.get(PATH) and screen.cookies["__Host-pre"]
    first = screen.sign_in(badge, CHOSEN)
    assert isinstance(first, SignedIn)
    assert "__Host-pre" not in screen.cookies
    second = screen.sign_in(badge, CHOSEN)
    assert isinstance(second, SignedIn)
    assert first.session != second.session
    assert screen.get(PATH)
    assert screen.cookies["__Host-pre"] != before


def test_a_session_ends_when_nobody_uses_it_and_after_twelve_hours_in_any_case(world: World, screen: Screen) -> None:
    badge = settled_badge(world)
    assert isinstance(screen.sign_in(badge, CHOSEN), SignedIn)
    world.clock.move(minutes=14)
    assert screen.get(f"{PATH}/done").status == 200
    world.clock.move(minutes=15)
    assert screen.get(f"{PATH}/done").status == 303
    assert isinstance(screen.sign_in(badge, CHOSEN), SignedIn)
    for _ in range(51):
        world.clock.move(minutes=14)
        assert screen.get(f"{PATH}/done").status == 200
    world.clock.move(minutes=6)
    assert screen.get(f"{PATH}/done").status == 303


def test_an_application_signs_out_with_its_id_token_and_comes_back(world: World, screen: Screen) -> None:
    tokens = Till(world).tokens(screen, settled_badge(world))
    query = {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": SPA, "state": "s t"}
    answer = screen.get(f"{LOGOUT}?{urlencode(query)}")
    assert answer.status == 303
    assert answer.headers["location"] == f"{SPA}?state=s+t"
    assert screen.get(f"{PATH}/done").status == 303
    assert world.request("GET", "/me", token=tokens["access_token"]).status_code == 401


def test_without_a_hint_the_person_is_asked_first(world: World, screen: Screen) -> None:
    Till(world)
    assert isinstance(screen.sign_in(settled_badge(world), CHOSEN), SignedIn)
    asked = screen.get(LOGOUT)
    assert asked.status == 200
    assert b"Sign out?" in asked.body
    assert screen.get(f"{PATH}/done").status == 200
    token = asked.body.decode().partition('name="token" value="')[2].partition('"')[0]
    assert screen.post_form(LOGOUT, {"token": token}).status == 200
    assert screen.get(f"{PATH}/done").status == 303


@pytest.mark.parametrize("uri", ["https://evil.example/", f"{SPA}/x", f"{SPA}#", "javascript:alert(1)"])
def test_nobody_is_sent_to_an_unregistered_place_after_signing_out(world: World, screen: Screen, uri: str) -> None:
    tokens = Till(world).tokens(screen, settled_badge(world))
    query = {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": uri}
    answer = screen.get(f"{LOGOUT}?{urlencode(query)}")
    assert answer.status == 200
    assert "location" not in answer.headers


class Listener:
    """An application's back channel, on a port of this machine."""

    def __init__(self) -> None:
        self.status = 200
        # what it answers first, before it answers with its status; 0 hangs up
        self.failures: list[int] = []
        self.tokens: list[str] = []
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                listener.tokens.append(parse_qs(body)["logout_token"][0])
                status = listener.failures.pop() if listener.failures else listener.status
                if not status:
                    return
                self.send_response(status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                return

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def close(self) -> None:
        """Stop listening."""
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    """A back channel that takes what it gets."""
    made = Listener()
    yield made
    made.close()


def signed_in_at(world: World, screen: Screen, listener: Listener) -> dict[str, Any]:
    """Sign in to an application whose back channel is the listener; answers the tokens."""
    return _told_at(world, listener).tokens(screen, settled_badge(world))


def _told_at(world: World, listener: Listener) -> Till:
    settings = msgspec.structs.replace(world.installation.settings, backchannel_private_hosts=(listener.host,))
    object.__setattr__(world.installation, "settings", settings)
    till = Till(world)

    def register(tx: Transaction) -> None:
        tx.execute(sa.update(applications).values(backchannel_logout_uri=f"http://{listener.host}/back"))

    world.transact(register)
    return till


def test_an_application_is_told_once_with_a_token_it_can_check(
    world: World, screen: Screen, listener: Listener
) -> None:
    tokens = signed_in_at(world, screen, listener)
    assert world.run(deliver_due(world.installation)) == 0
    assert world.request("DELETE", world.method_path("worker", "/standardQRCode"), token=world.admin).status_code == 204
    assert world.run(deliver_due(world.installation)) == 1
    assert world.run(deliver_due(world.installation)) == 0
    [token] = listener.tokens
    key = jwt.PyJWKSet.from_dict(public_jwks(world.installation.keys)).keys[0]
    options: Any = {"verify_exp": False, "verify_iat": False}
    claims = jwt.decode(token, key, algorithms=["RS256"], audience=CLIENT, options=options)
    identity = jwt.decode(tokens["id_token"], options={"verify_signature": False})
    assert jwt.get_unverified_header(token)["typ"] == "logout+jwt"
    assert (claims["sid"], claims["sub"]) == (identity["sid"], guid("worker"))
    assert claims["exp"] - claims["iat"] <= 120
    assert "nonce" not in claims
    assert list(claims["events"]) == ["http://schemas.openid.net/event/backchannel-logout"]


def test_an_application_that_does_not_answer_is_told_again_later(
    world: World, screen: Screen, listener: Listener
) -> None:
    signed_in_at(world, screen, listener)
    listener.status = 503
    world.request("DELETE", world.method_path("worker"), token=world.admin)
    assert world.run(deliver_due(world.installation)) == 0
    assert world.run(deliver_due(world.installation)) == 0
    assert len(listener.tokens) == 1
    listener.status = 204
    world.clock.move(seconds=5)
    assert world.run(deliver_due(world.installation)) == 1
    assert all(row["told_at"] is not None for row in world.rows(session_clients))


def test_every_session_is_told_of_however_often_the_application_fails_first(world: World, listener: Listener) -> None:
    count = 10
    badge, till = settled_badge(world), _told_at(world, listener)
    for _ in range(count):
        till.tokens(Screen(world), badge)
    listener.failures = [503, 0, 500, 429, 0] * 5
    world.request("DELETE", world.method_path("worker"), token=world.admin)
    told = world.run(deliver_due(world.installation))
    once = count - told
    for wait in (5, 30, 120, 600):
        world.clock.move(seconds=wait)
        told += world.run(deliver_due(world.installation))
    dialect = world.installation.database.dialect
    what = f"sessions whose end an application did not hear of, failing 25 times first, {dialect}"
    record(Figure("I18", what, count, count - told, f"told once and not again: {once} of {count}"))
    assert once > 0


@pytest.mark.parametrize(
    "uri",
    [
        "http://127.0.0.1:1/",
        "https://127.0.0.1/",
        "https://localhost/",
        "https://10.0.0.1/",
        "https://169.254.169.254/latest",
        "https://[::1]/",
        "https://[fe80::1]/",
        "https://0.0.0.0/",
        "https://192.168.1.1.:443/",
        "ftp://example.com/",
        "https:///x",
        "https://" + "a" * 300 + "/",
    ],
)
def test_nothing_is_posted_into_a_private_network(uri: str) -> None:
    with pytest.raises(NotDelivered):
        post_form(uri, {"logout_token": "x"})


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_private_network_is_not_even_knocked_at(host: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as waiting:
        waiting.settimeout(0)
        with pytest.raises(NotDelivered, match="private network"):
            post_form(f"https://{host}:{waiting.getsockname()[1]}/", {"logout_token": "x"})
        with pytest.raises(BlockingIOError):
            waiting.accept()


def test_a_listed_private_host_is_reached(listener: Listener) -> None:
    # the negative control of the test above: the guard, not the network, is what stops it
    post_form(f"http://{listener.host}/", {"logout_token": json.dumps("x")}, (listener.host,))
    assert listener.tokens == ['"x"']
