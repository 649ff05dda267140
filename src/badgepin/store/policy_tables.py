"""The tables of policies beside the method's own one; in the one schema of `tables.py`."""

from sqlalchemy import Column, ForeignKeyConstraint, Table, Text

from badgepin.store.columns import Instant, guid
from badgepin.store.tables import metadata

# what an organization added to the built-in ones, which are code
authentication_strengths = Table(
    "authentication_strengths",
    metadata,
    Column("tenant_id", guid(), primary_key=True),
    Column("id", guid(), primary_key=True),
    Column("display_name", Text, nullable=False),
    Column("description", Text),
    # a JSON list of combinations
    Column("allowed_combinations", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("modified_at", Instant, nullable=False),
    ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], ondelete="CASCADE"),
)
