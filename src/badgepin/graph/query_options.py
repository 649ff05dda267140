"""The query options of a route as OpenAPI describes them: exactly what its list can be asked."""

from collections.abc import Iterator, Mapping

from badgepin.domain.filter import Field, Kind
from badgepin.graph.body import Json
from badgepin.graph.filter import Alone, Node, Schema
from badgepin.graph.request import Route

_KINDS = {Kind.INSTANT: "moment", Kind.BOOLEAN: "true or false", Kind.NUMBER: "number"}


def options_of(route: Route) -> list[Json]:
    """The parameters of a GET: none that would be ignored, all that are read."""
    own = (_option(name, description) for name, description in route.options.items())
    return [*_of_list(route), *own]


def _of_list(route: Route) -> list[Json]:
    is_list = route.answer is not None and route.answer.endswith("[]")
    schema = route.schema
    if schema is None:
        return [_option("$select", "Properties to show.")] if is_list else []
    if route.path.endswith("/$count"):
        return [*_conditions(schema), *_consistency(schema)]
    if route.answer is None:
        form = _option("$format", "How the file is written.", {"enum": ["jsonl", "csv"]})
        return [*_conditions(schema), form]
    if not is_list:
        return [_option("$select", "Properties to show."), *_expansion(schema)]
    return [
        _option("$select", "Properties to show."),
        *_conditions(schema),
        *_sorting(schema),
        *_expansion(schema),
        _option("$count", "Say how many there are, on the first page.", {"type": "boolean"}),
        _option("$top", "Items a page.", {"type": "integer", "minimum": 1, "maximum": 999}),
        _option("$skiptoken", "Where a page begins, from `@odata.nextLink`."),
        *_consistency(schema),
    ]


def _option(name: str, description: str, schema: Json | None = None) -> Json:
    return {
        "name": name,
        "in": "query",
        "required": False,
        "description": description,
        "schema": schema or {"type": "string"},
    }


def _conditions(schema: Schema) -> Iterator[Json]:
    names = ", ".join(f"`{name}` ({kind})" for name, kind in _named(schema.fields))
    functions = "startsWith, endsWith" + (", contains" if schema.contains else "")
    yield _option("$filter", f"eq, ne, gt, ge, lt, le, in, not, and, or, any, all, {functions} on: {names}.")
    if schema.searchable:
        example = f'`"{schema.searchable[0]}:text"`'
        yield _option("$search", f"Clauses such as {example} with AND and OR, on: {', '.join(schema.searchable)}.")


def _sorting(schema: Schema) -> Iterator[Json]:
    if schema.sortable:
        yield _option("$orderby", f"asc or desc by: {', '.join(sorted(schema.sortable))}.")


def _expansion(schema: Schema) -> Iterator[Json]:
    if schema.expandable:
        yield _option("$expand", f"Show along with each item: {', '.join(schema.expandable)}.")


def _consistency(schema: Schema) -> Iterator[Json]:
    if schema.advanced:
        description = "`eventual` for `ne`, `not`, `endsWith`, `$search`, `/$count`, and `$orderby` with `$filter`."
        yield _option("ConsistencyLevel", description, {"enum": ["eventual"]}) | {"in": "header"}


def _named(fields: Mapping[str, Node], before: str = "") -> Iterator[tuple[str, str]]:
    for name, node in fields.items():
        if isinstance(node, Field):
            yield (
                f"{before}{name}",
                f"collection of {_KINDS.get(node.kind, 'text')}" if node.many else _KINDS.get(node.kind, "text"),
            )
        elif isinstance(node, Alone):
            yield from _named(node.fields, f"{before}{name}/")
        else:
            yield from _named(node, f"{before}{name}/")
