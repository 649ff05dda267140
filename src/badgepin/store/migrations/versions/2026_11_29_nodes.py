"""Restore epochs, marks of the revocation journals, and chores that one node does for all.

Revision ID: 2026_11_29_nodes
Revises: 2026_11_29_replacement
"""

import sqlalchemy as sa
from alembic import op

from badgepin.store.columns import Instant, exact_text

revision = "2026_11_29_nodes"
down_revision = "2026_11_29_replacement"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add three tables that older versions do not look at."""
    op.create_table(
        "restore_epochs",
        sa.Column("number", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("begun_at", Instant, nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_restore_epochs"),
    )
    op.create_table(
        "journal_marks",
        sa.Column("node", exact_text(36), nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("beat", sa.BigInteger, nullable=False),
        sa.Column("marked_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("node", name="pk_journal_marks"),
    )
    op.create_table(
        "chores",
        sa.Column("name", exact_text(), nullable=False),
        sa.Column("claimed_at", Instant, nullable=False),
        sa.Column("done_at", Instant),
        sa.Column("outcome", sa.Text, nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("name", name="pk_chores"),
    )


def downgrade() -> None:
    """Forget them."""
    for table in ("chores", "journal_marks", "restore_epochs"):
        op.drop_table(table)
