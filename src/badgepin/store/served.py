"""Which versions of the program can serve a schema: what lets nodes of two versions work at the same time.

A migration that only adds can be ignored by the versions of before. One that takes something away says in
`oldest_served` from which revision on programs do without it. The database keeps the list, because an old program
cannot know what comes after it (docs/decisions/0024).
"""

from collections.abc import Collection

import sqlalchemy as sa
from alembic.script import ScriptDirectory

from badgepin.store.node_tables import served_schemas


def note_served(connection: sa.Connection, scripts: ScriptDirectory, heads: Collection[str]) -> None:
    """Write down who can serve the schema that a migration has just made."""
    if not sa.inspect(connection).has_table(served_schemas.name):
        return
    connection.execute(sa.delete(served_schemas))
    for head in heads:
        connection.execute(sa.insert(served_schemas), [{"revision": each} for each in served_from(scripts, head)])


def served_from(scripts: ScriptDirectory, head: str) -> list[str]:
    """The revisions whose programs can serve the schema `head`, the newest first.

    Raises `ValueError` where `oldest_served` names no revision before the migration.
    """
    chain = list(scripts.walk_revisions("base", head))
    names = [script.revision for script in chain]
    oldest = len(names) - 1
    for place, script in enumerate(chain):
        named: str | None = getattr(script.module, "oldest_served", None)
        if named is not None:
            oldest = min(oldest, names.index(named, place))
    return names[: oldest + 1]
