"""What an application got for a person: the grant, its authorization code and its chain of refresh tokens."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from badgepin.domain.session import Session
from badgepin.store.session import SESSION_COLUMNS, joined_sessions, lives, read_session
from badgepin.store.sign_in_tables import authorization_codes, grants, refresh_tokens, session_clients, sessions
from badgepin.store.tables import qr_codes, users
from badgepin.store.transaction import Transaction
from badgepin.store.upsert import upsert


@dataclass(frozen=True)
class Grant:
    """What one authorization code stands for; everything issued under it dies with it."""

    id: str
    session_id: str
    application_id: str
    is_public: bool
    scopes: frozenset[str]
    expires_at: datetime
    revoked_at: datetime | None = None


@dataclass(frozen=True)
class AuthorizationCode:
    """A code as it is kept: what its redemption must repeat."""

    digest: bytes
    redirect_uri: str
    nonce: str | None
    code_challenge: str | None
    expires_at: datetime
    used_at: datetime | None = None


@dataclass(frozen=True)
class RefreshToken:
    """A refresh token as it is kept."""

    digest: bytes
    key_id: str
    rotated_at: datetime | None


def insert(tx: Transaction, tenant_id: str, grant: Grant, now: datetime) -> None:
    """A new grant."""
    tx.execute(
        sa.insert(grants).values(
            tenant_id=tenant_id,
            id=grant.id,
            session_id=grant.session_id,
            application_id=grant.application_id,
            is_public=grant.is_public,
            scopes=" ".join(sorted(grant.scopes)),
            created_at=now,
            expires_at=grant.expires_at,
        )
    )


def remember_client(tx: Transaction, tenant_id: str, grant: Grant, now: datetime) -> None:
    """The session remembers the application, to tell it when the session ends."""
    tx.execute(
        upsert(tx, session_clients)
        .values(
            tenant_id=tenant_id,
            session_id=grant.session_id,
            application_id=grant.application_id,
            attempts=0,
            next_attempt_at=now,
        )
        .on_conflict_do_nothing()
    )


def insert_code(tx: Transaction, tenant_id: str, grant_id: str, code: AuthorizationCode) -> None:
    """Keep the digest of a code just made."""
    tx.execute(
        sa.insert(authorization_codes).values(
            tenant_id=tenant_id,
            digest=code.digest,
            grant_id=grant_id,
            redirect_uri=code.redirect_uri,
            nonce=code.nonce,
            code_challenge=code.code_challenge,
            expires_at=code.expires_at,
        )
    )


def find_code(tx: Transaction, tenant_id: str, digest: bytes) -> tuple[AuthorizationCode, Grant] | None:
    """A code and its grant, used or not. Its row is held until the transaction ends."""
    code = authorization_codes
    joined = code.join(grants, sa.and_(grants.c.tenant_id == code.c.tenant_id, grants.c.id == code.c.grant_id))
    row = tx.execute(
        sa.select(
            code.c.redirect_uri,
            code.c.nonce,
            code.c.code_challenge,
            code.c.expires_at.label("code_expires_at"),
            code.c.used_at,
            *_GRANT_COLUMNS,
        )
        .select_from(joined)
        .where(code.c.tenant_id == tenant_id, code.c.digest == digest)
        .with_for_update(of=[code])
    ).first()
    if row is None:
        return None
    kept = AuthorizationCode(digest, row.redirect_uri, row.nonce, row.code_challenge, row.code_expires_at, row.used_at)
    return kept, _read_grant(row)


def find(tx: Transaction, tenant_id: str, grant_id: str) -> Grant | None:
    """A grant by id."""
    statement = sa.select(*_GRANT_COLUMNS).where(grants.c.tenant_id == tenant_id, grants.c.id == grant_id)
    row = tx.execute(statement).first()
    return None if row is None else _read_grant(row)


def use_code(tx: Transaction, tenant_id: str, digest: bytes, now: datetime) -> bool:
    """Use a code up. Of parallel calls exactly one succeeds."""
    code = authorization_codes.c
    used = tx.execute(
        sa.update(authorization_codes)
        .where(code.tenant_id == tenant_id, code.digest == digest, code.used_at.is_(None))
        .values(used_at=now)
    )
    return used.rowcount == 1


def revoke(tx: Transaction, tenant_id: str, grant_id: str, now: datetime) -> bool:
    """End a grant with everything issued under it. Returns whether this call did it."""
    revoked = tx.execute(
        sa.update(grants)
        .where(grants.c.tenant_id == tenant_id, grants.c.id == grant_id, grants.c.revoked_at.is_(None))
        .values(revoked_at=now)
    )
    return revoked.rowcount == 1


def insert_refresh_token(tx: Transaction, tenant_id: str, grant_id: str, token: RefreshToken, now: datetime) -> None:
    """Keep the digest of a refresh token; one that is kept already stays as it is."""
    tx.execute(
        upsert(tx, refresh_tokens)
        .values(tenant_id=tenant_id, digest=token.digest, grant_id=grant_id, key_id=token.key_id, created_at=now)
        .on_conflict_do_nothing()
    )


def find_refresh_token(tx: Transaction, tenant_id: str, digest: bytes) -> tuple[RefreshToken, Grant] | None:
    """A refresh token and its grant, whose row is held so that one family is renewed by one request at a time."""
    token = refresh_tokens
    joined = token.join(grants, sa.and_(grants.c.tenant_id == token.c.tenant_id, grants.c.id == token.c.grant_id))
    statement = (
        sa.select(token.c.key_id, token.c.rotated_at, *_GRANT_COLUMNS)
        .select_from(joined)
        .where(token.c.tenant_id == tenant_id, token.c.digest == digest)
    )
    row = tx.execute(statement.with_for_update(of=[grants])).first()
    if row is None:
        return None
    # the row of the token itself is read again under the lock: the one who held it may have rotated it
    fresh = tx.execute(sa.select(token.c.rotated_at).where(token.c.tenant_id == tenant_id, token.c.digest == digest))
    return RefreshToken(digest, row.key_id, fresh.scalar_one()), _read_grant(row)


def rotate(tx: Transaction, tenant_id: str, digest: bytes, now: datetime) -> None:
    """Note that a refresh token was exchanged for its successor."""
    token = refresh_tokens.c
    tx.execute(
        sa.update(refresh_tokens)
        .where(token.tenant_id == tenant_id, token.digest == digest, token.rotated_at.is_(None))
        .values(rotated_at=now)
    )


def find_session(
    tx: Transaction, tenant_id: str, grant_id: str, *, now: datetime, ends_with_code: bool
) -> Session | None:
    """The session behind a living grant, person and code held as they are; None when anything above it has ended."""
    statement = (
        sa.select(*SESSION_COLUMNS)
        .select_from(
            joined_sessions().join(
                grants, sa.and_(grants.c.tenant_id == sessions.c.tenant_id, grants.c.session_id == sessions.c.id)
            )
        )
        .where(grants.c.tenant_id == tenant_id, grants.c.id == grant_id)
        .where(grants.c.revoked_at.is_(None), grants.c.expires_at > now)
        .where(lives(ends_with_code=ends_with_code))
        .with_for_update(read=True, of=[users, qr_codes])
    )
    row = tx.execute(statement, {"at": now}).first()
    return None if row is None else read_session(row)


_GRANT_COLUMNS: tuple[sa.ColumnElement[Any], ...] = (
    grants.c.id.label("grant_id"),
    grants.c.session_id,
    grants.c.application_id,
    grants.c.is_public,
    grants.c.scopes,
    grants.c.expires_at.label("grant_expires_at"),
    grants.c.revoked_at,
)


def _read_grant(row: Any) -> Grant:  # noqa: ANN401 - a row with `_GRANT_COLUMNS`
    return Grant(
        row.grant_id,
        row.session_id,
        row.application_id,
        row.is_public,
        frozenset(row.scopes.split()),
        row.grant_expires_at,
        row.revoked_at,
    )
