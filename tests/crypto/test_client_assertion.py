"""`private_key_jwt`: what an application may send to prove itself (RFC 7523, security design 7 and 7.1)."""

import base64
import hashlib
import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from badgepin.crypto.client_assertion import (
    Assertion,
    RegisteredKey,
    UnusableKey,
    read_certificate,
    read_jwk,
    read_jwk_text,
    verify_assertion,
)
from badgepin.crypto.token import BadToken
from tests.crypto.jose import Key, segment, sign

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SECOND = int(NOW.timestamp())
CLIENT = "6f1c2f0e-8a57-4d1b-9f2a-0c1d2e3f4a5b"
ISSUER, ENDPOINT = "https://id.example/t/v2.0", "https://id.example/t/oauth2/v2.0/token"
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())


def _certificate(key: Key | ed25519.Ed25519PrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "script")])
    builder = (
        x509.CertificateBuilder(name, name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW)
        .not_valid_after(NOW + timedelta(days=1))
    )
    return builder.sign(key, None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256())


CERTIFICATE = _certificate(RSA_KEY)
DER = CERTIFICATE.public_bytes(Encoding.DER)
BY_CERTIFICATE = read_certificate(CERTIFICATE.public_bytes(Encoding.PEM).decode(), "key-1")
BY_CURVE = RegisteredKey("key-2", EC_KEY.public_key())
X5T = segment(hashlib.sha1(DER, usedforsecurity=False).digest())
X5T_S256 = segment(hashlib.sha256(DER).digest())


def _claims(**changes: Any) -> dict[str, Any]:
    claims = {"iss": CLIENT, "sub": CLIENT, "aud": ISSUER, "jti": "1", "iat": SECOND, "nbf": SECOND, "exp": SECOND + 60}
    return {name: value for name, value in {**claims, **changes}.items() if value is not ...}


def _check(token: str) -> Assertion | BadToken:
    keys = [BY_CURVE, BY_CERTIFICATE]
    return verify_assertion(token, client_id=CLIENT, keys=keys, audiences=frozenset({ISSUER, ENDPOINT}), now=NOW)


def _accepts(claims: dict[str, Any], header: dict[str, Any] | None = None, key: Key = RSA_KEY) -> bool:
    return isinstance(_check(sign(key, header or {"alg": "RS256"}, claims)), Assertion)


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "RS256"},
        {"alg": "RS256", "typ": "JWT", "kid": "key-1"},
        {"alg": "RS256", "typ": "JWT", "x5t": X5T, "kid": "whatever the library wrote"},
        {"alg": "RS256", "typ": "JWT", "kid": X5T},
        {"alg": "PS256", "typ": "JWT", "x5t#S256": X5T_S256},
        {"alg": "PS256", "typ": "JWT", "x5t#S256": X5T_S256 + "=", "x5c": [base64.b64encode(DER).decode()]},
        {"alg": "RS256", "x5t": X5T + "="},
    ],
)
def test_the_headers_that_client_libraries_write_are_understood(header: dict[str, Any]) -> None:
    assert _check(sign(RSA_KEY, header, _claims())) == Assertion("1", SECOND + 60 + 60)


def test_a_curve_key_signs_with_es256() -> None:
    assert _accepts(_claims(), {"alg": "ES256"}, EC_KEY)
    assert _accepts(_claims(), {"alg": "ES256", "kid": "key-2"}, EC_KEY)
    assert not _accepts(_claims(), {"alg": "ES256", "kid": "key-1"}, EC_KEY)
    assert not _accepts(_claims(), {"alg": "ES256"}, ec.generate_private_key(ec.SECP256R1()))


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "RS256", "kid": "key-2"},
        {"alg": "RS256", "x5t": segment(bytes(20))},
        {"alg": "RS256", "x5t": X5T, "x5t#S256": segment(bytes(32))},
        {"alg": "RS256", "x5t": ""},
        {"alg": "PS256", "x5t#S256": ""},
    ],
)
def test_a_key_that_the_header_does_not_name_is_not_tried(header: dict[str, Any]) -> None:
    assert not _accepts(_claims(), header)


def test_a_certificate_in_the_header_brings_no_key_of_its_own() -> None:
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    chain = [base64.b64encode(_certificate(stranger).public_bytes(Encoding.DER)).decode()]
    assert not _accepts(_claims(), {"alg": "RS256", "x5c": chain}, stranger)
    assert not _accepts(_claims(), {"alg": "RS256", "x5c": chain, "x5t": X5T}, stranger)


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": ...},
        {"sub": ...},
        {"iss": "another"},
        {"sub": "another"},
        {"sub": [CLIENT]},
        {"iss": CLIENT + " "},
        {"iss": "", "sub": ""},
    ],
)
def test_issuer_and_subject_are_the_client(changes: dict[str, Any]) -> None:
    assert not _accepts(_claims(**changes))


def test_the_client_s_id_counts_in_any_case() -> None:
    assert _accepts(_claims(iss=CLIENT.upper(), sub=CLIENT.upper()))


@pytest.mark.parametrize("audience", [ISSUER, ENDPOINT, [ISSUER]])
def test_the_issuer_and_the_token_endpoint_are_audiences(audience: object) -> None:
    assert _accepts(_claims(aud=audience))


@pytest.mark.parametrize(
    "audience",
    [..., None, "", [], {}, [{}], [[ISSUER]], 1, ISSUER + "/", ISSUER.upper(), [ISSUER, ENDPOINT], [ISSUER, "x"]],
)
def test_nothing_else_is_an_audience(audience: object) -> None:
    assert not _accepts(_claims(aud=audience))


@pytest.mark.parametrize(
    ("changes", "counts"),
    [
        ({"exp": SECOND - 59}, True),
        ({"exp": SECOND - 60}, False),
        ({"exp": SECOND + 900}, True),
        ({"exp": SECOND + 3600}, False),
        ({"iat": SECOND + 30, "nbf": SECOND + 30}, True),
        ({"iat": SECOND + 31}, False),
        ({"nbf": SECOND + 31}, False),
        ({"iat": ..., "nbf": ...}, True),
        ({"iat": SECOND + 0.5, "exp": SECOND + 60.5}, True),
        ({"exp": ...}, False),
    ],
)
def test_an_assertion_counts_now_and_not_for_long(changes: dict[str, Any], counts: bool) -> None:
    assert _accepts(_claims(**changes)) is counts


@pytest.mark.parametrize("name", ["exp", "iat", "nbf"])
@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e999", "9" * 400, "-1", "true", '"1"', "[]", "{}"])
def test_a_time_is_a_number_of_seconds(name: str, value: str) -> None:
    payload = json.dumps(_claims(**{name: "here"})).replace('"here"', value).encode()
    assert isinstance(_check(sign(RSA_KEY, {"alg": "RS256"}, payload)), BadToken)


@pytest.mark.parametrize("jti", [..., None, "", 1, ["1"], "x" * 257, "\0", "\ud800"])
def test_an_assertion_has_an_id_that_can_be_kept(jti: object) -> None:
    assert not _accepts(_claims(jti=jti))


def test_a_client_without_keys_proves_nothing() -> None:
    token = sign(RSA_KEY, {"alg": "RS256"}, _claims())
    read = verify_assertion(token, client_id=CLIENT, keys=[], audiences=frozenset({ISSUER}), now=NOW)
    assert isinstance(read, BadToken)


def _number(value: int) -> str:
    return segment(value.to_bytes((value.bit_length() + 7) // 8))


NUMBERS = RSA_KEY.public_key().public_numbers()
RSA_JWK = {"kty": "RSA", "n": _number(NUMBERS.n), "e": "AQAB"}
POINT = EC_KEY.public_key().public_numbers()
EC_JWK = {"kty": "EC", "crv": "P-256", "x": segment(POINT.x.to_bytes(32)), "y": segment(POINT.y.to_bytes(32))}


def test_public_jwks_can_be_registered() -> None:
    assert read_jwk(RSA_JWK, "own").key_id == "own"
    assert read_jwk({**RSA_JWK, "kid": "theirs"}, "own").key_id == "theirs"
    assert read_jwk({**RSA_JWK, "kid": 5, "alg": "none"}, "own").key_id == "own"
    assert read_jwk_text(json.dumps(EC_JWK), "own").public_key == EC_KEY.public_key()


@pytest.mark.parametrize("name", ["d", "p", "q", "dp", "dq", "qi", "oth", "k"])
def test_half_of_a_private_key_is_sent_back(name: str) -> None:
    with pytest.raises(UnusableKey, match="private"):
        read_jwk({**RSA_JWK, name: None}, "own")


@pytest.mark.parametrize(
    "jwk",
    [
        {},
        {"kty": "oct"},
        {"kty": []},
        {"kty": "RSA"},
        {**RSA_JWK, "n": 5},
        {**RSA_JWK, "n": "é"},
        {**RSA_JWK, "n": "AQAB"},
        {**RSA_JWK, "e": "AQ"},
        {**RSA_JWK, "n": _number(NUMBERS.n >> 1024 | 1)},
        {**EC_JWK, "x": 1},
        {**EC_JWK, "y": EC_JWK["x"]},
        {**EC_JWK, "crv": "P-384"},
        {**EC_JWK, "crv": ["P-256"]},
        {"kty": "OKP", "crv": "Ed25519", "x": segment(bytes(32))},
    ],
)
def test_other_jwks_cannot_be_registered(jwk: dict[str, Any]) -> None:
    with pytest.raises(UnusableKey):
        read_jwk(jwk, "own")


@given(
    st.dictionaries(
        st.sampled_from(["kty", "n", "e", "crv", "x", "y", "kid", "alg", "use"]),
        st.sampled_from(["RSA", "EC", "P-256", "AQAB", RSA_JWK["n"], EC_JWK["x"], EC_JWK["y"], ""])
        | st.none()
        | st.integers()
        | st.text(max_size=4)
        | st.lists(st.text(max_size=1), max_size=2),
    )
)
def test_no_jwk_does_more_than_be_refused(jwk: dict[str, Any]) -> None:
    with suppress(UnusableKey):
        read_jwk(jwk, "own")


@pytest.mark.parametrize("text", ["", "[]", "{", "5", "\ud800", '{"kty":"\\ud800"}', "[" * 99_999, '{"a":' * 99_999])
def test_what_is_no_jwk_cannot_be_registered(text: str) -> None:
    with pytest.raises(UnusableKey):
        read_jwk_text(text, "own")


def test_a_certificate_is_read_as_pem_and_as_base64() -> None:
    assert read_certificate(base64.b64encode(DER).decode(), "key-1") == BY_CERTIFICATE
    assert (BY_CERTIFICATE.sha1, BY_CERTIFICATE.sha256) == (X5T, X5T_S256)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "é",
        "\ud800",
        "-----BEGIN",
        "-----BEGIN CERTIFICATE-----\n\n-----END CERTIFICATE-----",
        base64.b64encode(DER[:-1]).decode(),
        base64.b64encode(_certificate(ed25519.Ed25519PrivateKey.generate()).public_bytes(Encoding.DER)).decode(),
        # the same certificate with a kind of key that nobody knows
        base64.b64encode(
            DER.replace(bytes.fromhex("2a864886f70d010101"), bytes.fromhex("2a864886f70d01017f"))
        ).decode(),
    ],
)
def test_what_is_no_usable_certificate_cannot_be_registered(text: str) -> None:
    with pytest.raises(UnusableKey):
        read_certificate(text, "key-1")
