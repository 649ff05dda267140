"""A subquery's rows as one JSON array of arrays, so that one statement can bring parents and children home together."""

from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

_decode = msgspec.json.Decoder().decode


class _RowsAsJson(FunctionElement[str]):
    name = "rows_as_json"
    type = sa.Text()
    inherit_cache = True


@compiles(_RowsAsJson, "sqlite")
def _sqlite(element: _RowsAsJson, compiler: SQLCompiler, **keywords: Any) -> str:  # noqa: ANN401 - SQLAlchemy's signature
    return f"json_group_array(json_array({compiler.process(element.clauses, **keywords)}))"


@compiles(_RowsAsJson, "postgresql")
def _postgresql(element: _RowsAsJson, compiler: SQLCompiler, **keywords: Any) -> str:  # noqa: ANN401 - SQLAlchemy's signature
    return f"CAST(json_agg(json_build_array({compiler.process(element.clauses, **keywords)})) AS TEXT)"


def json_rows(select: sa.Select[Any]) -> sa.ScalarSelect[str]:
    """The rows of a correlated select as a JSON text (or NULL when there is none); read it with `read_rows`."""
    columns = list(select.selected_columns)
    return select.with_only_columns(_RowsAsJson(*columns), maintain_column_froms=True).scalar_subquery()


def read_rows(text: str | None) -> list[list[Any]]:
    """The rows of a JSON text made by `json_rows`."""
    return _decode(text) if text else []
