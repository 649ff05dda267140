"""Signed checkpoints of the audit log: compact JWS under the ring's Ed25519 audit key (RFC 8037, security design 9)."""

import base64
import hashlib
from dataclasses import asdict
from datetime import datetime
from typing import Any

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from badgepin.crypto.jws_header import read_jws_header
from badgepin.crypto.key_ring import KeyRing
from badgepin.domain.audit_chain import Checkpoint

TYPE = "badgepin-audit+jwt"
ALGORITHM = "EdDSA"
_SIGNATURE_ONLY: Any = {"verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_aud": False}


class _Claims(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    tenant_id: str
    number: int
    seq: int
    chain_digest: str
    created_at: datetime
    count: int
    purged_through: int


class CheckpointKey:
    """Signs checkpoints and reads its own again."""

    def __init__(self, ring: KeyRing) -> None:
        key = load_pem_private_key(ring.audit_signing_key.encode(), password=None)
        if not isinstance(key, Ed25519PrivateKey):
            raise TypeError("The audit key is an Ed25519 key.")
        self._key, self._public = key, key.public_key()
        self.kid = _thumbprint(self._x)

    def sign(self, checkpoint: Checkpoint) -> str:
        """A compact JWS that says all of it."""
        claims = {**asdict(checkpoint), "created_at": checkpoint.created_at.isoformat(timespec="microseconds")}
        return jwt.encode(claims, self._key, algorithm=ALGORITHM, headers={"kid": self.kid, "typ": TYPE})

    def read(self, token: str) -> Checkpoint | None:
        """The checkpoint, or None when this key did not sign it."""
        header = read_jws_header(token)
        if header is None or (header.alg, header.typ, header.kid) != (ALGORITHM, TYPE, self.kid):
            return None
        try:
            claims = jwt.decode(token, self._public, algorithms=[ALGORITHM], options=_SIGNATURE_ONLY)
            read = msgspec.convert(claims, _Claims)
        except (jwt.PyJWTError, msgspec.ValidationError):
            return None
        signature = token.rpartition(".")[2]
        # decoders may allow padding and spare bits: another spelling is another text
        if _base64url(base64.urlsafe_b64decode(signature + "==")) != signature:
            return None
        return Checkpoint(**msgspec.structs.asdict(read))

    def is_anothers(self, token: str) -> bool:
        """Whether it says that another key signed it: a checkpoint of another installation."""
        header = read_jws_header(token)
        return header is not None and header.typ == TYPE and header.kid != self.kid

    def public_pem(self) -> str:
        """The public half, for whoever wants to verify without this ring."""
        return self._public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def public_jwk(self) -> dict[str, str]:
        """The same as a JWK (RFC 8037)."""
        return {"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": ALGORITHM, "kid": self.kid, "x": self._x}

    @property
    def _x(self) -> str:
        return _base64url(self._public.public_bytes(Encoding.Raw, PublicFormat.Raw))


def _thumbprint(x: str) -> str:
    # RFC 7638: the required members, sorted
    return _base64url(hashlib.sha256(f'{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}'.encode()).digest())


def _base64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
