"""Alembic's entry point: runs on the connection that `badgepin.store.migrate` hands over."""

from alembic import context

from badgepin.store.served import note_served
from badgepin.store.tables import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=True,
    transactional_ddl=True,
    # in the migration's own transaction
    on_version_apply=lambda heads, **_: note_served(connection, context.script, heads),
)
with context.begin_transaction():
    context.run_migrations()
