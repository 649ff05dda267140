"""The smallest durable write there is, to know that the database takes one."""

from datetime import datetime

import sqlalchemy as sa

from badgepin.store.transaction import Transaction

_LARGEST = 2**31


def beat(tx: Transaction) -> datetime | None:
    """Write something that no row holds, and answer the database server's clock (None where the database is a file).

    PostgreSQL: a message in its log of changes, which the commit waits for; a standby refuses it. SQLite: the number in
    the file's header that is left to applications.
    """
    if tx.dialect.name == "postgresql":
        written = sa.select(
            sa.func.clock_timestamp(type_=sa.DateTime(timezone=True)),
            sa.func.pg_logical_emit_message(sa.true(), "badgepin", "beat"),
        )
        moment: datetime = tx.execute(written).one()[0]
        return moment
    # always another number: SQLite leaves a page alone whose bytes stay the same
    number = tx.execute(sa.text("PRAGMA user_version")).scalar_one()
    tx.execute(sa.text(f"PRAGMA user_version = {(number + 1) % _LARGEST}"))
    return None
