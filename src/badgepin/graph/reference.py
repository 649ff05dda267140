"""Pointing at directory objects: `@odata.id` bodies and `@odata.bind` members."""

import re

from badgepin.graph.body import Json, invalid, required_text, texts
from badgepin.graph.request import GraphRequest

_ADDRESS = re.compile(
    r"^(?:https?://[^/]+/(?:v1\.0|beta)/|/)?(?:directoryObjects|users|groups)[/(]'?"
    r"([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})'?\)?$",
    re.IGNORECASE | re.ASCII,
)
_MOST_BOUND = 20


def referenced_id(request: GraphRequest) -> str:
    """The id in a `$ref` body. Raises `InvalidValue`."""
    return _id(required_text(request.body(), "@odata.id", longest=1024))


def bound_ids(body: Json, name: str) -> list[str]:
    """The ids in `members@odata.bind` and the like, at most 20. Raises `InvalidValue`."""
    addresses = texts(body, f"{name}@odata.bind") or []
    if len(addresses) > _MOST_BOUND:
        raise invalid(f"At most {_MOST_BOUND} references can be added at once.")
    return [_id(address) for address in addresses]


def _id(address: str) -> str:
    found = _ADDRESS.match(address.strip())
    if found is None:
        raise invalid("A reference must look like https://host/v1.0/directoryObjects/{id}.")
    return found[1].lower()
