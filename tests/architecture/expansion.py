"""What a migration takes from the version before: everything that its statements could trip over."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic.script import ScriptDirectory

from badgepin.store import migrate

Table = dict[str, Any]


def losses_of(migrations: Path, first: str, scratch: Path) -> Iterator[tuple[str, str]]:
    """Each loss that a migration after `first` causes without saying so in `oldest_served`, with its revision."""
    url = f"sqlite:///{scratch / 'migrated.db'}"
    migrate.upgrade(url, first, folder=migrations)
    before = _tables(url)
    for script in reversed(list(ScriptDirectory(str(migrations)).walk_revisions(first, "head"))):
        if script.revision == first:
            continue
        migrate.upgrade(url, script.revision, folder=migrations)
        after = _tables(url)
        if getattr(script.module, "oldest_served", None) is None:
            yield from ((script.revision, loss) for loss in losses(before, after))
        before = after


def losses(before: dict[str, Table], after: dict[str, Table]) -> Iterator[str]:
    """What statements written for `before` can trip over in `after`."""
    for name, old in before.items():
        if name not in after:
            yield f"{name} is gone"
            continue
        new = after[name]
        yield from _of_columns(name, old["columns"], new["columns"])
        for columns in new["unique"] - old["unique"]:
            # with more columns than a rule of before it forbids less
            if not any(narrower < columns for narrower in old["unique"]):
                yield f"{name}: {sorted(columns)} must be unique"
        for kind in ("references", "key"):
            if new[kind] - old[kind]:
                yield f"{name}: new {kind}"
        for check, text in new["checks"].items():
            if not _allows_more(old["checks"].get(check), text):
                yield f"{name}: {check} forbids more"


def _of_columns(name: str, old: Table, new: Table) -> Iterator[str]:
    for column, was in old.items():
        if column not in new:
            yield f"{name}.{column} is gone"
            continue
        now = new[column]
        if str(now["type"]) != str(was["type"]):
            yield f"{name}.{column} has another type"
        if was["nullable"] and not now["nullable"]:
            yield f"{name}.{column} must have a value"
        if was["default"] is not None and now["default"] is None:
            yield f"{name}.{column} has no default any more"
    for column in new.keys() - old.keys():
        if not new[column]["nullable"] and new[column]["default"] is None:
            yield f"{name}.{column} must have a value that the version before does not give"


def _allows_more(old: str | None, new: str) -> bool:
    if old is None:
        return False
    words = re.compile(r"'[^']*'")
    rest = [re.sub(r"[\s,]", "", words.sub("", text)) for text in (old, new)]
    return rest[0] == rest[1] and set(words.findall(old)) <= set(words.findall(new))


def _tables(url: str) -> dict[str, Table]:
    engine = sa.create_engine(url)
    try:
        inspector = sa.inspect(engine)
        return {name: _table(inspector, name) for name in inspector.get_table_names() if name != "alembic_version"}
    finally:
        engine.dispose()


def _table(inspector: sa.Inspector, name: str) -> Table:
    unique: list[list[str | None]] = [list(each["column_names"]) for each in inspector.get_unique_constraints(name)]
    unique += [each["column_names"] for each in inspector.get_indexes(name) if each["unique"]]
    return {
        "columns": {each["name"]: each for each in inspector.get_columns(name)},
        # an expression has no name
        "unique": {frozenset(str(column) for column in columns) for columns in unique},
        "key": {tuple(inspector.get_pk_constraint(name)["constrained_columns"])},
        "references": {
            (tuple(each["constrained_columns"]), each["referred_table"], tuple(each["referred_columns"]))
            for each in inspector.get_foreign_keys(name)
        },
        "checks": {str(each["name"]): each["sqltext"] for each in inspector.get_check_constraints(name)},
    }
