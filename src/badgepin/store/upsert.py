"""`INSERT ... ON CONFLICT` in the words of the database at hand."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from sqlalchemy.dialects import sqlite

if TYPE_CHECKING:
    import sqlalchemy as sa
    from sqlalchemy.dialects import postgresql

    from badgepin.store.transaction import Transaction


def upsert(tx: Transaction, table: sa.Table) -> sqlite.Insert | postgresql.Insert:
    """An `INSERT` that can say what happens when the row is there."""
    return postgresql_upsert(table) if tx.dialect.name == "postgresql" else sqlite.insert(table)


def postgresql_upsert(table: sa.Table) -> postgresql.Insert:
    """The same where only PostgreSQL comes; a node on SQLite never loads its dialect's megabytes."""
    made: postgresql.Insert = importlib.import_module("sqlalchemy.dialects.postgresql").insert(table)
    return made
