"""Reading inside JSON texts, on both databases; every name comes from the code, never from a request."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

from badgepin.store.columns import exact_text


class Member(GenericFunction[str]):
    """`json_member(column, 'name')`: the text of one member of an object, NULL where it is missing."""

    name = "json_member"
    type = exact_text()
    inherit_cache = True


class Detail(GenericFunction[str]):
    """`json_detail(column, 'key')`: the value of a pair in the list of pairs named `details`."""

    name = "json_detail"
    type = exact_text()
    inherit_cache = True


def member(column: sa.ColumnElement[Any], name: str) -> sa.ColumnElement[str]:
    """The text of one member of the object in a column."""
    return Member(column, sa.literal_column(f"'{name}'"))


def detail(column: sa.ColumnElement[Any], key: str) -> sa.ColumnElement[str]:
    """The value of a pair in the member `details` of the object in a column."""
    return Detail(column, sa.literal_column(f"'{key}'"))


def _operands(element: GenericFunction[str], compiler: SQLCompiler, **keywords: Any) -> tuple[str, str]:  # noqa: ANN401 - SQLAlchemy's signature
    column, name = element.clauses
    return compiler.process(column, **keywords), compiler.process(name, **keywords)


@compiles(Member, "sqlite")
def _sqlite_member(element: Member, compiler: SQLCompiler, **keywords: Any) -> str:  # noqa: ANN401 - SQLAlchemy's signature
    column, name = _operands(element, compiler, **keywords)
    return f"json_extract({column}, '$.' || {name})"


@compiles(Member, "postgresql")
def _postgresql_member(element: Member, compiler: SQLCompiler, **keywords: Any) -> str:  # noqa: ANN401 - SQLAlchemy's signature
    column, name = _operands(element, compiler, **keywords)
    return f"(CAST({column} AS JSON) ->> {name})"


@compiles(Detail, "sqlite")
def _sqlite_detail(element: Detail, compiler: SQLCompiler, **keywords: Any) -> str:  # noqa: ANN401 - SQLAlchemy's signature
    column, key = _operands(element, compiler, **keywords)
    pairs = f"json_each({column}, '$.details') AS pair"
    return f"(SELECT json_extract(pair.value, '$[1]') FROM {pairs} WHERE json_extract(pair.value, '$[0]') = {key})"  # noqa: S608 - names from the code


@compiles(Detail, "postgresql")
def _postgresql_detail(element: Detail, compiler: SQLCompiler, **keywords: Any) -> str:  # noqa: ANN401 - SQLAlchemy's signature
    column, key = _operands(element, compiler, **keywords)
    pairs = f"json_array_elements(CAST({column} AS JSON) -> 'details') AS pair"
    return f"(SELECT pair ->> 1 FROM {pairs} WHERE pair ->> 0 = {key} LIMIT 1)"  # noqa: S608 - names from the code
