"""The whole schema, the tables of every module: what migrations are compared with."""

from badgepin.store import (
    application_tables,
    audit_tables,
    batch_tables,
    desk_tables,
    import_tables,
    node_tables,
    policy_tables,
    sign_in_tables,
)
from badgepin.store.tables import metadata

schema = metadata
PARTS = (
    application_tables,
    audit_tables,
    batch_tables,
    desk_tables,
    import_tables,
    node_tables,
    policy_tables,
    sign_in_tables,
)
"""The modules whose tables are in the schema once they are imported."""
