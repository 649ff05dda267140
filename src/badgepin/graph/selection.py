"""The query options of lists that this release understands: `$select`, and one comparison in `$filter`."""

import re

from badgepin.graph.body import Json
from badgepin.graph.errors import GraphError
from badgepin.graph.request import GraphRequest

_EQUALS = re.compile(r"^(\w+)\s+eq\s+'((?:[^']|'')*)'$", re.ASCII)
_STARTS = re.compile(r"^startswith\(\s*(\w+)\s*,\s*'((?:[^']|'')*)'\s*\)$", re.ASCII | re.IGNORECASE)


def unsupported_query(message: str) -> GraphError:
    """400 for a query option that this release does not understand: better than a wrong list."""
    return GraphError(400, "Request_UnsupportedQuery", f"Unsupported or invalid query filter clause. {message}")


def selected(request: GraphRequest) -> list[str]:
    """The property names of `$select`; empty: all."""
    return [name.strip() for name in request.query.get("$select", "").split(",") if name.strip()]


def select(item: Json, chosen: list[str]) -> Json:
    """Only the chosen properties, in any case; `id` and annotations stay."""
    if not chosen or "*" in chosen:
        return item
    wanted = {name.casefold() for name in chosen}
    return {name: value for name, value in item.items() if name.casefold() in wanted or name == "id" or "@" in name}


def read_filter(request: GraphRequest, *, equals: tuple[str, ...] = (), starts: tuple[str, ...] = ()) -> dict[str, str]:
    """The one comparison in `$filter`, as `{property: value}`; a prefix as `{"startswith property": value}`.

    Raises `GraphError` for anything else, and for `$search` and `$orderby`.
    """
    for option in ("$search", "$orderby"):
        if option in request.query:
            raise unsupported_query(f"{option} is not supported here yet.")
    given = request.query.get("$filter")
    if given is None:
        return {}
    if found := _EQUALS.match(given.strip()):
        name = next((name for name in equals if name.casefold() == found[1].casefold()), None)
        if name is not None:
            return {name: found[2].replace("''", "'")}
    if found := _STARTS.match(given.strip()):
        name = next((name for name in starts if name.casefold() == found[1].casefold()), None)
        if name is not None:
            return {f"startswith {name}": found[2].replace("''", "'")}
    supported = [f"{name} eq '…'" for name in equals] + [f"startswith({name},'…')" for name in starts]
    raise unsupported_query(f"Supported here: {', '.join(supported) or 'no $filter'}.")


def equals_filter(request: GraphRequest, name: str) -> str | None:
    """The value that a property must equal, None without `$filter`."""
    return read_filter(request, equals=(name,)).get(name)
