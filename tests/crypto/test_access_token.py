"""Access tokens: what we sign counts for its time and its audience, and nothing is believed for longer (RFC 7519)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from badgepin.crypto.key_ring import KEEP, KeyRing, create_key_ring
from badgepin.crypto.key_rotation import KINDS, plan_rotation
from badgepin.crypto.token import BadToken, TokenSigner, TokenVerifier, public_jwks

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SECOND = int(NOW.timestamp())
GRAPH = "https://graph.microsoft.com"
AUDIENCES = frozenset({GRAPH})
RING = create_key_ring(NOW)
DAY = timedelta(days=1)
PUBLISHED = plan_rotation(RING, KINDS["signing"], NOW + DAY, NOW)
TURNED = PUBLISHED.at(NOW + DAY)
OVER = PUBLISHED.at(NOW + DAY + KEEP["signing_keys"])
CLAIMS = {
    "iss": "https://id.example/t/v2.0",
    "sub": "p",
    "aud": GRAPH,
    "iat": SECOND,
    "nbf": SECOND,
    "exp": SECOND + 900,
}


def _token(ring: KeyRing = RING, **changes: Any) -> str:
    claims = {**CLAIMS, **changes}
    return TokenSigner(ring).sign({name: value for name, value in claims.items() if value is not ...})


def _read(token: str, *, now: datetime = NOW, ring: KeyRing = RING) -> object:
    return TokenVerifier(ring).verify(token, now=now, audiences=AUDIENCES)


def test_what_is_signed_is_read() -> None:
    assert _read(_token()) == CLAIMS
    assert jwt.get_unverified_header(_token()) == {"alg": "RS256", "kid": RING.active_signing_key.kid, "typ": "JWT"}


def test_another_library_can_check_it_with_the_published_keys() -> None:
    keys = jwt.PyJWKSet.from_dict(public_jwks(TURNED))
    token = _token(TURNED)
    key = keys[jwt.get_unverified_header(token)["kid"]]
    assert (
        jwt.decode(
            token,
            key,
            algorithms=["RS256"],
            options={"verify_signature": True, "verify_exp": False, "verify_nbf": False, "verify_iat": False},
            audience=GRAPH,
        )
        == CLAIMS
    )


def test_only_public_halves_are_published() -> None:
    jwks = public_jwks(TURNED)
    assert [key["kid"] for key in jwks["keys"]] == [key.kid for key in TURNED.signing_keys]
    for key in jwks["keys"]:
        assert key.keys() == {"kty", "use", "alg", "kid", "n", "e"}
        assert (key["kty"], key["use"], key["alg"], key["e"]) == ("RSA", "sig", "RS256", "AQAB")


@pytest.mark.parametrize(
    ("moved", "counts"),
    [(-11, False), (-10, True), (0, True), (899, True), (959, True), (960, False), (86_400, False)],
)
def test_a_token_counts_from_its_start_to_its_end_with_little_slack(moved: int, counts: bool) -> None:
    read = _read(_token(), now=NOW + timedelta(seconds=moved))
    assert isinstance(read, BadToken) is not counts


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": ...},
        {"exp": None},
        {"exp": str(SECOND + 900)},
        {"exp": True},
        {"exp": float("nan")},
        {"exp": float("inf")},
        {"exp": []},
        {"nbf": float("nan")},
        {"nbf": SECOND + 11},
        {"iat": SECOND + 11},
        {"iat": "now"},
        {"aud": ...},
        {"aud": "https://graph.microsoft.com.evil.example"},
        {"aud": [GRAPH]},
        {"aud": {}},
    ],
)
def test_other_times_and_audiences_do_not_count(changes: dict[str, Any]) -> None:
    assert isinstance(_read(_token(**changes)), BadToken)


def test_a_remembered_token_still_ends_and_still_has_its_audience() -> None:
    verifier, token = TokenVerifier(RING), _token()
    assert verifier.verify(token, now=NOW, audiences=AUDIENCES) == CLAIMS
    assert verifier.verify(token, now=NOW, audiences=AUDIENCES) == CLAIMS
    assert verifier.verify(token, now=NOW, audiences=frozenset({"other"})) == BadToken("other audience")
    assert verifier.verify(token, now=NOW + timedelta(seconds=960), audiences=AUDIENCES) == BadToken("expired")


def test_a_refused_token_is_not_remembered_and_one_like_it_gains_nothing() -> None:
    verifier, token = TokenVerifier(RING), _token()
    forged = token[:-8] + "AAAAAAAA"
    assert isinstance(verifier.verify(forged, now=NOW, audiences=AUDIENCES), BadToken)
    assert verifier.verify(token, now=NOW, audiences=AUDIENCES) == CLAIMS
    assert isinstance(verifier.verify(forged, now=NOW, audiences=AUDIENCES), BadToken)
    assert len(verifier._checked) == 1


def test_the_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("badgepin.crypto.token._REMEMBERED", 3)
    verifier, signer = TokenVerifier(RING), TokenSigner(RING)
    for number in range(8):
        token = signer.sign({**CLAIMS, "uti": str(number)})
        assert verifier.verify(token, now=NOW, audiences=AUDIENCES) == {**CLAIMS, "uti": str(number)}
    assert len(verifier._checked) == 3


def test_a_rotation_fails_no_token_until_its_key_is_gone() -> None:
    """A key is published, signs, then only verifies, then is gone (security design 3.5)."""
    old, new = _token(RING), _token(TURNED)
    assert _read(new, ring=PUBLISHED) == CLAIMS, "a server whose clock is behind knows the next key"
    assert _read(old, ring=PUBLISHED) == _read(old, ring=TURNED) == CLAIMS
    assert isinstance(_read(old, ring=OVER), BadToken)
    assert _read(new, ring=OVER) == CLAIMS


def test_another_installation_s_token_does_not_count() -> None:
    assert isinstance(_read(_token(), ring=create_key_ring(NOW)), BadToken)
