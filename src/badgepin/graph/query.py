"""The query options of lists, read into a query (graph-contract 3.8; OData 4.01 URL conventions 5.1).

Directory objects have Graph's rule for advanced queries: `ne`, `not`, `endsWith`, and `$orderby` with `$filter` need
`ConsistencyLevel: eventual` and `$count=true`; `$search` and `/$count` need the header.
"""

import re

from badgepin.crypto.sealed import unseal
from badgepin.domain.filter import Field, Filter, both
from badgepin.domain.query import Query, Sort
from badgepin.graph.body import invalid
from badgepin.graph.filter import Schema, lookup, read_filter, unsupported
from badgepin.graph.paging import purpose, read_position
from badgepin.graph.request import GraphRequest
from badgepin.graph.search import read_search

_ADVANCED = "send the header 'ConsistencyLevel: eventual' and $count=true"
_MOST_SORTS = 5
_EXPANDED = re.compile(r"^(?P<name>\w+)(?:\((?P<options>[^()]*)\))?$", re.ASCII)


def read_query(request: GraphRequest) -> Query:
    """What a list is asked for. Raises `GraphError` or `InvalidValue` naming the option and the place."""
    schema = request.schema
    condition = _condition(request)
    sort = _sort(request)
    counts = _counts(request)
    if schema.advanced and sort and "$filter" in request.query and not (counts and is_eventual(request)):
        raise unsupported(f"Sorting what is filtered needs an advanced query: {_ADVANCED}.")
    if "$skip" in request.query:
        raise unsupported("$skip is not supported here: follow @odata.nextLink.")
    return Query(request.top(), condition, sort, _after(request), counts, frozenset(expanded(request)))


def read_count_query(request: GraphRequest) -> Query:
    """What is to be counted. Raises as `read_query` does, and when the header is missing."""
    if request.schema.advanced and not is_eventual(request):
        raise unsupported("/$count needs the header 'ConsistencyLevel: eventual'.")
    return Query(filter=_condition(request, counting=True))


def is_eventual(request: GraphRequest) -> bool:
    """Whether the client says that it makes an advanced query."""
    return request.headers.get("consistencylevel", "").strip().casefold() == "eventual"


def expanded(request: GraphRequest) -> dict[str, list[str]]:
    """The relations of `$expand`, each with the properties its own `$select` names (none: all)."""
    schema = request.schema
    found: dict[str, list[str]] = {}
    for part in _split(request.query.get("$expand", "")):
        match = _EXPANDED.match(part.strip())
        relations = {known.casefold(): known for known in schema.expandable}
        name = relations.get(match["name"].casefold()) if match else None
        if match is None or name is None:
            known = ", ".join(schema.expandable) or "nothing"
            raise unsupported(f"'{part.strip()[:60]}' cannot be expanded on {schema.name}; there is {known}.")
        found[name] = _nested_select(match["options"] or "")
    return found


def _nested_select(options: str) -> list[str]:
    chosen: list[str] = []
    for option in filter(None, (part.strip() for part in options.split(";"))):
        name, _, value = option.partition("=")
        if name.strip().casefold() not in {"$select", "$top", "$levels"}:
            raise unsupported(f"'{name.strip()[:60]}' is not supported inside $expand; there is $select.")
        if name.strip().casefold() == "$select":
            chosen = [each.strip() for each in value.split(",") if each.strip()]
    return chosen


def _split(text: str) -> list[str]:
    """Parts between commas that are not inside parentheses."""
    parts, depth = [""], 0
    for letter in text:
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [part for part in parts if part.strip()]


def _condition(request: GraphRequest, *, counting: bool = False) -> Filter | None:
    schema = request.schema
    condition: Filter | None = None
    given = request.query.get("$filter")
    if given is not None:
        read = read_filter(given, schema)
        if schema.advanced and read.advanced and not (is_eventual(request) and (counting or _counts(request))):
            raise unsupported(f"Operator '{read.advanced}' needs an advanced query: {_ADVANCED}.")
        condition = read.tree
    wanted = request.query.get("$search")
    if wanted is None:
        return condition
    if not schema.searchable:
        raise unsupported(f"$search is not supported on {schema.name}.")
    if schema.advanced and not is_eventual(request):
        raise unsupported("$search needs the header 'ConsistencyLevel: eventual'.")
    return both(condition, read_search(wanted, schema))


def _counts(request: GraphRequest) -> bool:
    given = request.query.get("$count", "false").strip().casefold()
    if given not in {"true", "false"}:
        raise invalid("Invalid value for $count: it must be true or false.")
    return given == "true"


def _sort(request: GraphRequest) -> tuple[Sort, ...]:
    given = request.query.get("$orderby")
    if given is None:
        return ()
    parts = given.split(",")
    if len(parts) > _MOST_SORTS:
        raise invalid(f"$orderby takes at most {_MOST_SORTS} properties.")
    sorts = [_one_sort(part, request.schema) for part in parts]
    if len({sort.field.name for sort in sorts}) != len(sorts):
        raise invalid("$orderby names a property twice.")
    return tuple(sorts)


def _one_sort(part: str, schema: Schema) -> Sort:
    words = part.split()
    direction = words[1].casefold() if len(words) > 1 else "asc"
    if not 1 <= len(words) <= 2 or direction not in {"asc", "desc"}:  # noqa: PLR2004 - a name and a direction
        raise invalid(f"Invalid $orderby clause '{part.strip()[:60]}': write a property, then asc or desc.")
    found = lookup(schema.fields, words[0].split("/"))
    if not isinstance(found, Field) or words[0].casefold() not in schema.sortable:
        known = ", ".join(sorted(schema.sortable)) or "nothing"
        raise unsupported(f"{schema.name} cannot be sorted by '{words[0][:60]}'; it can by {known}.")
    return Sort(found, direction == "desc")


def _after(request: GraphRequest) -> tuple[str | int, ...] | None:
    token = request.query.get("$skiptoken")
    if token is None:
        return None
    content = unseal(request.installation.keys, purpose(request), token)
    if content is None:
        raise invalid("The $skiptoken is not valid for this list.")
    return read_position(content)
