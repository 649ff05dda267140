"""Access tokens: RS256 JWTs signed with the ring's active key, verified strictly (RFC 7519, security design 7.1)."""

import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from badgepin.crypto.jws_header import read_jws_header
from badgepin.crypto.key_ring import KeyRing, SigningKey

ALGORITHM = "RS256"
_TYPES = frozenset({"JWT", "at+jwt"})
_AHEAD, _PAST = 10, 60
_REMEMBERED = 4096


@dataclass(frozen=True)
class BadToken:
    """Why a token does not count; for logs, not for clients."""

    reason: str


Claims = Mapping[str, Any]


class TokenSigner:
    """Signs with the active key, which it parses once."""

    def __init__(self, ring: KeyRing) -> None:
        self._kid = ring.active_signing_key.kid
        self._key = _private_key(ring.active_signing_key)

    def sign(self, claims: Claims, *, typ: str = "JWT") -> str:
        """A compact JWS of the claims."""
        return jwt.encode(dict(claims), self._key, algorithm=ALGORITHM, headers={"kid": self._kid, "typ": typ})


class TokenVerifier:
    """Checks signature, type, audience and times.

    A signature is checked once and its claims remembered by the token's digest; times and audience are checked always.
    Nothing that the directory decides is remembered here.
    """

    def __init__(self, ring: KeyRing) -> None:
        self._keys: dict[str, RSAPublicKey] = {key.kid: _private_key(key).public_key() for key in ring.signing_keys}
        self._checked: OrderedDict[bytes, Claims] = OrderedDict()

    def verify(self, token: str, *, now: datetime, audiences: frozenset[str]) -> Claims | BadToken:
        """The claims of a token that counts now, or why it does not."""
        digest = hashlib.sha256(token.encode("utf-8", "replace")).digest()
        claims = self._checked.get(digest)
        if claims is None:
            checked = self._check_signature(token)
            if isinstance(checked, BadToken):
                return checked
            claims = self._checked[digest] = checked
            if len(self._checked) > _REMEMBERED:
                self._checked.popitem(last=False)
        return _in_time(claims, now, audiences)

    def read_signed(self, token: str) -> Claims | BadToken:
        """The claims of a token we once signed, whatever its times and audience: a hint, never a right."""
        return self._check_signature(token)

    def _check_signature(self, token: str) -> Claims | BadToken:
        header = read_jws_header(token)
        if header is None:
            return BadToken("not a compact JWS of ours")
        key = self._keys.get(header.kid or "")
        if key is None or header.alg != ALGORITHM or header.typ not in _TYPES:
            return BadToken("unknown key, algorithm or type")
        try:
            claims: dict[str, Any] = jwt.decode(token, key, algorithms=[ALGORITHM], options=_SIGNATURE_ONLY)
        except jwt.PyJWTError as error:
            return BadToken(type(error).__name__)
        return claims


# times and audience are checked below, against the clock that was handed in
_SIGNATURE_ONLY: Any = {
    "verify_signature": True,
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
    "verify_aud": False,
}


def _in_time(claims: Claims, now: datetime, audiences: frozenset[str]) -> Claims | BadToken:
    moment = now.timestamp()
    expires, not_before, issued = claims.get("exp"), claims.get("nbf", 0), claims.get("iat", 0)
    if type(expires) is not int or type(not_before) is not int or type(issued) is not int:
        return BadToken("times are not whole seconds")
    if moment >= expires + _PAST:
        return BadToken("expired")
    if max(not_before, issued) > moment + _AHEAD:
        return BadToken("not yet valid")
    audience = claims.get("aud")
    if not isinstance(audience, str) or audience not in audiences:
        return BadToken("other audience")
    return claims


def public_jwks(ring: KeyRing) -> dict[str, list[dict[str, str]]]:
    """The public halves of the token keys, as a JWK set (RFC 7517)."""
    keys: list[dict[str, str]] = []
    for key in ring.signing_keys:
        jwk = jwt.algorithms.RSAAlgorithm.to_jwk(_private_key(key).public_key(), as_dict=True)
        keys.append(
            {"kty": "RSA", "use": "sig", "alg": ALGORITHM, "kid": key.kid, "n": str(jwk["n"]), "e": str(jwk["e"])}
        )
    return {"keys": keys}


def _private_key(key: SigningKey) -> RSAPrivateKey:
    # the ring was checked when it was loaded; checking an RSA key again costs a tenth of a second each time
    loaded = load_pem_private_key(key.pem.encode(), password=None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(loaded, RSAPrivateKey):
        raise TypeError("Token signing keys are RSA keys.")
    return loaded
