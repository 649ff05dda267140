"""A version of the program that does not exist yet: this one's migrations, and one more."""

import shutil
from pathlib import Path

from faults.source import Change, changed_source

from badgepin.store.migrate import FOLDER, newest_revision

NEXT = "2099_01_01_next"

# a pause in the middle, so that requests come while the migration holds what it holds
ADDS = """
    op.add_column("users", sa.Column("nickname", sa.Text(), nullable=False, server_default=""))
    time.sleep(0.3)
    op.create_table("nicknames", sa.Column("tenant_id", sa.Text(), primary_key=True))
"""
TAKES_AWAY = """
    op.drop_column("qr_codes", "mac_key_id")
"""
FAILS = """
    op.create_table("nicknames", sa.Column("tenant_id", sa.Text(), primary_key=True))
    op.drop_column("qr_codes", "mac_key_id")
    time.sleep(0.3)
    op.execute("INSERT INTO nowhere VALUES (1)")
"""


def hangs(begun: Path) -> str:
    """A migration that is in the middle of its work when the file is there, and stays so."""
    return f"""
    op.drop_column("qr_codes", "mac_key_id")
    op.create_table("nicknames", sa.Column("tenant_id", sa.Text(), primary_key=True))
    Path({str(begun)!r}).touch()
    time.sleep(60)
"""


def counts(file: Path) -> str:
    """A migration that leaves a letter in a file each time it runs."""
    return f"""
    op.create_table("nicknames", sa.Column("tenant_id", sa.Text(), primary_key=True))
    with Path({str(file)!r}).open("a") as ran:
        ran.write("x")
    time.sleep(0.3)
"""


def next_program(folder: Path, *changes: Change) -> Path:
    """A folder for PYTHONPATH with the next version itself, which wants the column it adds."""
    column = '    Column("account_enabled", sa.Boolean, nullable=False),\n    Column("user_type"'
    nickname = f'    Column("nickname", Text, nullable=False, server_default=""),\n{column}'
    table = '\nnicknames = Table("nicknames", metadata, Column("tenant_id", Text, primary_key=True))\n\nusers = Table('
    own = (
        Change("store/health.py", newest_revision(), NEXT),
        Change("store/tables.py", column, nickname),
        Change("store/tables.py", "\nusers = Table(", table),
    )
    source = changed_source(folder, (*own, *changes))
    add_migration(migrations_of(source), ADDS)
    return source


def migrations_of(source: Path) -> Path:
    """Where a program has its migrations."""
    return source / "badgepin" / "store" / "migrations"


def next_migrations(folder: Path, body: str, *, oldest_served: str | None = None) -> Path:
    """A copy of the migrations with one more, whose `upgrade` is this body."""
    copied = folder / "migrations"
    shutil.copytree(FOLDER, copied, ignore=shutil.ignore_patterns("__pycache__"))
    add_migration(copied, body, oldest_served=oldest_served)
    return copied


def add_migration(
    migrations: Path, body: str, *, oldest_served: str | None = None, revision: str = NEXT, after: str = ""
) -> None:
    """One more migration, after the newest of this version or the one named."""
    lines = [
        '"""What the next version changes."""',
        "import time",
        "from pathlib import Path",
        "import sqlalchemy as sa",
        "from alembic import op",
        f"revision = {revision!r}",
        f"down_revision = {(after or newest_revision())!r}",
        "branch_labels = depends_on = None",
        f"oldest_served = {oldest_served!r}",
        f"def upgrade():{body}",
        'def downgrade():\n    op.drop_table("nicknames")\n    op.drop_column("users", "nickname")\n',
    ]
    (migrations / "versions" / f"{revision}.py").write_text("\n".join(lines), encoding="utf-8")
