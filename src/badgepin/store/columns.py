"""Column types that mean the same on SQLite and PostgreSQL."""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.types import TypeDecorator

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Instant(TypeDecorator[datetime]):
    """An aware UTC datetime, stored as whole microseconds since 1970: exact, sortable and equal on both databases."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> int | None:  # noqa: ARG002 - the signature is SQLAlchemy's
        """Turn an aware datetime into microseconds."""
        return None if value is None else to_microseconds(value)

    def process_result_value(self, value: int | None, dialect: sa.Dialect) -> datetime | None:  # noqa: ARG002 - the signature is SQLAlchemy's
        """Turn microseconds into an aware datetime."""
        return None if value is None else from_microseconds(value)


def to_microseconds(instant: datetime) -> int:
    """Whole microseconds since 1970-01-01T00:00:00Z."""
    return (instant - _EPOCH) // _MICROSECOND


def from_microseconds(microseconds: int) -> datetime:
    """The aware UTC datetime that many microseconds after 1970."""
    return _EPOCH + timedelta(microseconds=microseconds)


def guid() -> sa.String:
    """A lower-case GUID as text, compared byte by byte on both databases."""
    return exact_text(36)


def exact_text(length: int | None = None) -> sa.String:
    """Text that sorts and compares by code point on both databases, whatever the server's locale."""
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


def reads_like(column: sa.ColumnElement[str], wanted: str) -> sa.ColumnElement[bool]:
    """Whether a name is this one in any case; both sides are folded by the database, which may know ASCII only."""
    return sa.func.lower(column) == sa.func.lower(wanted)


def begins_with(column: sa.ColumnElement[str], prefix: str) -> sa.ColumnElement[bool]:
    """Whether a name begins like this in any case."""
    escaped = prefix.replace("/", "//").replace("%", "/%").replace("_", "/_")
    return sa.func.lower(column).like(sa.func.lower(f"{escaped}%"), escape="/")
