"""How values look on Graph's wire."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from badgepin.graph.body import Json

NEVER = "0001-01-01T00:00:00Z"
_KEPT_WITHOUT_METADATA = ("@odata.nextLink", "@odata.count", "@odata.deltaLink")

_encode = msgspec.json.Encoder().encode


def instant_text(instant: datetime) -> str:
    """UTC with `Z`; seven fraction digits when there is a fraction, none when there is not (graph-contract 3.6)."""
    whole = f"{instant.year:04d}{instant:-%m-%dT%H:%M:%S}"
    return f"{whole}.{instant.microsecond:06d}0Z" if instant.microsecond else f"{whole}Z"


def encode(value: object) -> bytes:
    """Compact JSON in UTF-8."""
    return _encode(value)


def without_metadata(value: object) -> object:
    """The same answer for `Accept: application/json;odata.metadata=none`: paging links stay, annotations go."""
    match value:
        case Mapping():
            return {
                name: without_metadata(item)
                for name, item in value.items()
                if "@odata." not in name or name in _KEPT_WITHOUT_METADATA
            }
        case list():
            return [without_metadata(item) for item in value]
        case _:
            return value


def collection(context: str, items: list[Json], *, next_link: str | None = None, count: int | None = None) -> Json:
    """An OData collection."""
    answer: Json = {"@odata.context": context}
    if count is not None:
        answer["@odata.count"] = count
    if next_link is not None:
        answer["@odata.nextLink"] = next_link
    answer["value"] = items
    return answer
