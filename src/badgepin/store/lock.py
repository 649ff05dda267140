"""Row locks on PostgreSQL; on SQLite the one writer needs none."""

from enum import Enum
from typing import Any, TypeVar

import sqlalchemy as sa

S = TypeVar("S", bound=sa.Select[Any])


class Lock(Enum):
    """What others may not do to the rows read, until the transaction ends."""

    NONE = "anything goes"
    KEEP = "nobody removes them"
    CHANGE = "nobody else changes them"


def locked(statement: S, lock: Lock) -> S:
    """The statement that takes this lock on the rows it reads."""
    if lock is Lock.NONE:
        return statement
    return statement.with_for_update(read=lock is Lock.KEEP, key_share=True)
