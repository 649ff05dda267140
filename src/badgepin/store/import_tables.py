"""The tables of imports: what ran, and what it changed, so that it can be undone."""

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Index, LargeBinary, Table, Text

from badgepin.store.columns import Instant, exact_text, guid
from badgepin.store.tables import metadata

imports = Table(
    "imports",
    metadata,
    Column("tenant_id", guid(), primary_key=True),
    Column("id", guid(), primary_key=True),
    Column("file_name", Text, nullable=False),
    # of the files' bytes: an import that was interrupted goes on when the same files come again
    Column("file_digest", LargeBinary, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("finished_at", Instant),
    Column("undone_at", Instant),
    Column("created", sa.Integer, nullable=False, server_default="0"),
    Column("updated", sa.Integer, nullable=False, server_default="0"),
    Column("refused", sa.Integer, nullable=False, server_default="0"),
    ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], ondelete="CASCADE"),
    Index(None, "tenant_id", "started_at"),
)

import_changes = Table(
    "import_changes",
    metadata,
    Column("tenant_id", guid(), primary_key=True),
    Column("import_id", guid(), primary_key=True),
    Column("number", sa.Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("object_id", guid(), nullable=False),
    # of a membership: the group or unit; '' of anything else
    Column("container_id", exact_text(36), nullable=False, server_default=""),
    # JSON of the fields before and after; both NULL when the row made the object or membership
    Column("before", Text),
    Column("after", Text),
    ForeignKeyConstraint(["tenant_id", "import_id"], ["imports.tenant_id", "imports.id"], ondelete="CASCADE"),
    CheckConstraint("kind IN ('user', 'group', 'unit', 'group_member', 'unit_member')", name="kind"),
)
