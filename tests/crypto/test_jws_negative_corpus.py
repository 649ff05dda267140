"""Texts that are no token of ours, whatever they look like (security design 7.1), for both verifiers."""

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from hypothesis import given
from hypothesis import strategies as st

from badgepin.crypto.client_assertion import Assertion, RegisteredKey, verify_assertion
from badgepin.crypto.jws_header import JwsHeader, read_jws_claims, read_jws_header
from badgepin.crypto.key_ring import create_key_ring
from badgepin.crypto.token import BadToken, TokenVerifier
from tests.crypto.jose import read_segment, segment, sign

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SECOND = int(NOW.timestamp())
AUDIENCE = "https://graph.microsoft.com"
RING = create_key_ring(NOW)
VERIFIER = TokenVerifier(RING)
KID = RING.active_signing_key.kid
_LOADED = load_pem_private_key(RING.active_signing_key.pem.encode(), password=None)
assert isinstance(_LOADED, rsa.RSAPrivateKey)
KEY: rsa.RSAPrivateKey = _LOADED
STRANGER = rsa.generate_private_key(public_exponent=65537, key_size=2048)
CURVE = ec.generate_private_key(ec.SECP256R1())
HEADER = {"alg": "RS256", "kid": KID, "typ": "JWT"}
CLAIMS = {"iss": "c", "sub": "c", "aud": AUDIENCE, "jti": "1", "iat": SECOND, "nbf": SECOND, "exp": SECOND + 300}
GOOD = sign(KEY, HEADER, CLAIMS)
ONE, TWO, THREE = GOOD.split(".")
Verifier = Callable[[str], bool]


def _as_access_token(text: str) -> bool:
    read = VERIFIER.verify(text, now=NOW, audiences=frozenset({AUDIENCE}))
    return not isinstance(read, BadToken)


def _as_assertion(text: str) -> bool:
    keys = [RegisteredKey(KID, KEY.public_key())]
    read = verify_assertion(text, client_id="c", keys=keys, audiences=frozenset({AUDIENCE}), now=NOW)
    return isinstance(read, Assertion)


def _hmac_with_the_public_key(form: PublicFormat, encoding: Encoding) -> str:
    signed = segment({**HEADER, "alg": "HS256"}) + "." + TWO
    secret = KEY.public_key().public_bytes(encoding, form)
    return f"{signed}.{segment(hmac.new(secret, signed.encode(), hashlib.sha256).digest())}"


def _hmac_with(secret: bytes) -> str:
    signed = segment({**HEADER, "alg": "HS256"}) + "." + TWO
    return f"{signed}.{segment(hmac.new(secret, signed.encode(), hashlib.sha256).digest())}"


def _changed(**header: Any) -> str:
    return sign(KEY, {name: value for name, value in {**HEADER, **header}.items() if value is not ...}, CLAIMS)


@dataclass(frozen=True)
class Case:
    """A text, and what is wrong with it."""

    wrong: str
    text: str


def _corpus() -> Iterator[Case]:
    for algorithm in ("none", "None", "NONE", "nOnE", ""):
        yield Case(f"algorithm {algorithm!r}, empty signature", f"{segment({**HEADER, 'alg': algorithm})}.{TWO}.")
        yield Case(f"algorithm {algorithm!r}, kept signature", f"{segment({**HEADER, 'alg': algorithm})}.{TWO}.{THREE}")
        yield Case(f"algorithm {algorithm!r}, signed", _changed(alg=algorithm))
    yield Case("HMAC keyed with the public key in PEM", _hmac_with_the_public_key(_SPKI, Encoding.PEM))
    yield Case("HMAC keyed with the public key in DER", _hmac_with_the_public_key(_SPKI, Encoding.DER))
    yield Case("HMAC keyed with nothing", _hmac_with(b""))
    yield Case("HMAC keyed with the key's id", _hmac_with(KID.encode()))
    for algorithm in ("RS512", "PS512", "ES256", "EdDSA", "HS256", "rs256"):
        yield Case(f"signed by RS256, says {algorithm}", _changed(alg=algorithm))
    for kid in ("../../dev/null", "' OR 1=1 --", KID.upper() + "X", KID + "\0", KID + " ", "", "é"):
        yield Case(f"key id {kid!r}", _changed(kid=kid))
    for name, value in BAD_MEMBERS:
        yield Case(f"header with {name}={value!r}", _changed(**{name: value}))
    yield Case("signed by a stranger", sign(STRANGER, HEADER, CLAIMS))
    yield Case("signed by a stranger's curve", sign(CURVE, HEADER, CLAIMS))
    yield Case("another payload", f"{ONE}.{segment({**CLAIMS, 'sub': 'd'})}.{THREE}")
    yield Case("another header", f"{segment({**HEADER, 'x': 1})}.{TWO}.{THREE}")
    yield from _other_shapes()


def _other_shapes() -> Iterator[Case]:
    yield Case("empty signature", f"{ONE}.{TWO}.")
    yield Case("no signature", f"{ONE}.{TWO}")
    yield Case("empty payload", f"{ONE}..{THREE}")
    yield Case("detached payload, signed", sign(KEY, HEADER, b""))
    yield Case("empty header", f".{TWO}.{THREE}")
    yield Case("four parts", f"{GOOD}.{THREE}")
    yield Case("five parts", f"{GOOD}.{ONE}.{TWO}")
    yield Case("twice", f"{GOOD}.{GOOD}")
    yield Case("signature of zeros", f"{ONE}.{TWO}.{segment(bytes(384))}")
    yield Case("cut signature", f"{ONE}.{TWO}.{THREE[:-8]}")
    yield Case("junk after the signature", f"{GOOD}!!!!")
    yield Case("junk in the signature", f"{ONE}.{TWO}.{THREE[:8]}$$$${THREE[8:]}")
    yield Case("junk in the header", f"{ONE[:4]}!!!!{ONE[4:]}.{TWO}.{THREE}")
    yield Case("white space around", f" {GOOD}")
    yield Case("a line end after", f"{GOOD}\n")
    yield Case("too much padding", f"{GOOD}====")
    flat = {"protected": ONE, "payload": TWO, "signature": THREE}
    yield Case("flattened JSON", json.dumps(flat))
    yield Case("general JSON", json.dumps({"payload": TWO, "signatures": [{"protected": ONE, "signature": THREE}]}))
    yield Case("general JSON without signatures", json.dumps({"payload": TWO, "signatures": []}))
    yield Case("a list as header", sign(KEY, b"[]", CLAIMS))
    yield Case("a header that is not UTF-8", sign(KEY, b'{"alg":"RS256","kid":"\xff"}', CLAIMS))
    yield Case("a header that is half a character", sign(KEY, b'{"alg":"RS256","kid":"\\ud800"}', CLAIMS))
    yield Case("a header as deep as a well", sign(KEY, b'{"a":' * 1500 + b"1" + b"}" * 1500, CLAIMS))
    yield Case("a list as claims", sign(KEY, HEADER, b"[]"))
    yield Case("claims that are not JSON", sign(KEY, HEADER, b"{"))
    yield Case("claims as deep as a well", sign(KEY, HEADER, b"[" * 5000))
    yield Case("longer than any token", sign(KEY, HEADER, {**CLAIMS, "x": "x" * 16_384}))
    yield Case("nothing", "")
    yield Case("dots", "..")
    yield Case("letters that only look Latin", GOOD.replace("e", "е", 1))  # noqa: RUF001 - that is the point


_SPKI = PublicFormat.SubjectPublicKeyInfo
BAD_MEMBERS: list[tuple[str, Any]] = [
    ("jwk", {"kty": "RSA", "n": "AQAB", "e": "AQAB"}),
    ("jwk", None),
    ("jku", "https://evil.example/keys"),
    ("x5u", "https://evil.example/chain"),
    ("crit", ["exp"]),
    ("crit", []),
    ("b64", False),
    ("alg", None),
    ("alg", ["RS256"]),
    ("alg", ...),
    ("kid", 1),
    ("kid", [KID]),
    ("typ", {}),
]
CORPUS = list(_corpus())


@pytest.mark.parametrize("accepts", [_as_access_token, _as_assertion])
def test_the_corpus_starts_from_a_token_that_counts(accepts: Verifier) -> None:
    assert accepts(GOOD)


@pytest.mark.parametrize("accepts", [_as_access_token, _as_assertion])
@pytest.mark.parametrize("case", CORPUS, ids=lambda case: case.wrong)
def test_nothing_of_the_corpus_counts(case: Case, accepts: Verifier) -> None:
    assert not accepts(case.text)


@pytest.mark.parametrize("typ", ["JWT", "at+jwt"])
def test_an_access_token_says_its_type(typ: str) -> None:
    assert _as_access_token(_changed(typ=typ))


@pytest.mark.parametrize("typ", [..., "logout+jwt", "dpop+jwt", "jwt", "JOSE", ""])
def test_another_type_is_no_access_token(typ: str) -> None:
    assert not _as_access_token(_changed(typ=typ))


def test_an_access_token_names_its_key() -> None:
    assert not _as_access_token(_changed(kid=...))


def test_padded_parts_are_verified_as_they_were_sent() -> None:
    for extra in range(3):
        padded = sign(KEY, {**HEADER, "x": "x" * extra}, {**CLAIMS, "x": "x" * extra}, padded=True)
        assert _as_assertion(padded)
        assert _as_access_token(padded)
        if "=" in padded.rpartition(".")[0]:
            bare = ".".join(part.rstrip("=") for part in padded.split("."))
            assert not _as_assertion(bare), "other bytes than those signed"
            assert not _as_access_token(bare)


@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda raw: f"{segment(raw)}.{TWO}.{THREE}"))
def test_no_text_does_more_than_be_refused(text: str) -> None:
    assert read_jws_header(text) is None or isinstance(read_jws_header(text), JwsHeader)
    assert isinstance(read_jws_claims(text), dict)
    assert not _as_access_token(text)
    assert not _as_assertion(text)


@given(st.integers(0, len(GOOD) - 2), st.sampled_from("ABCdef019-_=. {\x00é"))
def test_no_character_of_a_token_may_change(place: int, letter: str) -> None:
    changed = GOOD[:place] + letter + GOOD[place + 1 :]
    if changed != GOOD:
        assert not _as_access_token(changed)
        assert not _as_assertion(changed)


def test_the_claims_can_be_looked_at_before_they_are_believed() -> None:
    assert read_jws_claims(GOOD) == CLAIMS
    assert json.loads(read_segment(TWO)) == CLAIMS
    assert read_jws_claims(f"{ONE}.{segment(b'[]')}.{THREE}") == {}
    assert read_jws_claims(f"{ONE}.{segment(b'{')}.{THREE}") == {}
    assert read_jws_claims(f"{ONE}.{segment(b'[' * 9000)}.{THREE}") == {}
