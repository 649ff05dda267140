"""What the database says about itself at start-up (security design 6.2, 12.1)."""

import sqlalchemy as sa

from badgepin.store.tables import pins
from badgepin.store.transaction import Transaction

_SCHEMA = "2026_11_23_first_schema"
_DURABLE = ("fsync", "full_page_writes")


def answers(tx: Transaction) -> bool:
    """Whether a statement goes through."""
    return bool(tx.execute(sa.text("SELECT 1")).scalar_one())


def newest_revision() -> str:
    """The schema this program was written for; a test holds it equal to the newest migration."""
    return _SCHEMA


def current_revision(tx: Transaction) -> str | None:
    """The schema the database is at."""
    if not sa.inspect(tx).has_table("alembic_version"):
        return None
    return tx.execute(sa.text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def used_pepper_ids(tx: Transaction) -> set[str]:
    """The peppers under which PINs are kept."""
    return set(tx.execute(sa.select(pins.c.pepper_key_id).distinct()).scalars())


def unsafe_setting(tx: Transaction) -> str | None:
    """A PostgreSQL setting with which a crash can lose or damage what was acknowledged, as a sentence."""
    if tx.dialect.name != "postgresql":
        return None
    for name in _DURABLE:
        if tx.execute(sa.text(f"SHOW {name}")).scalar_one() != "on":
            return f"PostgreSQL runs with {name}=off, which loses data in a crash: set {name}=on."
    return None
