"""A migration adds what the version before can ignore, or says since when programs do without what it takes away."""

from pathlib import Path

import pytest
from alembic.script import ScriptDirectory

from badgepin.store.migrate import FOLDER, newest_revision
from badgepin.store.served import served_from
from tests.architecture.expansion import losses_of
from tests.upgrading.next_version import ADDS, NEXT, TAKES_AWAY, next_migrations

# the programs of before can serve their own schema only
FIRST = "2026_11_30_served_schemas"


def test_every_migration_only_adds_or_says_since_when_programs_do_without(tmp_path: Path) -> None:
    assert not list(losses_of(FOLDER, FIRST, tmp_path)), "see docs/upgrading.md"


def test_the_newest_schema_names_who_can_serve_it() -> None:
    served = served_from(ScriptDirectory(str(FOLDER)), newest_revision())
    assert served[0] == newest_revision()
    assert served[-1] >= FIRST


WRONG = {
    "a column gone": TAKES_AWAY,
    "a table gone": '\n    op.drop_table("served_schemas")',
    "a value wanted": """
    with op.batch_alter_table("users") as table:
        table.alter_column("given_name", nullable=False)""",
    "a new column without a value": """
    with op.batch_alter_table("users") as table:
        table.add_column(sa.Column("nickname", sa.Text(), nullable=False))""",
    "another type": """
    with op.batch_alter_table("users") as table:
        table.alter_column("given_name", type_=sa.Integer())""",
    "what must be unique": '\n    op.create_index("ux", "users", ["tenant_id", "display_name"], unique=True)',
    "a check that forbids more": """
    with op.batch_alter_table("users") as table:
        table.create_check_constraint("short", "length(display_name) < 9")""",
}


@pytest.mark.parametrize("how", WRONG)
def test_a_migration_that_takes_something_away_is_found_unless_it_says_so(how: str, tmp_path: Path) -> None:
    silent, said = tmp_path / "silent", tmp_path / "said"
    for folder, oldest in ((silent, None), (said, NEXT)):
        folder.mkdir()
        found = list(losses_of(next_migrations(folder, WRONG[how], oldest_served=oldest), newest_revision(), folder))
        assert bool(found) == (oldest is None), found


def test_a_migration_that_adds_is_left_alone(tmp_path: Path) -> None:
    assert not list(losses_of(next_migrations(tmp_path, ADDS), newest_revision(), tmp_path))


def test_a_migration_cannot_name_a_revision_that_does_not_come_before_it(tmp_path: Path) -> None:
    scripts = ScriptDirectory(str(next_migrations(tmp_path, ADDS, oldest_served="2098_nothing")))
    with pytest.raises(ValueError, match="2098"):
        served_from(scripts, NEXT)
