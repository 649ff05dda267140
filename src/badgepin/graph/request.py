"""What a Graph operation gets to see, and what it answers."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from badgepin.domain.caller import Call
from badgepin.graph.body import Json, invalid, read_object
from badgepin.graph.errors import Family
from badgepin.graph.filter import Schema
from badgepin.graph.json import encode, without_metadata
from badgepin.graph.permissions import Permission
from badgepin.web.installation import Installation

CONTENT_TYPE = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
BATCH = "/$batch"
_BARE_CONTENT_TYPE = "application/json;odata.metadata=none;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"


@dataclass(frozen=True)
class GraphResponse:
    """Status, headers and body bytes (empty: no body), or a body that is made while it is sent."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    stream: AsyncIterator[bytes] | None = None


NO_CONTENT = GraphResponse(204)


@dataclass(frozen=True)
class Incoming:
    """A request before anything is known about it: raw path with query, headers in lower case, the sender's address."""

    verb: str
    target: str
    headers: Mapping[str, str]
    read_body: Callable[[], Awaitable[bytes]]
    ip_address: str = ""
    in_batch: bool = False


@dataclass(frozen=True)
class GraphRequest:
    """One operation on one path, after token, verb and permission were checked.

    `keys` are the names read from the path, `query` the options with `$` and in lower case, `headers` in lower case.
    """

    installation: Installation
    route: "Route"
    version: str
    keys: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    raw_body: bytes
    call: Call
    dispatch: Callable[[Incoming], Awaitable[GraphResponse]]

    @cached_property
    def strict(self) -> bool:
        """Whether lenient inputs are refused."""
        return self.installation.settings.strict

    def body(self) -> Json:
        """The JSON object in the body; an empty body is an empty object. Raises `InvalidValue`."""
        return read_object(self.raw_body, strict=self.strict)

    @property
    def schema(self) -> Schema:
        """What this route's query can ask about."""
        if self.route.schema is None:
            raise LookupError(self.route.path)
        return self.route.schema

    @property
    def user(self) -> str:
        """The person in the path, by id or user principal name; for `/me` the signed-in one."""
        return self.keys.get("user") or self.call.caller.user_id or ""

    @property
    def path(self) -> str:
        """The path below the version, with its keys filled in."""
        path = self.route.path
        for name, value in self.keys.items():
            path = path.replace(f"{{{name}}}", value)
        return path

    @property
    def root(self) -> str:
        """`https://host/v1.0`, from configuration and never from the request."""
        return f"{self.installation.settings.base_url}/{self.version}"

    def context(self, fragment: str) -> str:
        """An `@odata.context` address."""
        return f"{self.root}/$metadata#{fragment}"

    def top(self, *, default: int = 100, most: int = 999) -> int:
        """The page size asked for with `$top`. Raises `InvalidValue` outside 1 to `most`."""
        given = self.query.get("$top")
        if given is None:
            return default
        if not (given.isascii() and given.isdecimal() and len(given) < 6 and 1 <= int(given) <= most):  # noqa: PLR2004
            raise invalid(f"Invalid value '{given[:20]}' for $top: it must be 1 to {most}.")
        return int(given)

    def prefers(self, what: str) -> bool:
        """Whether `Prefer: return=...` asks for this; strict installations ignore the header."""
        return not self.strict and f"return={what}" in self.headers.get("prefer", "").lower().replace(" ", "")

    def answer(self, value: Json, *, status: int = 200, headers: Mapping[str, str] | None = None) -> GraphResponse:
        """A JSON answer with as much OData metadata as the client wants."""
        bare = "odata.metadata=none" in self.headers.get("accept", "").lower().replace(" ", "")
        body = encode(without_metadata(value) if bare else value)
        content_type = _BARE_CONTENT_TYPE if bare else CONTENT_TYPE
        return GraphResponse(status, body, {"content-type": content_type, **(headers or {})})


@dataclass(frozen=True)
class Route:
    """One line of the table of contents: verb, path, permission, function; the rest is for OpenAPI and `$metadata`.

    `schema`: what a list, or one item of it, can be asked about in its query. `options`: query options of the
    operation's own, without `$`, and what they are for. `fresh`: who calls it from the desk must have proven a short
    time ago that it is them.
    """

    verb: str
    path: str
    permission: Permission
    handle: "Handler"
    body: str | None = None
    answer: str | None = None
    statuses: tuple[int, ...] = (200,)
    schema: Schema | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    fresh: bool = False

    @property
    def family(self) -> Family:
        """Which words the wire uses for refusals here."""
        return Family.METHODS if "/authentication/" in self.path else Family.DIRECTORY


Handler = Callable[[GraphRequest], Awaitable[GraphResponse]]
"""What answers a route."""
