"""`$batch`: up to 20 requests in one, each through the same steps as alone (graph-contract 3.7)."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import msgspec

from badgepin.graph.body import Json, invalid
from badgepin.graph.json import encode
from badgepin.graph.request import GraphRequest, GraphResponse, Incoming

_MOST = 20
_VERBS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})
_FAILED = 400
# who asks, and from where: an item is asked by whoever sent the batch, and cannot say anything else
_OF_THE_BATCH = ("authorization", "cookie", "origin", "sec-fetch-site", "user-agent", "x-badgepin-desk")


@dataclass(frozen=True)
class _Item:
    id: object
    verb: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    depends_on: tuple[str, ...]

    @property
    def key(self) -> str:
        return str(self.id)


async def post_batch(request: GraphRequest) -> GraphResponse:
    """POST: always 200 for a well-formed batch, with one answer an item."""
    items = _read(request)
    answers: dict[str, GraphResponse] = {}
    responses = []
    for item in _in_order(items):
        failed = [name for name in item.depends_on if answers[name].status >= _FAILED]
        answer = _failed_dependency() if failed else await _run(request, item)
        answers[item.key] = answer
        responses.append(_response_json(item, answer))
    return request.answer({"responses": responses})


async def _run(request: GraphRequest, item: _Item) -> GraphResponse:
    async def read_body() -> bytes:
        return item.body

    own = {name: value for name, value in item.headers.items() if name not in _OF_THE_BATCH}
    inherited = {name: request.headers[name] for name in _OF_THE_BATCH if name in request.headers}
    incoming = Incoming(item.verb, item.target, own | inherited, read_body, request.call.ip_address, in_batch=True)
    answer = await request.dispatch(incoming)
    return answer if answer.stream is None else _refusal(400, "BadRequest", "A file cannot be part of a batch.")


def _read(request: GraphRequest) -> list[_Item]:
    requests = request.body().get("requests")
    if not isinstance(requests, list) or not requests:
        raise invalid("A batch needs 'requests', a list of 1 to 20 requests.")
    if len(requests) > _MOST:
        raise invalid(f"A batch may hold at most {_MOST} requests; this one holds {len(requests)}.")
    items = [_read_item(entry, request.version) for entry in requests]
    names = [item.key for item in items]
    if len(set(names)) != len(names):
        raise invalid("Every request of a batch needs an 'id' of its own.")
    for item in items:
        if unknown := set(item.depends_on) - set(names):
            raise invalid(f"'dependsOn' names a request that is not in the batch: '{min(unknown)[:64]}'.")
    return items


def _read_item(entry: object, version: str) -> _Item:
    if not isinstance(entry, dict):
        raise invalid("Every request of a batch must be an object.")
    identifier, verb, url = entry.get("id"), entry.get("method"), entry.get("url")
    if not isinstance(identifier, str | int) or isinstance(identifier, bool) or identifier == "":
        raise invalid("Every request of a batch needs an 'id'.")
    if not isinstance(verb, str) or verb.upper() not in _VERBS:
        raise invalid(f"The request '{str(identifier)[:64]}' needs a 'method' such as GET.")
    if not isinstance(url, str) or not url.strip():
        raise invalid(f"The request '{str(identifier)[:64]}' needs a 'url'.")
    if "$batch" in url.lower():
        raise invalid("A batch cannot hold another batch.")
    headers = entry.get("headers") or {}
    if not isinstance(headers, dict) or not all(isinstance(value, str) for value in headers.values()):
        raise invalid("The 'headers' of a request must be an object of strings.")
    depends_on = entry.get("dependsOn", entry.get("depends_on")) or []
    if not isinstance(depends_on, list) or not all(isinstance(name, str | int) for name in depends_on):
        raise invalid("'dependsOn' must be a list of ids.")
    lowered = {name.lower(): value for name, value in headers.items()}
    body = _body(entry.get("body"))
    if body and "content-type" not in lowered:
        lowered["content-type"] = "application/json"
    return _Item(identifier, verb.upper(), _target(url.strip(), version), lowered, body, tuple(map(str, depends_on)))


def _target(url: str, version: str) -> str:
    try:
        split = urlsplit(url)
    except ValueError:
        raise invalid("The 'url' of a request cannot be read.") from None
    path = "/" + split.path.lstrip("/") if split.scheme or url.startswith("/") else "/" + split.path
    first, _, rest = path[1:].partition("/")
    if first.lower() in {"v1.0", "beta"}:
        path = f"/{rest}"
    try:
        target = f"/{version}{path}" + (f"?{split.query}" if split.query else "")
        return target.encode("ascii").decode()
    except UnicodeEncodeError:
        return "".join(letter if letter.isascii() else _percent(letter) for letter in target)


def _percent(letter: str) -> str:
    return "".join(f"%{byte:02X}" for byte in letter.encode())


def _body(body: object) -> bytes:
    if body is None:
        return b""
    if not isinstance(body, str):
        return encode(body)
    # the Python SDK sends even JSON as base64
    try:
        decoded = base64.b64decode(body, validate=True)
        msgspec.json.decode(decoded)
    except (binascii.Error, ValueError):
        return body.encode()
    return decoded


def _in_order(items: list[_Item]) -> list[_Item]:
    ordered: list[_Item] = []
    done: set[str] = set()
    waiting = list(items)
    while waiting:
        ready = next((item for item in waiting if done.issuperset(item.depends_on)), None)
        if ready is None:
            raise invalid("The 'dependsOn' of the batch go round in a circle.")
        waiting.remove(ready)
        ordered.append(ready)
        done.add(ready.key)
    return ordered


def _failed_dependency() -> GraphResponse:
    message = "A request that this one depends on failed, so this one was not executed."
    return _refusal(424, "FailedDependency", message)


def _refusal(status: int, code: str, message: str) -> GraphResponse:
    body = encode({"error": {"code": code, "message": message}})
    return GraphResponse(status, body, {"content-type": "application/json"})


def _response_json(item: _Item, answer: GraphResponse) -> Json:
    response: Json = {"id": item.id, "status": answer.status, "headers": _headers(answer)}
    if answer.body and item.verb != "HEAD":
        is_json = answer.headers.get("content-type", "").startswith("application/json")
        response["body"] = msgspec.json.decode(answer.body) if is_json else base64.b64encode(answer.body).decode()
    return response


def _headers(answer: GraphResponse) -> dict[str, str]:
    kept = {
        "content-type": "Content-Type",
        "location": "Location",
        "retry-after": "Retry-After",
        "allow": "Allow",
        "cache-control": "Cache-Control",
        "odata-version": "OData-Version",
        "request-id": "request-id",
    }
    return {kept[name]: value for name, value in answer.headers.items() if name in kept}
