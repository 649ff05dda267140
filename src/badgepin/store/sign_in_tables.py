"""The tables of signing in: proofs, sessions and what is derived from them; in the one schema of `tables.py`.

A child never decides alone whether it lives: everything derived from a code is judged together with the code's row,
so a revocation ends it in the moment it commits (docs/decisions/0011).
"""

import sqlalchemy as sa
from sqlalchemy import Column, ForeignKeyConstraint, Index, LargeBinary, Table, Text

from badgepin.store.columns import Instant, exact_text, guid
from badgepin.store.tables import metadata


def _tenant() -> Column[str]:
    return Column("tenant_id", guid(), primary_key=True)


def _refers(column: str, target: str) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["tenant_id", column], [f"{target}.tenant_id", f"{target}.id"], ondelete="CASCADE")


used_nonces = Table(
    "used_nonces",
    metadata,
    _tenant(),
    Column("digest", LargeBinary, primary_key=True),
    Column("expires_at", Instant, nullable=False),
    ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], ondelete="CASCADE"),
    Index(None, "tenant_id", "expires_at"),
)

proofs = Table(
    "proofs",
    metadata,
    _tenant(),
    Column("id", guid(), primary_key=True),
    # SHA-256 of the handle the browser holds; the handle itself is kept nowhere
    Column("handle_digest", LargeBinary, nullable=False),
    # SHA-256 of the browser's cookie and of the authorization request: the proof counts for no other
    Column("browser_digest", LargeBinary, nullable=False),
    Column("request_digest", LargeBinary, nullable=False),
    Column("user_id", guid(), nullable=False),
    Column("qr_code_id", guid(), nullable=False),
    Column("pin_version", sa.Integer, nullable=False),
    Column("tries_left", sa.Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    # a right temporary PIN: what is left to do is choosing a new one
    Column("pin_proven_at", Instant),
    Column("consumed_at", Instant),
    _refers("qr_code_id", "qr_codes"),
    Index(None, "tenant_id", "handle_digest", unique=True),
    Index(None, "tenant_id", "qr_code_id"),
    Index(None, "tenant_id", "expires_at"),
)

sessions = Table(
    "sessions",
    metadata,
    _tenant(),
    Column("id", guid(), primary_key=True),
    # SHA-256 of the cookie
    Column("secret_digest", LargeBinary, nullable=False),
    Column("user_id", guid(), nullable=False),
    Column("qr_code_id", guid(), nullable=False),
    # the session dies with either: an administrator's reset moves the first, disabling a person the second
    Column("pin_version", sa.Integer, nullable=False),
    Column("token_generation", sa.Integer, nullable=False),
    Column("signed_in_at", Instant, nullable=False),
    Column("last_seen_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("ended_at", Instant),
    _refers("user_id", "users"),
    _refers("qr_code_id", "qr_codes"),
    Index(None, "tenant_id", "secret_digest", unique=True),
    Index(None, "tenant_id", "user_id"),
    Index(None, "tenant_id", "qr_code_id"),
    Index(None, "tenant_id", "expires_at"),
)

# which applications a session signed in to, and whether they were told that it ended
session_clients = Table(
    "session_clients",
    metadata,
    _tenant(),
    Column("session_id", guid(), primary_key=True),
    Column("application_id", guid(), primary_key=True),
    Column("attempts", sa.Integer, nullable=False),
    Column("next_attempt_at", Instant, nullable=False),
    Column("told_at", Instant),
    _refers("session_id", "sessions"),
    _refers("application_id", "applications"),
    Index(
        "ix_session_clients_open",
        "tenant_id",
        "next_attempt_at",
        sqlite_where=sa.text("told_at IS NULL"),
    ),
)

# one per authorization code: everything the code and its refresh tokens ever issued lives and dies with it
grants = Table(
    "grants",
    metadata,
    _tenant(),
    Column("id", guid(), primary_key=True),
    Column("session_id", guid(), nullable=False),
    Column("application_id", guid(), nullable=False),
    # issued to where a client cannot keep a secret, so that none is asked for
    Column("is_public", sa.Boolean, nullable=False),
    Column("scopes", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    _refers("session_id", "sessions"),
    _refers("application_id", "applications"),
    Index(None, "tenant_id", "session_id"),
    Index(None, "tenant_id", "application_id"),
    Index(None, "tenant_id", "expires_at"),
)

authorization_codes = Table(
    "authorization_codes",
    metadata,
    _tenant(),
    Column("digest", LargeBinary, primary_key=True),
    Column("grant_id", guid(), nullable=False),
    Column("redirect_uri", Text, nullable=False),
    Column("nonce", Text),
    # S256; None where a confidential client sent none
    Column("code_challenge", exact_text()),
    Column("expires_at", Instant, nullable=False),
    Column("used_at", Instant),
    _refers("grant_id", "grants"),
    Index(None, "tenant_id", "grant_id"),
    Index(None, "tenant_id", "expires_at"),
)

refresh_tokens = Table(
    "refresh_tokens",
    metadata,
    _tenant(),
    Column("digest", LargeBinary, primary_key=True),
    Column("grant_id", guid(), nullable=False),
    # the key that its successor is derived with, so that a repeated request gets the same one
    Column("key_id", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("rotated_at", Instant),
    _refers("grant_id", "grants"),
    Index(None, "tenant_id", "grant_id"),
)

device_codes = Table(
    "device_codes",
    metadata,
    _tenant(),
    Column("digest", LargeBinary, primary_key=True),
    Column("user_code", exact_text(), nullable=False),
    Column("application_id", guid(), nullable=False),
    Column("scopes", Text, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("next_poll_at", Instant, nullable=False),
    Column("interval_seconds", sa.Integer, nullable=False),
    Column("grant_id", exact_text(36)),
    Column("denied_at", Instant),
    Column("used_at", Instant),
    _refers("application_id", "applications"),
    Index(None, "tenant_id", "user_code", unique=True),
    Index(None, "tenant_id", "expires_at"),
)

# how a person wants the sign-in page; it follows the person from badge to badge
sign_in_preferences = Table(
    "sign_in_preferences",
    metadata,
    _tenant(),
    Column("user_id", guid(), primary_key=True),
    Column("language", Text),
    Column("text_size", Text, nullable=False),
    Column("contrast", Text, nullable=False),
    Column("sounds", sa.Boolean, nullable=False),
    _refers("user_id", "users"),
)
