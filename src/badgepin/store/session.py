"""Sessions. Whether one lives is decided by its row, its code's, its person's and its PIN's rows together."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa

from badgepin.domain.qr_code import CodeKind
from badgepin.domain.session import Session
from badgepin.store.columns import Instant
from badgepin.store.sign_in_tables import grants, sessions
from badgepin.store.tables import pins, qr_codes, qr_uses, users
from badgepin.store.transaction import Transaction
from badgepin.store.upsert import upsert


@dataclass(frozen=True)
class NewSession:
    """A session row to insert."""

    id: str
    secret_digest: bytes
    user_id: str
    qr_code_id: str
    pin_version: int
    token_generation: int
    expires_at: datetime


def joined_sessions() -> sa.FromClause:
    """Sessions with the rows that decide about them."""
    return (
        sessions.join(
            qr_codes, sa.and_(qr_codes.c.tenant_id == sessions.c.tenant_id, qr_codes.c.id == sessions.c.qr_code_id)
        )
        .join(users, sa.and_(users.c.tenant_id == sessions.c.tenant_id, users.c.id == sessions.c.user_id))
        .outerjoin(pins, sa.and_(pins.c.tenant_id == sessions.c.tenant_id, pins.c.user_id == sessions.c.user_id))
    )


@cache
def lives(*, ends_with_code: bool) -> sa.ColumnElement[bool]:
    """Whether a session of `joined_sessions` still counts at the moment `at`, idle or not.

    `ends_with_code`: revoking its code ends it (setting `delete_code_ends_sessions`).
    """
    at = sa.bindparam("at", type_=Instant)
    return sa.and_(
        sessions.c.ended_at.is_(None),
        sessions.c.expires_at > at,
        qr_codes.c.expire_at > at,
        qr_codes.c.revoked_at.is_(None) if ends_with_code else sa.true(),
        users.c.account_enabled,
        users.c.token_generation == sessions.c.token_generation,
        # the method's end deletes the PIN; then there is no row to be equal to
        pins.c.version == sessions.c.pin_version,
        pins.c.disabled_at.is_(None),
    )


def insert(tx: Transaction, tenant_id: str, session: NewSession, now: datetime) -> None:
    """A new session."""
    tx.execute(
        sa.insert(sessions).values(
            tenant_id=tenant_id,
            id=session.id,
            secret_digest=session.secret_digest,
            user_id=session.user_id,
            qr_code_id=session.qr_code_id,
            pin_version=session.pin_version,
            token_generation=session.token_generation,
            signed_in_at=now,
            last_seen_at=now,
            expires_at=session.expires_at,
        )
    )


def note_use(tx: Transaction, tenant_id: str, qr_code_id: str, now: datetime) -> None:
    """Remember when a code was last used; apart from its row, which sign-ins share a lock on."""
    tx.execute(
        upsert(tx, qr_uses)
        .values(tenant_id=tenant_id, qr_code_id=qr_code_id, last_used_at=now)
        .on_conflict_do_update(index_elements=["tenant_id", "qr_code_id"], set_={"last_used_at": now})
    )


SESSION_COLUMNS: tuple[sa.ColumnElement[Any], ...] = (
    sessions.c.id.label("session_id"),
    sessions.c.user_id.label("session_user_id"),
    users.c.user_principal_name,
    users.c.display_name.label("user_display_name"),
    sessions.c.qr_code_id,
    qr_codes.c.kind.label("code_kind"),
    qr_codes.c.expire_at.label("code_expire_at"),
    sessions.c.signed_in_at,
    sessions.c.last_seen_at,
    sessions.c.expires_at.label("session_expires_at"),
    sessions.c.token_generation,
)


def read_session(row: Any) -> Session:  # noqa: ANN401 - a row with `SESSION_COLUMNS`
    """The session in a row."""
    return Session(
        row.session_id,
        row.session_user_id,
        row.user_principal_name,
        row.user_display_name,
        row.qr_code_id,
        CodeKind(row.code_kind),
        row.code_expire_at,
        row.signed_in_at,
        row.last_seen_at,
        row.session_expires_at,
        row.token_generation,
    )


def find(
    tx: Transaction, tenant_id: str, secret_digest: bytes, *, now: datetime, ends_with_code: bool, lock: bool = False
) -> Session | None:
    """The living session of a cookie. `lock`: hold person and code as they are until the transaction ends."""
    statement = (
        sa.select(*SESSION_COLUMNS)
        .select_from(joined_sessions())
        .where(sessions.c.tenant_id == tenant_id, sessions.c.secret_digest == secret_digest)
        .where(lives(ends_with_code=ends_with_code))
    )
    if lock:
        statement = statement.with_for_update(read=True, of=[users, qr_codes])
    row = tx.execute(statement, {"at": now}).first()
    return None if row is None else read_session(row)


def touch(tx: Transaction, tenant_id: str, session_id: str, now: datetime) -> None:
    """Somebody uses the session."""
    tx.execute(
        sa.update(sessions)
        .where(sessions.c.tenant_id == tenant_id, sessions.c.id == session_id, sessions.c.last_seen_at < now)
        .values(last_seen_at=now)
    )


def end(tx: Transaction, tenant_id: str, session_id: str, now: datetime) -> bool:
    """Sign out. Returns whether this call did it."""
    ended = tx.execute(
        sa.update(sessions)
        .where(sessions.c.tenant_id == tenant_id, sessions.c.id == session_id, sessions.c.ended_at.is_(None))
        .values(ended_at=now)
    )
    return ended.rowcount == 1


def keep_through_pin_change(tx: Transaction, tenant_id: str, grant_id: str, pin_version: int) -> None:
    """A person's own change of PIN ends all their sessions but the one it was made in, under this grant."""
    own = sa.select(grants.c.session_id).where(grants.c.tenant_id == tenant_id, grants.c.id == grant_id)
    tx.execute(
        sa.update(sessions)
        .where(sessions.c.tenant_id == tenant_id, sessions.c.id == own.scalar_subquery())
        .values(pin_version=pin_version)
    )
