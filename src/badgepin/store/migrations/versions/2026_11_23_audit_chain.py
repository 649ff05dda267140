"""The audit log's chain, the events that wait for it, and signed checkpoints. Events that exist are chained too."""

import sqlalchemy as sa
from alembic import op

from badgepin.domain.audit_chain import ROOT, event_digest, link
from badgepin.store.columns import Instant, guid

revision = "2026_11_23_audit_chain"
down_revision = "2026_11_23_people_import"
branch_labels = None
depends_on = None

_AT_ONCE = 500
_EVENT = (
    "tenant_id, id, occurred_at, activity, category, service, operation, result, result_reason, correlation_id, "
    "actor_kind, actor_id, target_kind, target_id, facts, personal_digest, handle"
)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "audit_chain",
        sa.Column("tenant_id", guid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("event_id", guid(), nullable=False),
        sa.Column("event_digest", sa.LargeBinary(), nullable=False),
        sa.Column("chain_digest", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name="fk_audit_chain_tenant_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "seq", name="pk_audit_chain"),
    )
    op.create_index("ix_audit_chain_tenant_id_event_id", "audit_chain", ["tenant_id", "event_id"], unique=True)
    op.create_table(
        "audit_outbox",
        sa.Column("tenant_id", guid(), nullable=False),
        sa.Column("event_id", guid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name="fk_audit_outbox_tenant_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "event_id", name="pk_audit_outbox"),
    )
    op.create_table(
        "audit_checkpoints",
        sa.Column("tenant_id", guid(), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name="fk_audit_checkpoints_tenant_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "number", name="pk_audit_checkpoints"),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute("INSERT INTO audit_outbox (tenant_id, event_id) SELECT tenant_id, id FROM audit_events")
    else:
        _chain_what_exists(op.get_bind())


def _chain_what_exists(connection: sa.Connection) -> None:
    heads: dict[str, tuple[int, bytes]] = {}
    found = connection.execute(sa.text(f"SELECT {_EVENT} FROM audit_events ORDER BY tenant_id, occurred_at, id"))  # noqa: S608 - a constant
    for rows in found.mappings().partitions(_AT_ONCE):
        chained = []
        for row in rows:
            seq, before = heads.get(row["tenant_id"], (0, ROOT))
            digest = event_digest(dict(row))
            after = link(seq + 1, before, digest)
            heads[row["tenant_id"]] = seq + 1, after
            chained.append({"t": row["tenant_id"], "s": seq + 1, "e": row["id"], "d": digest, "c": after})
        connection.execute(sa.text("INSERT INTO audit_chain VALUES (:t, :s, :e, :d, :c)"), chained)


def downgrade() -> None:
    """Take back."""
    op.drop_table("audit_checkpoints")
    op.drop_table("audit_outbox")
    op.drop_index("ix_audit_chain_tenant_id_event_id", table_name="audit_chain")
    op.drop_table("audit_chain")
