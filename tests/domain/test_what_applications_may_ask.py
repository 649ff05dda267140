"""Where answers may go, what proves a code's owner, when a sign-in is fresh enough, and what is granted."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from badgepin.domain.application import Application
from badgepin.domain.authorization import (
    AuthorizationRequest,
    Prompt,
    ResponseMode,
    granted_scopes,
    is_acceptable_redirect_uri,
    is_code_challenge,
    is_registered,
    is_verifier_right,
    needs_fresh_sign_in,
)

NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
# RFC 7636, appendix B
VERIFIER, CHALLENGE = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


@pytest.mark.parametrize(
    ("uri", "registered", "accepted"),
    [
        ("https://till.example/back", "https://till.example/back", True),
        ("https://till.example/back?x", "https://till.example/back", False),
        ("https://till.example/", "https://till.example/back", False),
        ("https://till.example:444/back", "https://till.example/back", False),
        ("http://127.0.0.1:5000/back", "http://127.0.0.1/back", True),
        ("http://127.0.0.1/back", "http://127.0.0.1:5000/back", True),
        ("http://[::1]:65535", "http://[::1]", True),
        ("http://localhost:1?x=y", "http://localhost?x=y", True),
        ("http://localhost:1/back", "http://127.0.0.1:1/back", False),
        ("http://localhost:123456/back", "http://localhost/back", False),
        ("http://localhost:1/other", "http://localhost/back", False),
        ("http://localhost.evil.example/", "http://localhost/", False),
        ("https://localhost:1/back", "https://localhost/back", False),
    ],
)
def test_an_answer_goes_to_the_same_text_and_only_a_loopback_port_may_differ(
    uri: str, registered: str, accepted: bool
) -> None:
    assert is_registered(uri, ("https://other.example/x", registered)) is accepted
    assert not is_registered(uri, ())


@pytest.mark.parametrize(
    ("uri", "acceptable"),
    [
        ("https://till.example/back", True),
        ("https://till.example:8443", True),
        ("http://127.0.0.1/back", True),
        ("http://[::1]:80/", True),
        ("http://localhost", True),
        ("http://till.example/back", False),
        ("https:///back", False),
        ("https://user@till.example/", False),
        ("https://till.example:x/", False),
        ("https://till.example/#x", False),
        ("https://till.example/a b", False),
        ("https://till.example/\\back", False),
        ("https://tïll.example/", False),
        ("https://till.example/\n", False),
        ("https://*.example/", False),
        ("com.example.till:/back", True),
        ("com.example.till-2:/back", True),
        ("msalabc://auth", True),
        ("javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("https://till.example/" + "a" * 1979, True),
        ("https://till.example/" + "a" * 1980, False),
    ],
)
def test_an_address_may_be_registered_when_nothing_about_it_is_doubtful(uri: str, acceptable: bool) -> None:
    assert is_acceptable_redirect_uri(uri) is acceptable


def test_the_verifier_of_the_standard_is_right_and_no_other() -> None:
    assert is_code_challenge(CHALLENGE)
    assert not is_code_challenge(CHALLENGE + "A")
    assert not is_code_challenge(CHALLENGE[:-1] + "=")
    assert is_verifier_right(VERIFIER, CHALLENGE)
    assert not is_verifier_right(VERIFIER[:-1] + "l", CHALLENGE)
    assert not is_verifier_right(VERIFIER[:-1], CHALLENGE)
    assert not is_verifier_right(CHALLENGE, CHALLENGE)
    assert not is_verifier_right("a" * 129, "V" * 43)


def _request(prompt: Prompt | None = None, max_age: int | None = None) -> AuthorizationRequest:
    values: dict[str, Any] = dict.fromkeys(("application_id", "client_id", "client_name", "redirect_uri"), "")
    values |= {"is_public": True, "has_back_channel": False, "scopes": (), "response_mode": ResponseMode.QUERY}
    values |= {"state": None, "nonce": None, "code_challenge": None}
    return AuthorizationRequest(**values, prompt=prompt, max_age=max_age, asked_at=NOW)


@pytest.mark.parametrize(
    ("request_", "ago", "fresh_needed"),
    [
        (_request(), 3600, False),
        (_request(Prompt.NONE), 3600, False),
        (_request(Prompt.CONSENT), 3600, False),
        (_request(Prompt.LOGIN), 1, True),
        (_request(Prompt.SELECT_ACCOUNT), 1, True),
        (_request(Prompt.LOGIN), 0, False),
        (_request(Prompt.LOGIN), -1, False),
        (_request(max_age=60), 59, False),
        (_request(max_age=60), 60, True),
        (_request(max_age=0), 0, False),
        (_request(max_age=0), 1, True),
    ],
)
def test_a_sign_in_is_asked_for_again_when_the_application_wants_a_fresher_one(
    request_: AuthorizationRequest, ago: int, fresh_needed: bool
) -> None:
    assert needs_fresh_sign_in(request_, NOW - timedelta(seconds=ago), NOW) is fresh_needed


def test_nothing_is_granted_that_was_not_asked_for_and_consented_to() -> None:
    consented = frozenset({"User.Read", "Group.Read.All"})
    assert granted_scopes(("openid", "User.Read", "Mail.Read"), consented) == {"openid", "User.Read"}
    assert granted_scopes(("profile", ".default"), consented) == {"profile", *consented}
    assert granted_scopes(("email",), frozenset()) == {"email"}
    assert granted_scopes((), consented) == frozenset()


@pytest.mark.parametrize(
    ("uri", "public_client", "is_public"),
    [
        ("https://server.example/", False, False),
        ("https://server.example/", True, True),
        ("https://page.example/", False, True),
        ("http://localhost:99", False, True),
        ("https://nowhere.example/", False, False),
        ("https://nowhere.example/", True, True),
        (None, False, False),
        (None, True, True),
    ],
)
def test_an_application_keeps_secrets_only_where_its_server_is(
    uri: str | None, public_client: bool, is_public: bool
) -> None:
    application = Application(
        "id",
        "client",
        "principal",
        "Till",
        NOW,
        redirect_uris=("https://server.example/",),
        spa_redirect_uris=("https://page.example/",),
        public_redirect_uris=("http://localhost",),
        is_public_client=public_client,
    )
    assert application.is_public_at(uri) is is_public
    assert application.accepts(uri or "") is (uri not in {None, "https://nowhere.example/"})
    assert application.is_public_somewhere
