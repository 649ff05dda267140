"""`private_key_jwt`: an application proves itself with a signed assertion (RFC 7523, OpenID Connect Core 9)."""

import base64
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import jwt
import msgspec
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from badgepin.crypto.jws_header import JwsHeader, read_jws_header
from badgepin.crypto.token import BadToken

_AHEAD, _PAST = 30, 60
_LONGEST_LIFE = 900
_LEAST_RSA_BITS = 2048
_LAST_SECOND = 2**40
_PUBLIC = frozenset({"kty", "n", "e", "crv", "x", "y"})
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})

PublicKey = RSAPublicKey | EllipticCurvePublicKey


class UnusableKey(ValueError):
    """A key or certificate that cannot be registered; the sentence says why."""


@dataclass(frozen=True)
class RegisteredKey:
    """A public key of an application; a certificate can be named by its digests."""

    key_id: str
    public_key: PublicKey
    sha1: str = ""
    sha256: str = ""


@dataclass(frozen=True)
class Assertion:
    """An assertion that counts: its unique id, and when it ends (seconds since 1970)."""

    jti: str
    expires: float


def read_certificate(text: str, key_id: str) -> RegisteredKey:
    """A PEM certificate, or the base64 of a DER one. Raises `UnusableKey`."""
    try:
        if "-----BEGIN" in text:
            certificate = x509.load_pem_x509_certificate(text.encode())
        else:
            certificate = x509.load_der_x509_certificate(base64.b64decode(text, validate=True))
        public_key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm) as error:
        raise UnusableKey("The certificate cannot be read.") from error
    sha1 = certificate.fingerprint(hashes.SHA1())  # noqa: S303 - `x5t` is a name here (RFC 7515 4.1.7), not a proof
    return RegisteredKey(key_id, _usable(public_key), _text(sha1), _text(certificate.fingerprint(hashes.SHA256())))


def read_jwk(jwk: dict[str, Any], key_id: str) -> RegisteredKey:
    """A public JWK (RSA or P-256). Raises `UnusableKey`, also for a private one."""
    if _PRIVATE & jwk.keys():
        raise UnusableKey("The key is a private key: register its public half only.")
    if jwk.get("kty") not in ("RSA", "EC"):
        raise UnusableKey("Only RSA and EC keys can be registered.")
    # the numbers alone: an `alg` of the sender's choice decides nothing
    numbers = {name: jwk[name] for name in _PUBLIC & jwk.keys()}
    try:
        key = jwt.PyJWK.from_dict(numbers).key
    except jwt.PyJWTError as error:
        raise UnusableKey("The JWK cannot be read.") from error
    kid = jwk.get("kid")
    return RegisteredKey(kid if isinstance(kid, str) and kid else key_id, _usable(key))


def read_jwk_text(text: str, key_id: str) -> RegisteredKey:
    """A public JWK as JSON text. Raises `UnusableKey`."""
    try:
        jwk = msgspec.json.decode(text, type=dict[str, Any])
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise UnusableKey("The JWK is not a JSON object.") from error
    return read_jwk(jwk, key_id)


def _usable(key: object) -> PublicKey:
    if isinstance(key, RSAPublicKey) and key.key_size >= _LEAST_RSA_BITS:
        return key
    if isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1):
        return key
    raise UnusableKey("Only RSA keys of at least 2048 bits and P-256 keys can be registered.")


def verify_assertion(
    token: str, *, client_id: str, keys: Sequence[RegisteredKey], audiences: frozenset[str], now: datetime
) -> Assertion | BadToken:
    """The assertion, when one of the application's keys signed it for us, now, and it lives at most 15 minutes.

    `client_id` is a lower-case GUID; the assertion may write it in any case.
    """
    header = read_jws_header(token)
    if header is None:
        return BadToken("not a compact JWS")
    for key in keys:
        algorithms = _algorithms(key.public_key)
        if not _is_named(header, key) or header.alg not in algorithms:
            continue
        try:
            claims = jwt.decode(token, key.public_key, algorithms=algorithms, options=_SIGNATURE_ONLY)
        except jwt.PyJWTError:
            continue
        return _check_claims(claims, client_id, audiences, now)
    return BadToken("no registered key signed it")


_SIGNATURE_ONLY: Any = {
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
    "verify_aud": False,
    "verify_jti": False,
    "verify_sub": False,
    "verify_iss": False,
}


def _algorithms(key: PublicKey) -> list[str]:
    return ["RS256", "PS256"] if isinstance(key, RSAPublicKey) else ["ES256"]


def _is_named(header: JwsHeader, key: RegisteredKey) -> bool:
    if header.x5t_s256 is not None:
        return _same(header.x5t_s256, key.sha256)
    if header.x5t is not None:
        return _same(header.x5t, key.sha1)
    return header.kid is None or header.kid == key.key_id or _same(header.kid, key.sha1)


def _same(given: str, known: str) -> bool:
    return bool(known) and hmac.compare_digest(given.rstrip("=").encode(), known.encode())


def _check_claims(
    claims: dict[str, Any], client_id: str, audiences: frozenset[str], now: datetime
) -> Assertion | BadToken:
    moment = now.timestamp()
    audience, jti = claims.get("aud"), claims.get("jti")
    named = audience if isinstance(audience, list) else [audience]
    if not all(isinstance(who, str) and who.lower() == client_id for who in (claims.get("iss"), claims.get("sub"))):
        return BadToken("issuer or subject is not the client")
    if len(named) != 1 or not isinstance(named[0], str) or named[0] not in audiences:
        return BadToken("other audience")
    if not isinstance(jti, str) or not 0 < len(jti) <= 256 or not jti.isprintable():  # noqa: PLR2004 - room for any sensible id
        return BadToken("no jti")
    expires = _seconds(claims.get("exp"))
    issued = _seconds(claims.get("iat", claims.get("nbf", moment)))
    not_before = _seconds(claims.get("nbf", moment))
    if expires is None or issued is None or not_before is None:
        return BadToken("times are not numbers")
    if moment >= expires + _PAST or expires > moment + _LONGEST_LIFE + _AHEAD:
        return BadToken("expired, or lives too long")
    if max(issued, not_before) > moment + _AHEAD:
        return BadToken("not yet valid")
    return Assertion(jti, expires + _PAST)


def _seconds(value: object) -> float | None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    # no comparison holds for NaN, so it falls out here together with the infinities
    return float(value) if 0 <= value < _LAST_SECOND else None


def _text(digest: bytes) -> str:
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
