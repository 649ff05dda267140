"""Codes that take over from another one: a mark on the row, and room for one of them besides the standard code."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_29_replacement"
down_revision = "2026_11_29_badge_batches"
branch_labels = None
depends_on = None

_LIVE = sa.text("revoked_at IS NULL")
_KEY = ["tenant_id", "user_id", "kind"]


def upgrade() -> None:
    """Apply."""
    op.add_column("qr_codes", sa.Column("is_replacement", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.drop_index("ux_qr_codes_live", table_name="qr_codes")
    op.create_index(
        "ux_qr_codes_live",
        "qr_codes",
        [*_KEY, "is_replacement"],
        unique=True,
        sqlite_where=_LIVE,
        postgresql_where=_LIVE,
    )


def downgrade() -> None:
    """Take back: where two standard codes are, the one that would have taken over ends."""
    code = sa.table(
        "qr_codes",
        *(sa.column(name) for name in ("created_at", "revoked_at", "tenant_id", "user_id", "kind")),
        sa.column("is_replacement", sa.Boolean()),
    )
    old = code.alias("old")
    beside = sa.exists(
        sa.select(old.c.user_id)
        .where(old.c.tenant_id == code.c.tenant_id, old.c.user_id == code.c.user_id, old.c.kind == code.c.kind)
        .where(old.c.revoked_at.is_(None), sa.not_(old.c.is_replacement))
    )
    op.execute(
        sa.update(code)
        .where(code.c.is_replacement, code.c.revoked_at.is_(None), beside)
        .values(revoked_at=code.c.created_at)
    )
    op.drop_index("ux_qr_codes_live", table_name="qr_codes")
    op.create_index("ux_qr_codes_live", "qr_codes", _KEY, unique=True, sqlite_where=_LIVE, postgresql_where=_LIVE)
    op.drop_column("qr_codes", "is_replacement")
