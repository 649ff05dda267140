"""The tables of the audit log's chain (docs/decisions/0016); in the one schema of `tables.py`.

A chain row stays when its event is purged, and holds no personal data.
"""

import sqlalchemy as sa
from sqlalchemy import Column, ForeignKeyConstraint, Index, LargeBinary, Table, Text

from badgepin.store.columns import Instant, guid
from badgepin.store.tables import metadata


def _tenant() -> Column[str]:
    return Column("tenant_id", guid(), primary_key=True)


audit_chain = Table(
    "audit_chain",
    metadata,
    _tenant(),
    Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    Column("event_id", guid(), nullable=False),
    Column("event_digest", LargeBinary, nullable=False),
    Column("chain_digest", LargeBinary, nullable=False),
    ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], ondelete="CASCADE"),
    Index(None, "tenant_id", "event_id", unique=True),
)

# events that wait for their place in the chain; always empty on SQLite, where they get it at once
audit_outbox = Table(
    "audit_outbox",
    metadata,
    _tenant(),
    Column("event_id", guid(), primary_key=True),
    ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], ondelete="CASCADE"),
)

audit_checkpoints = Table(
    "audit_checkpoints",
    metadata,
    _tenant(),
    Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    Column("seq", sa.BigInteger, nullable=False),
    Column("created_at", Instant, nullable=False),
    # a compact JWS, which says all of this too
    Column("token", Text, nullable=False),
    ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], ondelete="CASCADE"),
)
