"""`$select`: which properties of an item are shown."""

from badgepin.graph.body import Json
from badgepin.graph.request import GraphRequest


def selected(request: GraphRequest) -> list[str]:
    """The property names of `$select`; empty: all."""
    return [name.strip() for name in request.query.get("$select", "").split(",") if name.strip()]


def select(item: Json, chosen: list[str]) -> Json:
    """Only the chosen properties, in any case; `id` and annotations stay."""
    if not chosen or "*" in chosen:
        return item
    # a property inside a property shows the whole of it
    wanted = {name.partition("/")[0].casefold() for name in chosen}
    return {name: value for name, value in item.items() if name.casefold() in wanted or name == "id" or "@" in name}
