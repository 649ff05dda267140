"""Signed checkpoints of the audit log: compact JWS under the ring's Ed25519 audit key (RFC 8037, security design 9)."""

import base64
import hashlib
from dataclasses import asdict
from datetime import datetime
from typing import Any

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from badgepin.crypto.jws_header import read_jws_header
from badgepin.crypto.key_ring import AuditKey, KeyRing
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
    """Signs checkpoints with the audit key in use, and reads those of every audit key in the ring."""

    def __init__(self, ring: KeyRing) -> None:
        keys = [_private_key(key) for key in ring.audit_keys]
        self._key, self._public = keys[0], keys[0].public_key()
        self._publics = {_thumbprint(_x(key.public_key())): key.public_key() for key in keys}
        self.kid = _thumbprint(_x(self._public))

    def sign(self, checkpoint: Checkpoint) -> str:
        """A compact JWS that says all of it."""
        claims = {**asdict(checkpoint), "created_at": checkpoint.created_at.isoformat(timespec="microseconds")}
        return jwt.encode(claims, self._key, algorithm=ALGORITHM, headers={"kid": self.kid, "typ": TYPE})

    def read(self, token: str) -> Checkpoint | None:
        """The checkpoint, or None when none of the keys signed it."""
        header = read_jws_header(token)
        public = self._publics.get(header.kid or "") if header else None
        if header is None or public is None or (header.alg, header.typ) != (ALGORITHM, TYPE):
            return None
        try:
            claims = jwt.decode(token, public, algorithms=[ALGORITHM], options=_SIGNATURE_ONLY)
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
        return header is not None and header.typ == TYPE and header.kid not in self._publics

    def public_pem(self) -> str:
        """The public half, for whoever wants to verify without this ring."""
        return self._public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def public_jwk(self) -> dict[str, str]:
        """The same as a JWK (RFC 8037)."""
        return {"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": ALGORITHM, "kid": self.kid, "x": _x(self._public)}


def _private_key(key: AuditKey) -> Ed25519PrivateKey:
    loaded = load_pem_private_key(key.pem.encode(), password=None)
    if not isinstance(loaded, Ed25519PrivateKey):
        raise TypeError("Audit keys are Ed25519 keys.")
    return loaded


def _x(public: Ed25519PublicKey) -> str:
    return _base64url(public.public_bytes(Encoding.Raw, PublicFormat.Raw))


def _thumbprint(x: str) -> str:
    # RFC 7638: the required members, sorted
    return _base64url(hashlib.sha256(f'{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}'.encode()).digest())


def _base64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
