"""Imports of people, and what each changed."""

import sqlalchemy as sa
from alembic import op

from badgepin.store.columns import Instant, exact_text, guid

revision = "2026_11_23_people_import"
down_revision = "2026_11_23_name_keys"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "imports",
        sa.Column("tenant_id", guid(), nullable=False),
        sa.Column("id", guid(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("file_digest", sa.LargeBinary(), nullable=False),
        sa.Column("started_at", Instant(), nullable=False),
        sa.Column("finished_at", Instant(), nullable=True),
        sa.Column("undone_at", Instant(), nullable=True),
        sa.Column("created", sa.Integer(), server_default="0", nullable=False),
        sa.Column("updated", sa.Integer(), server_default="0", nullable=False),
        sa.Column("refused", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="fk_imports_tenant_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_imports"),
    )
    op.create_index("ix_imports_tenant_id_started_at", "imports", ["tenant_id", "started_at"])
    op.create_table(
        "import_changes",
        sa.Column("tenant_id", guid(), nullable=False),
        sa.Column("import_id", guid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("object_id", guid(), nullable=False),
        sa.Column("container_id", exact_text(36), server_default="", nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('user', 'group', 'unit', 'group_member', 'unit_member')", name="ck_import_changes_kind"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "import_id"],
            ["imports.tenant_id", "imports.id"],
            name="fk_import_changes_tenant_id_import_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "import_id", "number", name="pk_import_changes"),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("import_changes")
    op.drop_index("ix_imports_tenant_id_started_at", table_name="imports")
    op.drop_table("imports")
