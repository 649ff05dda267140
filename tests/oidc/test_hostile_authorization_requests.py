"""No hostile authorization request gets a code, breaks anything, or sends anybody to an unregistered place."""

from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from badgepin.domain.application import Application
from badgepin.oidc import authorization_request
from badgepin.reference_client import Answer
from badgepin.store.sign_in_tables import authorization_codes
from tests.graph.world import BASE, TENANT, World
from tests.oidc.hostile_requests import GOOD, PAGE, REDIRECTS, corpus
from tests.portal.screen import PATH, SPA, Screen, Till

AUTHORIZE = f"/{TENANT}/oauth2/v2.0/authorize"
CORPUS = list(corpus())


def _ask(screen: Screen, encoded: str, verb: str) -> Answer:
    if verb == "GET":
        return screen.get(f"{AUTHORIZE}?{encoded}")
    content_type = {"content-type": "application/x-www-form-urlencoded"}
    return screen._send("POST", AUTHORIZE, encoded.encode(), content_type)


def _what_happened(answer: Answer) -> str:
    location = answer.headers.get("location")
    if location is None:
        assert answer.status == 400
        assert b"This sign-in cannot go on" in answer.body
        return PAGE
    assert answer.status == 303
    if location.startswith(PATH):
        return "sign-in"
    assert location.startswith(f"{SPA}?"), location
    values = parse_qs(urlsplit(location).query)
    assert values["iss"] == [f"{BASE}/{TENANT}/v2.0"]
    assert values["error_description"][0]
    assert "code" not in values
    return values["error"][0]


def test_the_corpus_is_large_enough() -> None:
    assert len(CORPUS) >= 150
    assert len({name for name, _, _ in CORPUS}) == len(CORPUS)


@pytest.mark.parametrize("verb", ["GET", "POST"])
def test_every_hostile_request_is_refused_as_the_standard_says(
    world: World, screen: Screen, till: Till, verb: str
) -> None:
    assert till
    wrong = {
        name: (happened, expected)
        for name, encoded, expected in CORPUS
        if (happened := _what_happened(_ask(screen, encoded, verb))) != expected
    }
    assert wrong == {}
    assert not world.rows(authorization_codes)


def test_the_request_they_were_made_from_is_good(screen: Screen, till: Till) -> None:
    assert till
    assert _what_happened(_ask(screen, urlencode(GOOD), "GET")) == "sign-in"
    assert _what_happened(_ask(screen, urlencode(GOOD), "POST")) == "sign-in"


def test_a_comparison_that_forgives_lets_hostile_addresses_through(
    screen: Screen, till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    # the negative control: what comparing by prefix, as others did, would have let through
    assert till
    monkeypatch.setattr(Application, "accepts", lambda _self, uri: uri.startswith("https://till.example"))
    through = [
        uri
        for uri in REDIRECTS
        if b"cannot go on" not in _ask(screen, urlencode({**GOOD, "redirect_uri": uri}), "GET").body
    ]
    assert len(through) > 10


def test_an_error_keeps_state_and_goes_where_the_request_said(screen: Screen, till: Till) -> None:
    assert till
    answer = _ask(screen, urlencode({**GOOD, "state": "a b&c=d", "prompt": "none", "response_mode": "fragment"}), "GET")
    values = parse_qs(urlsplit(answer.headers["location"]).fragment)
    assert (values["state"], values["error"]) == (["a b&c=d"], ["login_required"])


def test_a_form_post_is_a_page_that_posts_to_the_application_only(screen: Screen, till: Till) -> None:
    assert till
    asked = {**GOOD, "response_mode": "form_post", "prompt": "none", "state": '"><script>alert(1)</script>'}
    answer = _ask(screen, urlencode(asked), "GET")
    assert answer.status == 200
    assert f'action="{SPA}"'.encode() in answer.body
    assert b"<script>alert(1)" not in answer.body
    assert "form-action https://till.example" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("tenant", ["nobody", "%00", "..", "common", "organizations", "%2e%2e", "a" * 3000])
def test_an_unknown_tenant_is_a_page(screen: Screen, till: Till, tenant: str) -> None:
    assert till
    answer = screen.get(f"/{tenant}/oauth2/v2.0/authorize?{urlencode(GOOD)}")
    assert answer.status in {400, 404}
    assert "location" not in answer.headers


@pytest.mark.parametrize("sealed", ["", "x", "a.b", "é", "%00", "x" * 20_000])
def test_a_request_that_was_not_sealed_here_leads_nowhere(screen: Screen, till: Till, sealed: str) -> None:
    assert till
    for path in (f"{AUTHORIZE}/resume?request={sealed}", f"{PATH}?request={sealed}" if sealed else f"{PATH}?request=x"):
        answer = screen.get(path)
        assert answer.status == 400
        assert "location" not in answer.headers


def test_a_doubled_client_says_nothing_about_itself() -> None:
    parameters = authorization_request.read_parameters("client_id=a&client_id=b")
    with pytest.raises(authorization_request.AuthorizationRefused):
        authorization_request.named_client(parameters)
