"""Badges of many people at once: batches, each person's part, and their encrypted documents."""

import sqlalchemy as sa
from alembic import op

from badgepin.store.columns import Instant, exact_text, guid

revision = "2026_11_29_badge_batches"
down_revision = "2026_11_23_member_indexes"
branch_labels = None
depends_on = None


def _of_batch(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", "batch_id"],
        ["badge_batches.tenant_id", "badge_batches.id"],
        name=f"fk_{table}_tenant_id_batch_id",
        ondelete="CASCADE",
    )


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "badge_batches",
        sa.Column("tenant_id", guid(), nullable=False),
        sa.Column("id", guid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", exact_text(16), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", guid(), nullable=False),
        sa.Column("created_by_name", sa.Text(), nullable=False),
        sa.Column("preview_digest", sa.LargeBinary(), nullable=True),
        sa.Column("preview_ends_at", Instant(), nullable=True),
        sa.Column("key_digest", sa.LargeBinary(), nullable=True),
        sa.Column("holder", guid(), nullable=True),
        sa.Column("lease_ends_at", Instant(), nullable=True),
        sa.Column("finished_at", Instant(), nullable=True),
        sa.Column("collect_ends_at", Instant(), nullable=True),
        sa.Column("settled_at", Instant(), nullable=True),
        sa.Column("code_expire_at", Instant(), nullable=True),
        sa.Column("manifest", sa.LargeBinary(), nullable=True),
        sa.Column("message", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("kind IN ('issue', 'revoke')", name="ck_badge_batches_kind"),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name="fk_badge_batches_tenant_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_badge_batches"),
    )
    op.create_index(
        "ix_badge_batches_tenant_id_created_by_created_at", "badge_batches", ["tenant_id", "created_by", "created_at"]
    )
    op.create_table(
        "badge_batch_rows",
        sa.Column("tenant_id", guid(), nullable=False),
        sa.Column("batch_id", guid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("named", sa.Text(), nullable=False),
        sa.Column("user_id", guid(), nullable=True),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("user_principal_name", sa.Text(), nullable=False),
        sa.Column("fate", sa.Text(), nullable=False),
        sa.Column("is_wanted", sa.Boolean(), nullable=False),
        sa.Column("code_id", guid(), nullable=True),
        sa.Column("code_kind", sa.Text(), nullable=True),
        sa.Column("pin_id", guid(), nullable=True),
        sa.Column("result", exact_text(16), nullable=False),
        sa.Column("problem", sa.Text(), server_default="", nullable=False),
        _of_batch("badge_batch_rows"),
        sa.PrimaryKeyConstraint("tenant_id", "batch_id", "number", name="pk_badge_batch_rows"),
    )
    op.create_index(
        "ix_badge_batch_rows_tenant_id_batch_id_result_number",
        "badge_batch_rows",
        ["tenant_id", "batch_id", "result", "number"],
    )
    op.create_index("ix_badge_batch_rows_tenant_id_code_id", "badge_batch_rows", ["tenant_id", "code_id"])
    op.create_table(
        "badge_batch_documents",
        sa.Column("tenant_id", guid(), nullable=False),
        sa.Column("batch_id", guid(), nullable=False),
        sa.Column("name", exact_text(32), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        _of_batch("badge_batch_documents"),
        sa.PrimaryKeyConstraint("tenant_id", "batch_id", "name", name="pk_badge_batch_documents"),
    )
    op.create_table(
        "badge_batch_pieces",
        sa.Column("tenant_id", guid(), nullable=False),
        sa.Column("batch_id", guid(), nullable=False),
        sa.Column("name", exact_text(32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=False),
        _of_batch("badge_batch_pieces"),
        sa.PrimaryKeyConstraint("tenant_id", "batch_id", "name", "number", name="pk_badge_batch_pieces"),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("badge_batch_pieces")
    op.drop_table("badge_batch_documents")
    op.drop_index("ix_badge_batch_rows_tenant_id_code_id", table_name="badge_batch_rows")
    op.drop_index("ix_badge_batch_rows_tenant_id_batch_id_result_number", table_name="badge_batch_rows")
    op.drop_table("badge_batch_rows")
    op.drop_index("ix_badge_batches_tenant_id_created_by_created_at", table_name="badge_batches")
    op.drop_table("badge_batches")
