"""Signing in: proofs, sessions, grants and their tokens, preferences, and where applications are sent back to."""

import sqlalchemy as sa
from alembic import op

from badgepin.store.columns import Instant, exact_text, guid

revision = "2026_11_23_sign_in"
down_revision = "2026_11_23_first_schema"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "used_nonces",
        sa.Column("tenant_id", guid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name="fk_used_nonces_tenant_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "digest", name="pk_used_nonces"),
    )
    op.create_index("ix_used_nonces_tenant_id_expires_at", "used_nonces", ["tenant_id", "expires_at"], unique=False)
    op.create_table(
        "device_codes",
        sa.Column("tenant_id", guid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("user_code", exact_text(), nullable=False),
        sa.Column("application_id", guid(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("next_poll_at", Instant(), nullable=False),
        sa.Column("interval_seconds", sa.Integer(), nullable=False),
        sa.Column("grant_id", guid(), nullable=True),
        sa.Column("denied_at", Instant(), nullable=True),
        sa.Column("used_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "application_id"],
            ["applications.tenant_id", "applications.id"],
            name="fk_device_codes_tenant_id_application_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "digest", name="pk_device_codes"),
    )
    op.create_index("ix_device_codes_tenant_id_expires_at", "device_codes", ["tenant_id", "expires_at"], unique=False)
    op.create_index("ix_device_codes_tenant_id_user_code", "device_codes", ["tenant_id", "user_code"], unique=True)
    op.create_table(
        "sign_in_preferences",
        sa.Column("tenant_id", guid(), nullable=False),
        sa.Column("user_id", guid(), nullable=False),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("text_size", sa.Text(), nullable=False),
        sa.Column("contrast", sa.Text(), nullable=False),
        sa.Column("sounds", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "user_id"],
            ["users.tenant_id", "users.id"],
            name="fk_sign_in_preferences_tenant_id_user_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "user_id", name="pk_sign_in_preferences"),
    )
    op.create_table(
        "proofs",
        sa.Column("tenant_id", guid(), nullable=False),
        sa.Column("id", guid(), nullable=False),
        sa.Column("handle_digest", sa.LargeBinary(), nullable=False),
        sa.Column("browser_digest", sa.LargeBinary(), nullable=False),
        sa.Column("request_digest", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", guid(), nullable=False),
        sa.Column("qr_code_id", guid(), nullable=False),
        sa.Column("pin_version", sa.Integer(), nullable=False),
        sa.Column("tries_left", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("pin_proven_at", Instant(), nullable=True),
        sa.Column("consumed_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "qr_code_id"],
            ["qr_codes.tenant_id", "qr_codes.id"],
            name="fk_proofs_tenant_id_qr_code_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_proofs"),
    )
    op.create_index("ix_proofs_tenant_id_expires_at", "proofs", ["tenant_id", "expires_at"], unique=False)
    op.create_index("ix_proofs_tenant_id_handle_digest", "proofs", ["tenant_id", "handle_digest"], unique=True)
    op.create_index("ix_proofs_tenant_id_qr_code_id", "proofs", ["tenant_id", "qr_code_id"], unique=False)
    op.create_table(
        "sessions",
        sa.Column("tenant_id", guid(), nullable=False),
        sa.Column("id", guid(), nullable=False),
        sa.Column("secret_digest", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", guid(), nullable=False),
        sa.Column("qr_code_id", guid(), nullable=False),
        sa.Column("pin_version", sa.Integer(), nullable=False),
        sa.Column("token_generation", sa.Integer(), nullable=False),
        sa.Column("signed_in_at", Instant(), nullable=False),
        sa.Column("last_seen_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "qr_code_id"],
            ["qr_codes.tenant_id", "qr_codes.id"],
            name="fk_sessions_tenant_id_qr_code_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "user_id"],
            ["users.tenant_id", "users.id"],
            name="fk_sessions_tenant_id_user_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_sessions"),
    )
    op.create_index("ix_sessions_tenant_id_expires_at", "sessions", ["tenant_id", "expires_at"], unique=False)
    op.create_index("ix_sessions_tenant_id_qr_code_id", "sessions", ["tenant_id", "qr_code_id"], unique=False)
    op.create_index("ix_sessions_tenant_id_secret_digest", "sessions", ["tenant_id", "secret_digest"], unique=True)
    op.create_index("ix_sessions_tenant_id_user_id", "sessions", ["tenant_id", "user_id"], unique=False)
    op.create_table(
        "grants",
        sa.Column("tenant_id", guid(), nullable=False),
        sa.Column("id", guid(), nullable=False),
        sa.Column("session_id", guid(), nullable=False),
        sa.Column("application_id", guid(), nullable=False),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "application_id"],
            ["applications.tenant_id", "applications.id"],
            name="fk_grants_tenant_id_application_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "session_id"],
            ["sessions.tenant_id", "sessions.id"],
            name="fk_grants_tenant_id_session_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_grants"),
    )
    op.create_index("ix_grants_tenant_id_application_id", "grants", ["tenant_id", "application_id"], unique=False)
    op.create_index("ix_grants_tenant_id_expires_at", "grants", ["tenant_id", "expires_at"], unique=False)
    op.create_index("ix_grants_tenant_id_session_id", "grants", ["tenant_id", "session_id"], unique=False)
    op.create_table(
        "session_clients",
        sa.Column("tenant_id", guid(), nullable=False),
        sa.Column("session_id", guid(), nullable=False),
        sa.Column("application_id", guid(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", Instant(), nullable=False),
        sa.Column("told_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "application_id"],
            ["applications.tenant_id", "applications.id"],
            name="fk_session_clients_tenant_id_application_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "session_id"],
            ["sessions.tenant_id", "sessions.id"],
            name="fk_session_clients_tenant_id_session_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "session_id", "application_id", name="pk_session_clients"),
    )
    op.create_index(
        "ix_session_clients_open",
        "session_clients",
        ["tenant_id", "next_attempt_at"],
        unique=False,
        sqlite_where=sa.text("told_at IS NULL"),
        postgresql_where=sa.text("told_at IS NULL"),
    )
    op.create_table(
        "authorization_codes",
        sa.Column("tenant_id", guid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("grant_id", guid(), nullable=False),
        sa.Column("redirect_uri", sa.Text(), nullable=False),
        sa.Column("nonce", sa.Text(), nullable=True),
        sa.Column("code_challenge", exact_text(), nullable=True),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("used_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "grant_id"],
            ["grants.tenant_id", "grants.id"],
            name="fk_authorization_codes_tenant_id_grant_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "digest", name="pk_authorization_codes"),
    )
    op.create_index(
        "ix_authorization_codes_tenant_id_expires_at", "authorization_codes", ["tenant_id", "expires_at"], unique=False
    )
    op.create_index(
        "ix_authorization_codes_tenant_id_grant_id", "authorization_codes", ["tenant_id", "grant_id"], unique=False
    )
    op.create_table(
        "refresh_tokens",
        sa.Column("tenant_id", guid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("grant_id", guid(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("rotated_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "grant_id"],
            ["grants.tenant_id", "grants.id"],
            name="fk_refresh_tokens_tenant_id_grant_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "digest", name="pk_refresh_tokens"),
    )
    op.create_index("ix_refresh_tokens_tenant_id_grant_id", "refresh_tokens", ["tenant_id", "grant_id"], unique=False)
    op.add_column("applications", sa.Column("spa_redirect_uris", sa.Text(), server_default="[]", nullable=False))
    op.add_column("applications", sa.Column("public_redirect_uris", sa.Text(), server_default="[]", nullable=False))
    op.add_column("applications", sa.Column("backchannel_logout_uri", sa.Text(), nullable=True))
    op.add_column(
        "applications", sa.Column("is_public_client", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.add_column("audit_events", sa.Column("handle", exact_text(), nullable=True))
    op.create_index(
        "ix_audit_events_tenant_id_category_occurred_at_id",
        "audit_events",
        ["tenant_id", "category", "occurred_at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_audit_events_tenant_id_handle",
        "audit_events",
        ["tenant_id", "handle"],
        unique=False,
        sqlite_where=sa.text("handle IS NOT NULL"),
        postgresql_where=sa.text("handle IS NOT NULL"),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_index(
        "ix_audit_events_tenant_id_handle",
        table_name="audit_events",
        sqlite_where=sa.text("handle IS NOT NULL"),
        postgresql_where=sa.text("handle IS NOT NULL"),
    )
    op.drop_index("ix_audit_events_tenant_id_category_occurred_at_id", table_name="audit_events")
    op.drop_column("audit_events", "handle")
    op.drop_column("applications", "is_public_client")
    op.drop_column("applications", "backchannel_logout_uri")
    op.drop_column("applications", "public_redirect_uris")
    op.drop_column("applications", "spa_redirect_uris")
    op.drop_table("refresh_tokens")
    op.drop_table("authorization_codes")
    op.drop_table("session_clients")
    op.drop_table("grants")
    op.drop_table("sessions")
    op.drop_table("proofs")
    op.drop_table("sign_in_preferences")
    op.drop_table("device_codes")
    op.drop_table("used_nonces")
