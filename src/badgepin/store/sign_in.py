"""What a sign-in reads and writes before there is a session: the badge as it stands, nonces and proofs."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa

from badgepin.domain.method_policy import MethodPolicy
from badgepin.domain.qr_code import CodeKind
from badgepin.domain.sign_in import Badge, BadgeCode, BadgeHolder, BadgePin, Preferences, ProofKey
from badgepin.store.columns import exact_text, guid
from badgepin.store.method_policy import read_policy
from badgepin.store.sign_in_tables import proofs, sign_in_preferences, used_nonces
from badgepin.store.tables import method_policies, pin_locks, pins, qr_codes, users
from badgepin.store.transaction import Transaction
from badgepin.store.upsert import upsert

_PURGED_AT_ONCE = 100


@dataclass(frozen=True)
class KeptCode:
    """What the row MAC covers beside the code itself, and the MAC."""

    algorithm: str
    public_key: bytes
    revision: int
    mac_key_id: str
    row_mac: bytes


@dataclass(frozen=True)
class FoundBadge:
    """A badge by its id: how it stands, what its row is sealed with, the policy, and the page its holder likes.

    Whether the policy lets the holder in is not decided here.
    """

    badge: Badge
    kept: KeptCode = field(repr=False)
    policy: MethodPolicy
    preferences: Preferences


def find_badge(tx: Transaction, tenant_id: str, qr_code_id: str, *, lock: bool = False) -> FoundBadge | None:
    """A badge, also one that was revoked. `lock`: hold person and code as they are until the transaction ends.

    The lock lets other sign-ins pass and makes whoever revokes wait (security design 5.1).
    """
    row = tx.execute(_badge_statement(lock=lock), {"in_tenant": tenant_id, "code": qr_code_id}).first()
    return None if row is None else _read_badge(row)


@cache
def _badge_statement(*, lock: bool) -> sa.Select[Any]:
    code, tenant = qr_codes, sa.bindparam("in_tenant", type_=guid())
    joined = (
        code.join(users, sa.and_(users.c.tenant_id == code.c.tenant_id, users.c.id == code.c.user_id))
        .outerjoin(pins, sa.and_(pins.c.tenant_id == code.c.tenant_id, pins.c.user_id == code.c.user_id))
        .outerjoin(
            pin_locks,
            sa.and_(
                pin_locks.c.tenant_id == code.c.tenant_id,
                pin_locks.c.pin_id == pins.c.id,
                # the lock's key has room for the empty name of a check without a code
                pin_locks.c.qr_code_id == sa.bindparam("code", type_=exact_text(36)),
            ),
        )
        .outerjoin(
            sign_in_preferences,
            sa.and_(
                sign_in_preferences.c.tenant_id == code.c.tenant_id, sign_in_preferences.c.user_id == code.c.user_id
            ),
        )
        .outerjoin(method_policies, method_policies.c.tenant_id == code.c.tenant_id)
    )
    statement = (
        sa.select(*_COLUMNS)
        .select_from(joined)
        .where(code.c.tenant_id == tenant, code.c.id == sa.bindparam("code", type_=exact_text(36)))
    )
    return statement.with_for_update(read=True, of=[users, qr_codes]) if lock else statement


_COLUMNS: tuple[sa.ColumnElement[Any], ...] = (
    qr_codes.c.id,
    qr_codes.c.kind,
    qr_codes.c.start_at,
    qr_codes.c.expire_at,
    qr_codes.c.activated_at,
    qr_codes.c.revoked_at,
    qr_codes.c.is_replacement,
    qr_codes.c.algorithm,
    qr_codes.c.public_key,
    qr_codes.c.revision,
    qr_codes.c.mac_key_id,
    qr_codes.c.row_mac,
    users.c.id.label("user_id"),
    users.c.user_principal_name,
    users.c.display_name,
    users.c.account_enabled,
    users.c.token_generation,
    pins.c.id.label("pin_id"),
    pins.c.version.label("pin_version"),
    pins.c.must_change_at_next_sign_in,
    pins.c.expires_at.label("pin_expires_at"),
    pins.c.disabled_at.label("pin_disabled_at"),
    pin_locks.c.locked_until,
    pin_locks.c.failures,
    sign_in_preferences.c.language,
    sign_in_preferences.c.text_size,
    sign_in_preferences.c.contrast,
    sign_in_preferences.c.sounds,
    method_policies.c.state,
    method_policies.c.pin_length,
    method_policies.c.standard_lifetime_days,
    method_policies.c.include_targets,
    method_policies.c.exclude_targets,
    method_policies.c.registration_enforcement,
)


def _read_badge(row: Any) -> FoundBadge:  # noqa: ANN401 - the row of `find_badge`
    code = BadgeCode(
        row.id,
        CodeKind(row.kind),
        row.start_at,
        row.expire_at,
        row.activated_at,
        row.revoked_at,
        row.is_replacement,
    )
    holder = BadgeHolder(
        row.user_id, row.user_principal_name, row.display_name, row.account_enabled, row.token_generation
    )
    pin = None
    if row.pin_id is not None:
        pin = BadgePin(
            row.pin_id,
            row.pin_version,
            row.must_change_at_next_sign_in,
            row.pin_expires_at,
            row.pin_disabled_at,
            row.locked_until,
            row.failures or 0,
        )
    preferences = Preferences()
    if row.text_size is not None:
        preferences = Preferences(row.language, row.text_size, row.contrast, row.sounds)
    kept = KeptCode(row.algorithm, row.public_key, row.revision, row.mac_key_id, row.row_mac)
    policy = MethodPolicy() if row.state is None else read_policy(row)
    return FoundBadge(Badge(code, holder, pin), kept, policy, preferences)


def use_nonce(tx: Transaction, tenant_id: str, digest: bytes, *, expires_at: datetime, now: datetime) -> bool:
    """Use a challenge up. False: somebody did already. Forgets some of those whose time is over."""
    old = used_nonces.c
    stale = (
        sa.select(old.digest).where(old.tenant_id == tenant_id, old.expires_at <= now).limit(_PURGED_AT_ONCE)
    ).scalar_subquery()
    tx.execute(sa.delete(used_nonces).where(old.tenant_id == tenant_id, old.digest.in_(stale)))
    used = tx.execute(
        upsert(tx, used_nonces)
        .values(tenant_id=tenant_id, digest=digest, expires_at=expires_at)
        .on_conflict_do_nothing()
    )
    return used.rowcount == 1


@dataclass(frozen=True)
class Proof:
    """A proven badge at one browser, for one authorization request."""

    id: str
    user_id: str
    qr_code_id: str
    pin_version: int
    tries_left: int
    expires_at: datetime
    pin_proven_at: datetime | None = None
    consumed_at: datetime | None = None


def insert_proof(tx: Transaction, tenant_id: str, proof: Proof, key: ProofKey, now: datetime) -> None:
    """Keep a new proof."""
    tx.execute(
        sa.insert(proofs).values(
            tenant_id=tenant_id,
            id=proof.id,
            handle_digest=key.handle,
            browser_digest=key.browser,
            request_digest=key.request,
            user_id=proof.user_id,
            qr_code_id=proof.qr_code_id,
            pin_version=proof.pin_version,
            tries_left=proof.tries_left,
            created_at=now,
            expires_at=proof.expires_at,
        )
    )


def find_proof(tx: Transaction, tenant_id: str, handle: bytes, browser: bytes) -> tuple[Proof, bytes] | None:
    """A proof by its handle, at its own browser only; with the digest of its authorization request."""
    kept = proofs.c
    row = tx.execute(
        sa.select(proofs).where(
            kept.tenant_id == tenant_id, kept.handle_digest == handle, kept.browser_digest == browser
        )
    ).first()
    if row is None:
        return None
    proof = Proof(
        row.id,
        row.user_id,
        row.qr_code_id,
        row.pin_version,
        row.tries_left,
        row.expires_at,
        row.pin_proven_at,
        row.consumed_at,
    )
    return proof, row.request_digest


def take_try(tx: Transaction, tenant_id: str, proof_id: str, now: datetime) -> int | None:
    """Take one of the proof's tries; the number left, or None when there was none to take."""
    left: int | None = tx.execute(
        sa.update(proofs)
        .where(_is_open(tenant_id, proof_id, now), proofs.c.tries_left > 0, proofs.c.pin_proven_at.is_(None))
        .values(tries_left=proofs.c.tries_left - 1)
        .returning(proofs.c.tries_left)
    ).scalar_one_or_none()
    return left


def prove_pin(tx: Transaction, tenant_id: str, proof_id: str, *, expires_at: datetime, now: datetime) -> bool:
    """Note that the PIN was right and a new one must be chosen. False: the proof is no longer open."""
    noted = tx.execute(
        sa.update(proofs)
        .where(_is_open(tenant_id, proof_id, now), proofs.c.pin_proven_at.is_(None))
        .values(pin_proven_at=now, expires_at=expires_at)
    )
    return noted.rowcount == 1


def consume(tx: Transaction, tenant_id: str, proof_id: str, now: datetime) -> bool:
    """Use the proof up for a session. Of parallel calls exactly one succeeds."""
    used = tx.execute(sa.update(proofs).where(_is_open(tenant_id, proof_id, now)).values(consumed_at=now))
    return used.rowcount == 1


def _is_open(tenant_id: str, proof_id: str, now: datetime) -> sa.ColumnElement[bool]:
    kept = proofs.c
    return sa.and_(kept.tenant_id == tenant_id, kept.id == proof_id, kept.consumed_at.is_(None), kept.expires_at > now)


def save_preferences(tx: Transaction, tenant_id: str, user_id: str, wanted: Preferences) -> None:
    """Remember how a person wants the page."""
    values = {
        "language": wanted.language,
        "text_size": wanted.text_size,
        "contrast": wanted.contrast,
        "sounds": wanted.sounds,
    }
    tx.execute(
        upsert(tx, sign_in_preferences)
        .values(tenant_id=tenant_id, user_id=user_id, **values)
        .on_conflict_do_update(index_elements=["tenant_id", "user_id"], set_=values)
    )
