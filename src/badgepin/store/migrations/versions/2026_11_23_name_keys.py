"""Names in the folded form that lists filter and sort by, and the indexes for it."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from badgepin.domain.filter import fold
from badgepin.store.columns import exact_text

revision = "2026_11_23_name_keys"
down_revision = "2026_11_23_sign_in"
branch_labels = None
depends_on = None

_NAMED = {
    "users": ("display_name", "given_name", "surname"),
    "groups": ("display_name",),
    "administrative_units": ("display_name",),
    "applications": ("display_name",),
}
_AT_ONCE = 5_000


def upgrade() -> None:
    """Apply."""
    for table, names in _NAMED.items():
        for name in names:
            required = name == "display_name"
            column = sa.Column(
                f"{name}_key", exact_text(), nullable=not required, server_default="" if required else None
            )
            op.add_column(table, column)
        _fill(table, names)
        op.create_index(f"ix_{table}_tenant_id_display_name_key_id", table, ["tenant_id", "display_name_key", "id"])
    op.create_index(
        "ix_audit_events_tenant_id_target_id_occurred_at", "audit_events", ["tenant_id", "target_id", "occurred_at"]
    )


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_audit_events_tenant_id_target_id_occurred_at", table_name="audit_events")
    for table, names in _NAMED.items():
        op.drop_index(f"ix_{table}_tenant_id_display_name_key_id", table_name=table)
        for name in names:
            op.drop_column(table, f"{name}_key")


def _fill(table: str, names: Sequence[str]) -> None:
    row = sa.table(
        table, *(sa.column(name) for name in ("tenant_id", "id", *names, *(f"{name}_key" for name in names)))
    )
    bind = op.get_bind()
    keys: dict[str, sa.BindParameter[str | None]] = {f"{name}_key": sa.bindparam(f"new_{name}_key") for name in names}
    change = (
        sa.update(row)
        .where(row.c.tenant_id == sa.bindparam("of_tenant"), row.c.id == sa.bindparam("of_id"))
        .values(keys)
    )
    after = ("", "")
    while True:
        behind = sa.tuple_(row.c.tenant_id, row.c.id) > sa.tuple_(sa.literal(after[0]), sa.literal(after[1]))
        wanted = sa.select(row.c.tenant_id, row.c.id, *(row.c[name] for name in names))
        rows = bind.execute(wanted.where(behind).order_by(row.c.tenant_id, row.c.id).limit(_AT_ONCE)).all()
        if not rows:
            return
        bind.execute(
            change,
            [
                {
                    "of_tenant": found[0],
                    "of_id": found[1],
                    **{
                        f"new_{name}_key": None if found[number] is None else fold(found[number])
                        for number, name in enumerate(names, 2)
                    },
                }
                for found in rows
            ],
        )
        after = (rows[-1][0], rows[-1][1])
