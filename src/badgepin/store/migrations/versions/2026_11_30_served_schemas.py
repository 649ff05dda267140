"""Which versions of the program can serve this schema; the programs of before ask nobody, and serve their own only."""

import sqlalchemy as sa
from alembic import op

from badgepin.store.columns import exact_text

revision = "2026_11_30_served_schemas"
down_revision = "2026_11_29_nodes"
branch_labels = None
depends_on = None

oldest_served = revision


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "served_schemas",
        sa.Column("revision", exact_text(64), nullable=False),
        sa.PrimaryKeyConstraint("revision", name="pk_served_schemas"),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("served_schemas")
