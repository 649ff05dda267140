"""The tables of batches: badges of many people at once, each person's part in one, and encrypted documents."""

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Index, LargeBinary, Table, Text

from badgepin.store.columns import Instant, exact_text, guid
from badgepin.store.tables import metadata


def _of_batch() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["tenant_id", "batch_id"], ["badge_batches.tenant_id", "badge_batches.id"], ondelete="CASCADE"
    )


badge_batches = Table(
    "badge_batches",
    metadata,
    Column("tenant_id", guid(), primary_key=True),
    Column("id", guid(), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("state", exact_text(16), nullable=False),
    Column("created_at", Instant, nullable=False),
    # the id of the person or application who asked for it, and the name they had
    Column("created_by", guid(), nullable=False),
    Column("created_by_name", Text, nullable=False),
    # SHA-256 of the 256 bits that start what was seen, and of those that open the documents
    Column("preview_digest", LargeBinary),
    Column("preview_ends_at", Instant),
    Column("key_digest", LargeBinary),
    # the run of the node that works on it, and until when it may be silent
    Column("holder", guid()),
    Column("lease_ends_at", Instant),
    Column("finished_at", Instant),
    Column("collect_ends_at", Instant),
    Column("settled_at", Instant),
    # when the codes end; NULL: as the policy says
    Column("code_expire_at", Instant),
    # the documents' digests, encrypted under the requester's key: a slip's digest would tell its PIN
    Column("manifest", LargeBinary),
    Column("message", Text, nullable=False, server_default=""),
    CheckConstraint("kind IN ('issue', 'revoke')", name="kind"),
    ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], ondelete="CASCADE"),
    Index(None, "tenant_id", "created_by", "created_at"),
)

badge_batch_rows = Table(
    "badge_batch_rows",
    metadata,
    Column("tenant_id", guid(), primary_key=True),
    Column("batch_id", guid(), primary_key=True),
    Column("number", sa.Integer, primary_key=True),
    Column("named", Text, nullable=False),
    Column("user_id", guid()),
    Column("display_name", Text, nullable=False),
    Column("user_principal_name", Text, nullable=False),
    Column("fate", Text, nullable=False),
    Column("is_wanted", sa.Boolean, nullable=False),
    Column("code_id", guid()),
    Column("code_kind", Text),
    Column("pin_id", guid()),
    Column("result", exact_text(16), nullable=False),
    Column("problem", Text, nullable=False, server_default=""),
    _of_batch(),
    Index(None, "tenant_id", "batch_id", "result", "number"),
    Index(None, "tenant_id", "code_id"),
)

badge_batch_documents = Table(
    "badge_batch_documents",
    metadata,
    Column("tenant_id", guid(), primary_key=True),
    Column("batch_id", guid(), primary_key=True),
    Column("name", exact_text(32), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("count", sa.Integer, nullable=False),
    Column("size", sa.Integer, nullable=False),
    _of_batch(),
)

badge_batch_pieces = Table(
    "badge_batch_pieces",
    metadata,
    Column("tenant_id", guid(), primary_key=True),
    Column("batch_id", guid(), primary_key=True),
    Column("name", exact_text(32), primary_key=True),
    Column("number", sa.Integer, primary_key=True),
    # AES-256-GCM under the requester's key, which is kept nowhere
    Column("ciphertext", LargeBinary, nullable=False),
    _of_batch(),
)
