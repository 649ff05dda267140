"""The tables of the desk: passkeys, invitations to register one, and sessions; in the one schema of `tables.py`."""

import sqlalchemy as sa
from sqlalchemy import Column, ForeignKeyConstraint, Index, LargeBinary, Table, Text

from badgepin.store.columns import Instant, guid
from badgepin.store.tables import metadata


def _tenant() -> Column[str]:
    return Column("tenant_id", guid(), primary_key=True)


def _refers(column: str, target: str) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["tenant_id", column], [f"{target}.tenant_id", f"{target}.id"], ondelete="CASCADE")


passkeys = Table(
    "passkeys",
    metadata,
    _tenant(),
    Column("id", guid(), primary_key=True),
    Column("user_id", guid(), nullable=False),
    # how the authenticator knows the key: not secret, and found by it when somebody signs in without a name
    Column("credential_id", LargeBinary, nullable=False),
    # COSE
    Column("public_key", LargeBinary, nullable=False),
    Column("sign_count", sa.BigInteger, nullable=False),
    # JSON list, as the browser named them
    Column("transports", Text, nullable=False, server_default="[]"),
    Column("aaguid", guid(), nullable=False),
    Column("backed_up", sa.Boolean, nullable=False),
    Column("label", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("last_used_at", Instant),
    _refers("user_id", "users"),
    Index(None, "tenant_id", "credential_id", unique=True),
    Index(None, "tenant_id", "user_id"),
)

desk_invitations = Table(
    "desk_invitations",
    metadata,
    _tenant(),
    Column("id", guid(), primary_key=True),
    Column("user_id", guid(), nullable=False),
    # SHA-256 of the 256 bits in the link
    Column("secret_digest", LargeBinary, nullable=False),
    Column("created_at", Instant, nullable=False),
    # the id of the person or application who made it
    Column("created_by", guid(), nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("used_at", Instant),
    _refers("user_id", "users"),
    Index(None, "tenant_id", "secret_digest", unique=True),
    Index(None, "tenant_id", "user_id"),
    Index(None, "tenant_id", "expires_at"),
)

desk_sessions = Table(
    "desk_sessions",
    metadata,
    _tenant(),
    Column("id", guid(), primary_key=True),
    # SHA-256 of the cookie
    Column("secret_digest", LargeBinary, nullable=False),
    Column("user_id", guid(), nullable=False),
    # the session goes with the passkey that opened it
    Column("passkey_id", guid(), nullable=False),
    Column("token_generation", sa.Integer, nullable=False),
    Column("signed_in_at", Instant, nullable=False),
    Column("proven_at", Instant, nullable=False),
    Column("last_seen_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("ended_at", Instant),
    _refers("user_id", "users"),
    _refers("passkey_id", "passkeys"),
    Index(None, "tenant_id", "secret_digest", unique=True),
    Index(None, "tenant_id", "user_id"),
    Index(None, "tenant_id", "passkey_id"),
    Index(None, "tenant_id", "expires_at"),
)
