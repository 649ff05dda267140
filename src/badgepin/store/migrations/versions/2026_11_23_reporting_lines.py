"""Who manages whom."""

import sqlalchemy as sa
from alembic import op

from badgepin.store.columns import guid

revision = "2026_11_23_reporting_lines"
down_revision = "2026_11_23_strengths"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("users", sa.Column("manager_id", guid(), nullable=True))
    managed = sa.text("manager_id IS NOT NULL")
    op.create_index(
        "ix_users_tenant_id_manager_id",
        "users",
        ["tenant_id", "manager_id"],
        sqlite_where=managed,
        postgresql_where=managed,
    )


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_users_tenant_id_manager_id", table_name="users")
    op.drop_column("users", "manager_id")
