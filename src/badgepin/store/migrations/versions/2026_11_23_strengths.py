"""Authentication strengths that an organization adds to the built-in ones."""

import sqlalchemy as sa
from alembic import op

from badgepin.store.columns import Instant, guid

revision = "2026_11_23_strengths"
down_revision = "2026_11_23_audit_chain"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "authentication_strengths",
        sa.Column("tenant_id", guid(), nullable=False),
        sa.Column("id", guid(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("allowed_combinations", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("modified_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name="fk_authentication_strengths_tenant_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_authentication_strengths"),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("authentication_strengths")
