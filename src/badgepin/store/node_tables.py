"""The tables of nodes: restore epochs, how far each node's journal is, who does which chore, and who may serve.

They belong to the installation and to no tenant; a database spread by tenant keeps a copy of them everywhere.
"""

import sqlalchemy as sa
from sqlalchemy import Column, Table, Text

from badgepin.store.columns import Instant, exact_text
from badgepin.store.tables import metadata

OF_NODES = {"of_nodes": True}

# the newest one counts; without a row it is epoch 0
restore_epochs = Table(
    "restore_epochs",
    metadata,
    Column("number", sa.Integer, primary_key=True, autoincrement=False),
    Column("begun_at", Instant, nullable=False),
    Column("cause", Text, nullable=False),
    info=OF_NODES,
)

journal_marks = Table(
    "journal_marks",
    metadata,
    Column("node", exact_text(36), primary_key=True),
    # everything up to this place of the node's journal is settled here
    Column("seq", sa.BigInteger, nullable=False),
    # grows with each mark; a smaller one than the journal remembers is a database from the past
    Column("beat", sa.BigInteger, nullable=False),
    Column("marked_at", Instant, nullable=False),
    info=OF_NODES,
)

chores = Table(
    "chores",
    metadata,
    Column("name", exact_text(), primary_key=True),
    Column("claimed_at", Instant, nullable=False),
    Column("done_at", Instant),
    # what was made, or why it went wrong
    Column("outcome", Text, nullable=False, server_default=""),
    info=OF_NODES,
)

# the schemas whose programs can serve this database, written by its migrations (docs/upgrading.md)
served_schemas = Table(
    "served_schemas",
    metadata,
    Column("revision", exact_text(64), primary_key=True),
    info=OF_NODES,
)
