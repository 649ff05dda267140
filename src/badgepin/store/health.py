"""What the database says about itself at start-up (security design 6.2, 12.1)."""

from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from badgepin.domain.hashed_pin import HashedPin
from badgepin.store.node_tables import served_schemas
from badgepin.store.tables import pins, qr_codes
from badgepin.store.transaction import Transaction

_SCHEMA = "2026_11_30_served_schemas"
_MIGRATIONS = Path(__file__).parent / "migrations" / "versions"
_DURABLE = ("fsync", "full_page_writes")


def product(tx: Transaction) -> tuple[str, str]:
    """The database's name and version."""
    if tx.dialect.name == "postgresql":
        return "PostgreSQL", str(tx.execute(sa.text("SHOW server_version")).scalar_one()).partition(" ")[0]
    return "SQLite", str(tx.execute(sa.text("SELECT sqlite_version()")).scalar_one())


def newest_revision() -> str:
    """The schema this program was written for; a test holds it equal to the newest migration."""
    return _SCHEMA


def current_revision(tx: Transaction) -> str | None:
    """The schema the database is at."""
    if not sa.inspect(tx).has_table("alembic_version"):
        return None
    return tx.execute(sa.text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def is_known(revision: str) -> bool:
    """Whether this program has the migration of a revision; files are named after theirs."""
    return (_MIGRATIONS / f"{revision}.py").exists()


def is_served(tx: Transaction) -> bool:
    """Whether a newer version that migrated this database left it so that this program can serve it."""
    if not sa.inspect(tx).has_table(served_schemas.name):
        return False
    return tx.execute(sa.select(served_schemas).where(served_schemas.c.revision == _SCHEMA)).first() is not None


def sample_pins(tx: Transaction, *, every_pepper: bool) -> list[tuple[str, str, int, HashedPin]]:
    """Some PIN, or one PIN of each pepper in use (reads every row): user id, PIN id, version and what is kept of it."""
    if not every_pepper:
        return [_read(row) for row in tx.execute(sa.select(pins).limit(1))]
    peppers = tx.execute(sa.select(pins.c.pepper_key_id).distinct()).scalars().all()
    rows = (tx.execute(sa.select(pins).where(pins.c.pepper_key_id == kid).limit(1)).one() for kid in peppers)
    return [_read(row) for row in rows]


def _read(row: Any) -> tuple[str, str, int, HashedPin]:  # noqa: ANN401 - a row of `pins`
    cost = (row.memory_kib, row.iterations, row.parallelism)
    hashed = HashedPin(*cost, row.salt, row.pepper_key_id, row.nonce, row.ciphertext)
    return row.user_id, row.id, row.version, hashed


def used_row_mac_ids(tx: Transaction, *, every_key: bool) -> set[str]:
    """The key that seals some code, or every key that seals one (reads every row)."""
    found = sa.select(qr_codes.c.mac_key_id)
    return set(tx.execute(found.distinct() if every_key else found.limit(1)).scalars())


def clock(tx: Transaction) -> datetime | None:
    """The database server's clock; None where the database is a file."""
    if tx.dialect.name != "postgresql":
        return None
    return tx.execute(sa.select(sa.func.clock_timestamp(type_=sa.DateTime(timezone=True)))).scalar_one()


def unsafe_setting(tx: Transaction, *, high_availability: bool) -> str | None:
    """A PostgreSQL setting with which a crash can lose or damage what was acknowledged, as a sentence.

    With `high_availability` also one with which a failover can.
    """
    if tx.dialect.name != "postgresql":
        return "high_availability needs PostgreSQL: set database_url." if high_availability else None
    for name in _DURABLE:
        if tx.execute(sa.text(f"SHOW {name}")).scalar_one() != "on":
            return f"PostgreSQL runs with {name}=off, which loses data in a crash: set {name}=on."
    commit = tx.execute(sa.text("SHOW synchronous_commit")).scalar_one()
    if commit == "off" or (high_availability and commit == "local"):
        event = "a failover" if commit == "local" else "a crash"
        return f"PostgreSQL runs with synchronous_commit={commit}, which loses writes in {event}: set it to on."
    if high_availability and not tx.execute(sa.text("SHOW synchronous_standby_names")).scalar_one():
        return "high_availability is on and PostgreSQL waits for no standby: set synchronous_standby_names."
    return None
