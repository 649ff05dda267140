"""Pages of a list: `$top`, and a `$skiptoken` that only this installation can make (graph-contract 3.8)."""

from collections.abc import Callable, Sequence
from typing import TypeVar
from urllib.parse import quote, urlencode

from badgepin.crypto.sealed import seal, unseal
from badgepin.graph.body import Json, invalid
from badgepin.graph.json import collection
from badgepin.graph.request import GraphRequest, GraphResponse

T = TypeVar("T")

_SEPARATOR = "\x1f"
_DROPPED = ("$skiptoken", "$top")


def position(request: GraphRequest, parts: int = 1) -> tuple[str, ...]:
    """Where the page begins: the sort keys of the last item before it, or empty strings for the first page.

    Raises `InvalidValue` for a token that was not made here for this list.
    """
    token = request.query.get("$skiptoken")
    if token is None:
        return ("",) * parts
    content = unseal(request.installation.keys, _purpose(request), token)
    read = [] if content is None else content.decode().split(_SEPARATOR)
    if len(read) != parts:
        raise invalid("The $skiptoken is not valid for this list.")
    return tuple(read)


def page(
    request: GraphRequest,
    items: Sequence[T],
    *,
    fragment: str,
    write: Callable[[T], Json],
    key: Callable[[T], tuple[str, ...]],
) -> GraphResponse:
    """A page as an answer; `items` holds one more than `$top` when there is another page."""
    top = request.top()
    shown = items[:top]
    next_link = None
    if len(items) > top:
        token = seal(request.installation.keys, _purpose(request), _SEPARATOR.join(key(shown[-1])).encode())
        kept = {name: value for name, value in request.query.items() if name not in _DROPPED}
        options = {**kept, "$top": str(top), "$skiptoken": token}
        next_link = f"{request.root}{_address(request)}?{urlencode(options, safe='$')}"
    return request.answer(collection(request.context(fragment), [write(item) for item in shown], next_link=next_link))


def _purpose(request: GraphRequest) -> str:
    return f"skiptoken|{request.call.tenant_id}|{request.path.casefold()}"


def _address(request: GraphRequest) -> str:
    parts = request.route.path.split("/")
    return "/".join(quote(request.keys[part[1:-1]], safe="@") if part.startswith("{") else part for part in parts)
