"""From a badge to tokens: each credential is used once, by who it was made for, and dies with what it came from."""

import json
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import pytest

from badgepin.crypto.token import public_jwks
from badgepin.reference_client import Answer, Proven, SignedIn
from badgepin.services import authorization, person_token
from badgepin.store import sign_in as sign_in_store
from badgepin.store.sign_in_tables import authorization_codes, grants, refresh_tokens, sessions
from badgepin.store.tables import qr_codes
from tests.figures import Figure, record
from tests.graph.world import APPLICATION, BASE, CLIENT, TENANT, World, guid
from tests.portal.screen import CHOSEN, REDIRECT, SPA, Screen, Till, badge_of, settled_badge, together

OAUTH = f"/{TENANT}/oauth2/v2.0"
ISSUER = f"{BASE}/{TENANT}/v2.0"
FORM = {"content-type": "application/x-www-form-urlencoded"}


def _code(world: World, screen: Screen, till: Till, badge: str | None = None) -> dict[str, str]:
    """A code, as the form that redeems it."""
    begun = till.begin(screen)
    outcome = screen.sign_in(badge or settled_badge(world), CHOSEN, request=begun.request)
    assert isinstance(outcome, SignedIn), outcome
    landed = screen.get(outcome.location).headers["location"]
    return {
        "grant_type": "authorization_code",
        "client_id": CLIENT,
        "redirect_uri": SPA,
        "code": parse_qs(urlsplit(landed).query)["code"][0],
        "code_verifier": begun.verifier,
    }


def _token(screen: Screen, form: dict[str, str]) -> Answer:
    return screen.post_form(f"{OAUTH}/token", form)


def _claims(world: World, token: str, audience: str) -> dict[str, Any]:
    key = jwt.PyJWKSet.from_dict(public_jwks(world.installation.keys)).keys[0]
    options: Any = {"verify_exp": False, "verify_iat": False, "verify_nbf": False}
    return jwt.decode(token, key, algorithms=["RS256"], audience=audience, issuer=ISSUER, options=options)


def test_the_tokens_tell_the_truth_about_the_sign_in(world: World, screen: Screen, till: Till) -> None:
    settled_badge(world)
    badge = badge_of(world.create_temporary(hours=3))
    answer = _token(screen, _code(world, screen, till, badge)).json()
    identity = _claims(world, str(answer["id_token"]), CLIENT)
    now = int(world.clock.now.timestamp())
    assert identity["amr"] == ["swk", "pin"]
    assert identity["acr"] == "urn:badgepin:aal1"
    assert identity["auth_time"] == now
    assert (identity["qr_code_kind"], identity["stores"]) == ("temporary", ["Store"])
    ends = datetime.fromtimestamp(identity["qr_code_expires_at"], UTC)
    assert 2.9 < (ends - world.clock.now).total_seconds() / 3600 <= 3
    assert identity["sub"] == identity["oid"] == guid("worker")
    assert (identity["tid"], identity["preferred_username"]) == (TENANT, "worker@contoso.example")
    access = _claims(world, str(answer["access_token"]), "https://graph.microsoft.com")
    assert access["scp"].split() == ["User.Read", "offline_access", "openid", "profile"]
    assert (access["appid"], access["ver"], access["sid"]) == (CLIENT, "2.0", identity["sid"])
    assert answer["expires_in"] == 899
    assert access["exp"] - now == 900


def test_nothing_outlives_the_code_that_opened_it(
    world: World, screen: Screen, till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    settled_badge(world)
    violations, trials = 0, 0
    for minutes in (61, 70, 90, 180, 719):
        badge = badge_of(world.create_temporary(hours=minutes / 60))
        [code] = [each for each in _live_codes(world) if each["kind"] == "temporary"]
        world.clock.move(minutes=minutes - 10)
        answer = _token(Screen(world), _code(world, Screen(world), till, badge)).json()
        bound = code["expire_at"]
        for name, audience in (("access_token", "https://graph.microsoft.com"), ("id_token", CLIENT)):
            expires = datetime.fromtimestamp(_claims(world, str(answer[name]), audience)["exp"], UTC)
            violations += expires > bound
        violations += any(row["expires_at"] > bound for row in world.rows(sessions) if row["qr_code_id"] == code["id"])
        world.clock.move(minutes=10)
        late = till.refresh(screen, str(answer["refresh_token"]))
        violations += late.status != 400
        violations += world.request("GET", "/me", token=str(answer["access_token"])).status_code != 401
        trials += 5
    # the control: lives that do not look at the code
    monkeypatch.setattr(person_token, "_left", lambda *_: timedelta(days=1))
    badge = badge_of(world.create_temporary(hours=1))
    [code] = [each for each in _live_codes(world) if each["kind"] == "temporary"]
    world.clock.move(minutes=50)
    answer = _token(Screen(world), _code(world, Screen(world), till, badge)).json()
    claims = _claims(world, str(answer["access_token"]), "https://graph.microsoft.com")
    weaker = datetime.fromtimestamp(claims["exp"], UTC) > code["expire_at"]
    assert weaker
    record(
        Figure(
            "I8",
            f"life of sessions and tokens against the code's end, {world.installation.database.dialect}",
            trials,
            violations,
            f"lives that do not look at the code: {int(weaker)} of 1 outlived it",
        )
    )


def _live_codes(world: World) -> list[Any]:
    return [row for row in world.rows(qr_codes) if row["revoked_at"] is None]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"code_verifier": "a" * 43}, "code_verifier"),
        ({"code_verifier": ""}, "code_verifier"),
        ({"redirect_uri": REDIRECT}, "redirect_uri"),
        ({"redirect_uri": f"{SPA}/"}, "redirect_uri"),
        ({"code": "x"}, "unknown"),
        ({"code": "\u00e9"}, "unknown"),
    ],
)
def test_a_code_counts_only_with_everything_it_was_made_for(
    world: World, screen: Screen, till: Till, changes: dict[str, str], words: str
) -> None:
    answer = _token(screen, {**_code(world, screen, till), **changes})
    assert (answer.status, answer.json()["error"]) == (400, "invalid_grant")
    assert words in str(answer.json()["error_description"])


def test_a_code_does_not_count_when_its_verifier_is_left_out(world: World, screen: Screen, till: Till) -> None:
    form = {name: value for name, value in _code(world, screen, till).items() if name != "code_verifier"}
    answer = _token(screen, form)
    assert (answer.status, answer.json()["error"]) == (400, "invalid_grant")


def test_a_code_expires_after_a_minute(world: World, screen: Screen, till: Till) -> None:
    form = _code(world, screen, till)
    world.clock.move(seconds=60)
    assert _token(screen, form).json()["error"] == "invalid_grant"


def test_a_code_used_twice_ends_what_the_first_use_got(world: World, screen: Screen, till: Till) -> None:
    form = _code(world, screen, till)
    first = _token(screen, form).json()
    assert world.request("GET", "/me", token=str(first["access_token"])).status_code == 200
    assert _token(screen, form).json()["error"] == "invalid_grant"
    assert world.request("GET", "/me", token=str(first["access_token"])).status_code == 401
    assert till.refresh(screen, str(first["refresh_token"])).status == 400


def test_another_client_cannot_redeem_a_code(world: World, screen: Screen, till: Till) -> None:
    form = _code(world, screen, till)
    body = {"displayName": "Other", "spa": {"redirectUris": [SPA]}}
    made = world.request("POST", "/applications", token=world.application("Application.ReadWrite.All"), json=body)
    assert made.status_code == 201, made.text
    assert _token(screen, {**form, "client_id": made.json()["appId"]}).json()["error"] == "invalid_grant"


def test_a_client_that_can_keep_a_secret_must_show_it(world: World, screen: Screen, till: Till) -> None:
    object.__setattr__(till.wanted, "redirect_uri", REDIRECT)
    form = {**_code(world, screen, till), "redirect_uri": REDIRECT}
    assert _token(screen, form).json()["error"] == "invalid_client"
    path, token = f"/applications/{APPLICATION}/addPassword", world.application("Application.ReadWrite.All")
    secret = world.request("POST", path, token=token, json={}).json()["secretText"]
    assert _token(screen, {**form, "client_secret": secret[:-1]}).json()["error"] == "invalid_client"
    tokens = _token(screen, {**form, "client_secret": secret}).json()
    renewal = {"grant_type": "refresh_token", "client_id": CLIENT, "refresh_token": str(tokens["refresh_token"])}
    assert _token(screen, renewal).json()["error"] == "invalid_client"
    assert "access_token" in _token(screen, {**renewal, "client_secret": secret}).json()


def _successors(world: World, screen: Screen, token: str, times: int) -> set[str]:
    body = urlencode({"grant_type": "refresh_token", "client_id": CLIENT, "refresh_token": token}).encode()
    answers = world.run(together(*(screen.send("POST", f"{OAUTH}/token", body, FORM) for _ in range(times))))
    return {json.loads(answer.body)["refresh_token"] for answer in answers}


def test_a_refresh_token_has_one_successor_however_often_it_is_shown(
    world: World, screen: Screen, till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens = _token(screen, _code(world, screen, till)).json()
    successors = _successors(world, screen, str(tokens["refresh_token"]), 50)
    live = [row for row in world.rows(refresh_tokens) if row["rotated_at"] is None]
    assert len(successors) == 1
    # the control: a successor that is drawn instead of derived
    monkeypatch.setattr(authorization, "_successor", lambda *_: secrets.token_urlsafe(32))
    weaker = len(_successors(world, screen, successors.pop(), 8))
    assert weaker > 1
    record(
        Figure(
            "I5",
            f"successors beyond one of a refresh token shown 50 times, {world.installation.database.dialect}",
            50,
            len(live) - 1,
            f"successors drawn instead of derived: {weaker} of 8",
        )
    )


def test_a_refresh_token_shown_late_ends_the_family(world: World, screen: Screen, till: Till) -> None:
    tokens = _token(screen, _code(world, screen, till)).json()
    first = str(tokens["refresh_token"])
    second = str(till.refresh(screen, first).json()["refresh_token"])
    world.clock.move(seconds=9)
    assert till.refresh(screen, first).json()["refresh_token"] == second
    world.clock.move(seconds=1)
    assert till.refresh(screen, first).json()["error"] == "invalid_grant"
    assert till.refresh(screen, second).json()["error"] == "invalid_grant"
    assert all(row["revoked_at"] is not None for row in world.rows(grants))


def test_a_code_shown_by_many_at_once_is_redeemed_once(world: World, screen: Screen, till: Till) -> None:
    body = urlencode(_code(world, screen, till)).encode()
    answers = world.run(together(*(screen.send("POST", f"{OAUTH}/token", body, FORM) for _ in range(32))))
    assert [answer.status for answer in answers].count(200) == 1
    [code] = world.rows(authorization_codes)
    assert code["used_at"] is not None


def _replay(world: World, screen: Screen, badge: str, trials: int) -> int:
    """Scan, then send the recorded proof again from the same browser; how often it was accepted once more."""
    assert isinstance(screen.scan(badge), Proven)
    [sent] = [raw for raw in screen.sent[-1:] if b"/proof " in raw]
    body, kind = sent[sent.rindex(b'{"request"') :], {"content-type": "application/json"}
    path = f"/{TENANT}/sign-in/proof"
    answers = world.run(together(*(screen.send("POST", path, body, kind) for _ in range(trials))))
    return [answer.status for answer in answers].count(200)


def test_a_recorded_proof_is_never_accepted_again(
    world: World, screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    badge = settled_badge(world)
    accepted = _replay(world, screen, badge, 32)
    monkeypatch.setattr(sign_in_store, "use_nonce", lambda *_, **__: True)
    weaker = _replay(world, Screen(world), badge, 4)
    assert weaker > 0
    record(
        Figure(
            "I5",
            f"a recorded proof sent 32 times at once, {world.installation.database.dialect}",
            32,
            accepted,
            f"nonces not kept: {weaker} of 4 accepted",
        )
    )


def test_scopes_that_nobody_consented_to_are_refused_to_the_application(
    world: World, screen: Screen, till: Till
) -> None:
    object.__setattr__(till.wanted, "scope", "openid User.ReadWrite.All")
    begun = till.begin(screen)
    outcome = screen.sign_in(settled_badge(world), CHOSEN, request=begun.request)
    assert isinstance(outcome, SignedIn)
    values = parse_qs(urlsplit(screen.get(outcome.location).headers["location"]).query)
    assert values["error"] == ["access_denied"]
    assert "User.ReadWrite.All" in values["error_description"][0]


def test_a_second_application_needs_no_second_scan_until_it_asks_for_one(
    world: World, screen: Screen, till: Till
) -> None:
    assert isinstance(screen.sign_in(settled_badge(world), CHOSEN), SignedIn)
    query = {
        "client_id": CLIENT,
        "redirect_uri": SPA,
        "response_type": "code",
        "scope": "openid",
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "code_challenge_method": "S256",
    }
    assert till

    def ask(**more: str) -> str:
        return screen.get(f"{OAUTH}/authorize?{urlencode({**query, **more})}").headers["location"]

    assert ask().startswith(f"{SPA}?code=")
    assert ask(prompt="none").startswith(f"{SPA}?code=")
    world.clock.move(seconds=5)
    assert "/sign-in?" in ask(prompt="login")
    assert "/sign-in?" in ask(max_age="4")
    assert ask(max_age="6").startswith(f"{SPA}?code=")
    world.clock.move(minutes=15)
    assert "/sign-in?" in ask()


def test_max_age_zero_asks_once_and_not_for_ever(world: World, screen: Screen, till: Till) -> None:
    badge = settled_badge(world)
    query = {
        "client_id": CLIENT,
        "redirect_uri": SPA,
        "response_type": "code",
        "scope": "openid",
        "max_age": "0",
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "code_challenge_method": "S256",
    }
    assert till
    to_page = screen.get(f"{OAUTH}/authorize?{urlencode(query)}").headers["location"]
    request = parse_qs(urlsplit(to_page).query)["request"][0]
    outcome = screen.sign_in(badge, CHOSEN, request=request)
    assert isinstance(outcome, SignedIn)
    assert screen.get(outcome.location).headers["location"].startswith(f"{SPA}?code=")


def test_userinfo_says_who_it_is_as_far_as_the_scopes_go(world: World, screen: Screen, till: Till) -> None:
    tokens = _token(screen, _code(world, screen, till)).json()
    screen.headers["authorization"] = f"Bearer {tokens['access_token']}"
    who = screen.get("/oidc/userinfo").json()
    assert who["name"] == "Worker"
    assert who["sub"] == guid("worker")
    screen.headers["authorization"] = f"Bearer {tokens['id_token']}"
    assert screen.get("/oidc/userinfo").status == 401


def test_the_document_names_what_is_there(screen: Screen, till: Till) -> None:
    assert till
    document = screen.get(f"/{TENANT}/v2.0/.well-known/openid-configuration").json()
    assert document["code_challenge_methods_supported"] == ["S256"]
    assert document["response_types_supported"] == ["code"]
    assert "device_authorization_endpoint" not in document
    for name, address in document.items():
        if name.endswith(("_endpoint", "jwks_uri")):
            path = str(address).removeprefix(BASE)
            assert screen.get(path).status != 404, name


def test_pages_of_applications_may_call_the_token_endpoint_but_no_cookie_route(screen: Screen, till: Till) -> None:
    assert till
    allowed = screen._send("OPTIONS", f"{OAUTH}/token", None, {"access-control-request-method": "POST"})
    assert allowed.headers["access-control-allow-origin"] == "*"
    for path in (f"{OAUTH}/authorize", f"/{TENANT}/sign-in", f"{OAUTH}/logout"):
        assert "access-control-allow-origin" not in screen.get(path).headers


def test_a_pushed_request_gets_one_code(world: World, screen: Screen, till: Till) -> None:
    assert till
    assert isinstance(screen.sign_in(settled_badge(world), CHOSEN), SignedIn)
    form = {
        "client_id": CLIENT,
        "redirect_uri": SPA,
        "response_type": "code",
        "scope": "openid",
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "code_challenge_method": "S256",
    }
    pushed = screen.post_form(f"{OAUTH}/par", form)
    assert pushed.status == 201
    query = urlencode({"client_id": CLIENT, "request_uri": str(pushed.json()["request_uri"])})
    assert screen.get(f"{OAUTH}/authorize?{query}").headers["location"].startswith(f"{SPA}?code=")
    assert "error=invalid_request_uri" in screen.get(f"{OAUTH}/authorize?{query}").headers["location"]
    late = screen.post_form(f"{OAUTH}/par", form).json()
    world.clock.move(seconds=90)
    assert screen.get(f"{OAUTH}/authorize?{urlencode({'client_id': CLIENT, **late})}").status == 400
