"""Passkeys, invitations and sessions of the desk, and the application as which people act there."""

from uuid import uuid4

import sqlalchemy as sa
from alembic import op

from badgepin.store.columns import Instant, guid

revision = "2026_11_23_desk"
down_revision = "2026_11_23_reporting_lines"
branch_labels = None
depends_on = None

_CLIENT = "3b7c5d1e-2f64-4c8a-8d0b-91e6a4f2c7d3"


def _of(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", column],
        [f"{target}.tenant_id", f"{target}.id"],
        name=f"fk_{table}_tenant_id_{column}",
        ondelete="CASCADE",
    )


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "passkeys",
        sa.Column("tenant_id", guid(), nullable=False),
        sa.Column("id", guid(), nullable=False),
        sa.Column("user_id", guid(), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("transports", sa.Text(), server_default="[]", nullable=False),
        sa.Column("aaguid", guid(), nullable=False),
        sa.Column("backed_up", sa.Boolean(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("last_used_at", Instant(), nullable=True),
        _of("passkeys", "user_id", "users"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_passkeys"),
    )
    op.create_index("ix_passkeys_tenant_id_credential_id", "passkeys", ["tenant_id", "credential_id"], unique=True)
    op.create_index("ix_passkeys_tenant_id_user_id", "passkeys", ["tenant_id", "user_id"])
    op.create_table(
        "desk_invitations",
        sa.Column("tenant_id", guid(), nullable=False),
        sa.Column("id", guid(), nullable=False),
        sa.Column("user_id", guid(), nullable=False),
        sa.Column("secret_digest", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", guid(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("used_at", Instant(), nullable=True),
        _of("desk_invitations", "user_id", "users"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_desk_invitations"),
    )
    op.create_index(
        "ix_desk_invitations_tenant_id_secret_digest", "desk_invitations", ["tenant_id", "secret_digest"], unique=True
    )
    for column in ("user_id", "expires_at"):
        op.create_index(f"ix_desk_invitations_tenant_id_{column}", "desk_invitations", ["tenant_id", column])
    op.create_table(
        "desk_sessions",
        sa.Column("tenant_id", guid(), nullable=False),
        sa.Column("id", guid(), nullable=False),
        sa.Column("secret_digest", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", guid(), nullable=False),
        sa.Column("passkey_id", guid(), nullable=False),
        sa.Column("token_generation", sa.Integer(), nullable=False),
        sa.Column("signed_in_at", Instant(), nullable=False),
        sa.Column("proven_at", Instant(), nullable=False),
        sa.Column("last_seen_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        _of("desk_sessions", "user_id", "users"),
        _of("desk_sessions", "passkey_id", "passkeys"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_desk_sessions"),
    )
    op.create_index(
        "ix_desk_sessions_tenant_id_secret_digest", "desk_sessions", ["tenant_id", "secret_digest"], unique=True
    )
    for column in ("user_id", "passkey_id", "expires_at"):
        op.create_index(f"ix_desk_sessions_tenant_id_{column}", "desk_sessions", ["tenant_id", column])
    _add_application()


def _add_application() -> None:
    tenants = sa.table("tenants", sa.column("tenant_id"), sa.column("created_at"))
    applications = sa.table(
        "applications",
        *(
            sa.column(name)
            for name in (
                "tenant_id",
                "id",
                "client_id",
                "service_principal_id",
                "display_name",
                "display_name_key",
                "description",
                "account_enabled",
                "created_at",
            )
        ),
    )
    connection = op.get_bind()
    for tenant in connection.execute(sa.select(tenants)).all():
        connection.execute(
            applications.insert().values(
                tenant_id=tenant.tenant_id,
                id=str(uuid4()),
                client_id=_CLIENT,
                service_principal_id=str(uuid4()),
                display_name="Badgepin desk",
                display_name_key="badgepin desk",
                description="What managers and administrators do at the desk.",
                account_enabled=True,
                created_at=tenant.created_at,
            )
        )


def downgrade() -> None:
    """Take back."""
    applications = sa.table("applications", sa.column("client_id"))
    op.execute(applications.delete().where(applications.c.client_id == _CLIENT))
    for table in ("desk_sessions", "desk_invitations", "passkeys"):
        op.drop_table(table)
