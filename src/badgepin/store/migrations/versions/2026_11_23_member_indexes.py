"""Indexes of memberships that hold the container too, so that SQLite takes them."""

from alembic import op

revision = "2026_11_23_member_indexes"
down_revision = "2026_11_23_desk"
branch_labels = None
depends_on = None

_INDEXES = (
    ("group_members", "member_id", "group_id", "ix_group_members_member"),
    ("group_owners", "user_id", "group_id", "ix_group_owners_user"),
    (
        "administrative_unit_members",
        "member_id",
        "administrative_unit_id",
        "ix_administrative_unit_members_member",
    ),
)


def upgrade() -> None:
    """Apply."""
    for table, member, container, name in _INDEXES:
        op.drop_index(f"ix_{table}_tenant_id_{member}", table)
        op.create_index(name, table, ["tenant_id", member, container])


def downgrade() -> None:
    """Take back."""
    for table, member, _, name in _INDEXES:
        op.drop_index(name, table)
        op.create_index(f"ix_{table}_tenant_id_{member}", table, ["tenant_id", member])
