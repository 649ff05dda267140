"""Pages as answers: `@odata.nextLink` with a `$skiptoken` that only this installation can make (graph-contract 3.8)."""

from collections.abc import Callable
from typing import TypeVar
from urllib.parse import quote, urlencode

import msgspec

from badgepin.crypto.sealed import seal
from badgepin.domain.query import Page
from badgepin.graph.body import Json, invalid
from badgepin.graph.json import collection
from badgepin.graph.request import GraphRequest, GraphResponse

T = TypeVar("T")

_DROPPED = ("$skiptoken", "$top")
_DECIDING = ("$filter", "$search", "$orderby")
_decode = msgspec.json.Decoder(tuple[str | int | bool, ...]).decode


def answer_page(request: GraphRequest, page: Page[T], *, fragment: str, write: Callable[[T], Json]) -> GraphResponse:
    """A page as an answer, with the way to the next one."""
    next_link = None
    if page.after is not None:
        token = seal(request.installation.keys, purpose(request), msgspec.json.encode(page.after))
        kept = {name: value for name, value in request.query.items() if name not in _DROPPED}
        options = {**kept, "$top": str(request.top()), "$skiptoken": token}
        next_link = f"{request.root}{_address(request)}?{urlencode(options, safe='$')}"
    items = [write(item) for item in page.items]
    return request.answer(collection(request.context(fragment), items, next_link=next_link, count=page.count))


def read_position(content: bytes) -> tuple[str | int, ...]:
    """Where a page begins, from the content of a token that was opened. Raises `InvalidValue`."""
    try:
        return _decode(content)
    except msgspec.DecodeError:
        raise invalid("The $skiptoken is not valid for this list.") from None


def purpose(request: GraphRequest) -> str:
    """What a token is good for: this list of this tenant, with the very conditions and order it was made for."""
    deciding = "|".join(quote(request.query.get(name, "")) for name in _DECIDING)
    return f"skiptoken|{request.call.tenant_id}|{request.path.casefold()}|{deciding}"


def _address(request: GraphRequest) -> str:
    parts = request.route.path.split("/")
    return "/".join(quote(request.keys[part[1:-1]], safe="@") if part.startswith("{") else part for part in parts)
