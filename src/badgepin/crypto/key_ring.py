"""The key ring: every key of the installation, kept outside the database, each with the moment it comes into use.

next ──active_at──▶ active ──the successor's active_at──▶ retired ──`KEEP` later, where the family has one──▶ gone

What a key is at a moment follows from these times alone, so nodes with the same file agree (security design 3.5).
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import msgspec
import pyrage
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from badgepin.crypto.randomness import new_key_id

SYMMETRIC_BYTES = 32
FAMILIES = ("peppers", "row_macs", "challenges", "seals", "signing_keys", "journals", "backups", "audit_keys")
KEEP = {
    # the longest token, a demo's, lives for 24 hours; the rest is for nodes that get a copied file late
    "signing_keys": timedelta(hours=25),
    "challenges": timedelta(hours=1),
    # a page waits for its next worker for 12 hours, a refresh token for up to 24
    "seals": timedelta(hours=48),
}
"""How long an older key is accepted after its successor; those of other families stay until they are removed."""
_RSA_BITS = 3072
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class Key(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A key's name, and when it comes into use."""

    kid: str
    active_at: datetime = _LONG_AGO

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.kid})"


class SymmetricKey(Key, frozen=True, kw_only=True, omit_defaults=True):
    """32 random bytes."""

    key: bytes


class SigningKey(Key, frozen=True, kw_only=True, omit_defaults=True):
    """An RSA key (PEM, PKCS#8) that signs tokens."""

    pem: str


class AuditKey(Key, frozen=True, kw_only=True, omit_defaults=True):
    """An Ed25519 key (PEM, PKCS#8) that signs checkpoints of the audit log."""

    pem: str


class BackupKey(Key, frozen=True, kw_only=True, omit_defaults=True):
    """An age identity (X25519): its public half encrypts backups, and the `age` tool can open them with it."""

    identity: str


K = TypeVar("K", bound=Key)


@dataclass(frozen=True)
class KeyRing:
    """Every key. In a ring `at` a moment the first key of each family is the one in use; the others check and open.

    `audit_signing_key`: in a ring of an older version its audit key, from which the journal's key is derived.
    """

    peppers: tuple[SymmetricKey, ...]
    row_macs: tuple[SymmetricKey, ...]
    challenges: tuple[SymmetricKey, ...]
    seals: tuple[SymmetricKey, ...]
    signing_keys: tuple[SigningKey, ...]
    journals: tuple[SymmetricKey, ...] = ()
    backups: tuple[BackupKey, ...] = ()
    audit_keys: tuple[AuditKey, ...] = ()
    audit_signing_key: str = field(default="", repr=False)

    @property
    def active_signing_key(self) -> SigningKey:
        """The key that signs new tokens."""
        return self.signing_keys[0]

    def pepper(self, kid: str) -> SymmetricKey | None:
        """The pepper of that name."""
        return next((key for key in self.peppers if key.kid == kid), None)

    def at(self, now: datetime) -> "KeyRing":
        """The ring as it is used at a moment: in each family the key in use first, and none that is gone."""
        return self.with_families({name: _at(getattr(self, name), KEEP.get(name), now) for name in FAMILIES})

    def with_families(self, families: Mapping[str, tuple[Key, ...]]) -> "KeyRing":
        """The ring with other keys in these families."""
        return replace(self, **families)  # type: ignore[arg-type] # the caller gives each family its own kind of key

    def turns(self) -> list[datetime]:
        """Every moment at which a key comes into use or is gone, in order; `at` answers the same in between."""
        found: set[datetime] = set()
        for name in FAMILIES:
            moments = {key.active_at for key in getattr(self, name)} - {_LONG_AGO}
            found |= moments | {moment + KEEP[name] for moment in moments if name in KEEP}
        return sorted(found)


def _at(keys: tuple[K, ...], keep: timedelta | None, now: datetime) -> tuple[K, ...]:
    newest_first = sorted(keys, key=lambda key: key.active_at, reverse=True)
    begun = [key for key in newest_first if key.active_at <= now]
    # a host's clock may be a moment ahead of the database's: an only key is used before its time
    begun = begun or newest_first[-1:]
    coming = [key for key in newest_first if key not in begun]
    older = [
        key
        for key, successor in zip(begun[1:], begun, strict=False)
        if keep is None or now < successor.active_at + keep
    ]
    return (*begun[:1], *coming, *older)


def create_key_ring(now: datetime) -> KeyRing:
    """A ring of fresh keys."""
    return KeyRing(
        (new_symmetric_key(now),),
        (new_symmetric_key(now),),
        (new_symmetric_key(now),),
        (new_symmetric_key(now),),
        (new_signing_key(now),),
        (new_symmetric_key(now),),
        (new_backup_key(now),),
        (new_audit_key(now),),
    )


def complete(ring: KeyRing, now: datetime) -> KeyRing:
    """A ring of an older version with the keys it lacks; the journal's key is the one in use meanwhile."""
    return replace(ring, journals=journal_keys(ring), backups=ring.backups or (new_backup_key(now),))


def journal_keys(ring: KeyRing) -> tuple[SymmetricKey, ...]:
    """The keys of the revocation journal; a ring of an older version gets one from the key it has always had."""
    if ring.journals:
        return ring.journals
    derived = HKDF(hashes.SHA256(), SYMMETRIC_BYTES, salt=None, info=b"badgepin/journal/v1")
    return (SymmetricKey(kid="first", key=derived.derive(ring.audit_signing_key.encode())),)


def new_symmetric_key(active_at: datetime) -> SymmetricKey:
    """32 bytes that nobody had before."""
    return SymmetricKey(kid=new_key_id(), active_at=active_at, key=os.urandom(SYMMETRIC_BYTES))


def new_backup_key(active_at: datetime) -> BackupKey:
    """A fresh age identity."""
    return BackupKey(kid=new_key_id(), active_at=active_at, identity=str(pyrage.x25519.Identity.generate()))


def new_audit_key(active_at: datetime) -> AuditKey:
    """A fresh Ed25519 key."""
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return AuditKey(kid=new_key_id(), active_at=active_at, pem=pem)


def new_signing_key(active_at: datetime) -> SigningKey:
    """A fresh RSA key of 3072 bits; making it takes up to a second."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=_RSA_BITS)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return SigningKey(kid=new_key_id(), active_at=active_at, pem=pem)
