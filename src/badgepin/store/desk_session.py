"""Rows of desk sessions. Whether one lives is decided by its row, its person's and the desk application's together."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa

from badgepin.domain.desk import DeskSession
from badgepin.domain.tenant import DESK_CLIENT
from badgepin.store.columns import Instant
from badgepin.store.desk_tables import desk_sessions
from badgepin.store.passkey import PERSON_COLUMNS, read_person
from badgepin.store.tables import applications, users
from badgepin.store.transaction import Transaction

_row = desk_sessions.c


@dataclass(frozen=True)
class NewDeskSession:
    """A session row to insert."""

    id: str
    secret_digest: bytes
    user_id: str
    passkey_id: str
    token_generation: int
    expires_at: datetime


def insert(tx: Transaction, tenant_id: str, session: NewDeskSession, now: datetime) -> None:
    """A session that begins now, with a passkey just proven."""
    tx.execute(
        sa.insert(desk_sessions).values(
            tenant_id=tenant_id,
            id=session.id,
            secret_digest=session.secret_digest,
            user_id=session.user_id,
            passkey_id=session.passkey_id,
            token_generation=session.token_generation,
            signed_in_at=now,
            proven_at=now,
            last_seen_at=now,
            expires_at=session.expires_at,
        )
    )


def find(tx: Transaction, tenant_id: str, secret_digest: bytes, now: datetime) -> DeskSession | None:
    """The session of a cookie, neither ended nor over, with its person as the directory knows them now."""
    row = tx.execute(_finding(), {"tenant": tenant_id, "digest": secret_digest, "at": now}).first()
    if row is None:
        return None
    return DeskSession(
        row.session_id,
        read_person(row),
        row.passkey_id,
        row.client_generation,
        row.signed_in_at,
        row.proven_at,
        row.last_seen_at,
        row.expires_at,
    )


@cache
def _finding() -> sa.Select[Any]:
    joined = desk_sessions.join(users, sa.and_(users.c.tenant_id == _row.tenant_id, users.c.id == _row.user_id)).join(
        applications, sa.and_(applications.c.tenant_id == _row.tenant_id, applications.c.client_id == DESK_CLIENT)
    )
    columns = (
        _row.id.label("session_id"),
        _row.passkey_id,
        _row.signed_in_at,
        _row.proven_at,
        _row.last_seen_at,
        _row.expires_at,
        applications.c.token_generation.label("client_generation"),
        *PERSON_COLUMNS,
    )
    return (
        sa.select(*columns)
        .select_from(joined)
        .where(
            _row.tenant_id == sa.bindparam("tenant"),
            _row.secret_digest == sa.bindparam("digest"),
            _row.ended_at.is_(None),
            _row.expires_at > sa.bindparam("at", type_=Instant),
            users.c.account_enabled,
            users.c.token_generation == _row.token_generation,
            applications.c.account_enabled,
        )
    )


def touch(tx: Transaction, tenant_id: str, session_id: str, now: datetime) -> None:
    """Somebody uses the session."""
    tx.execute(
        sa.update(desk_sessions)
        .where(_row.tenant_id == tenant_id, _row.id == session_id, _row.last_seen_at < now)
        .values(last_seen_at=now)
    )


def prove(tx: Transaction, tenant_id: str, session_id: str, now: datetime) -> bool:
    """The session's person proved again who they are. Returns False when it ended meanwhile."""
    proven = (
        sa.update(desk_sessions)
        .where(_row.tenant_id == tenant_id, _row.id == session_id, _row.ended_at.is_(None), _row.expires_at > now)
        .values(proven_at=now, last_seen_at=now)
    )
    return tx.execute(proven).rowcount == 1


def end(tx: Transaction, tenant_id: str, secret_digest: bytes, now: datetime) -> bool:
    """End the session of a cookie. Returns whether this call did it."""
    ended = (
        sa.update(desk_sessions)
        .where(_row.tenant_id == tenant_id, _row.secret_digest == secret_digest, _row.ended_at.is_(None))
        .values(ended_at=now)
    )
    return tx.execute(ended).rowcount == 1
