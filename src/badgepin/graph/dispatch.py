"""The one way in: every Graph operation, alone or inside a `$batch`, passes these steps in this order.

token or desk session -> path and verb -> permission -> body -> operation -> envelope (graph-contract 3.5)
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from urllib.parse import parse_qsl
from uuid import uuid4

from badgepin.crypto.pin_hash import HasherBusy, PepperMissing
from badgepin.domain.caller import Call, Caller
from badgepin.domain.errors import DomainError
from badgepin.graph.access import authenticate, authenticate_desk, check_fresh, check_permission, is_from_desk
from badgepin.graph.errors import (
    Family,
    GraphError,
    envelope,
    from_domain,
    internal_error,
    method_not_allowed,
    unavailable,
    unknown_segment,
)
from badgepin.graph.metadata import metadata_document
from badgepin.graph.paths import BadPath, PathTable, split_path
from badgepin.graph.permissions import ROLE_WRITE
from badgepin.graph.request import BATCH, CONTENT_TYPE, GraphRequest, GraphResponse, Incoming, Route
from badgepin.store.transaction import StoreUnavailable
from badgepin.web.current_request import current_request
from badgepin.web.installation import Installation

log = logging.getLogger(__name__)

_VERSIONS = {"v1.0": "v1.0", "beta": "beta"}
_WRITING = frozenset({"PUT", "PATCH", "POST"})
_MAX_ID = 128


class Dispatcher:
    """The route table of both versions, and the steps that no operation can forget."""

    def __init__(self, installation: Installation, routes: Sequence[Route]) -> None:
        self.installation = installation
        self._table: PathTable[Route] = PathTable()
        for route in routes:
            self._table.add(route.verb, route.path, route)

    async def answer(self, incoming: Incoming) -> GraphResponse:
        """Answer one request; whatever goes wrong leaves in Graph's envelope with nothing changed."""
        now = self.installation.clock()
        current = None if incoming.in_batch else current_request()
        request_id = str(uuid4()) if current is None else current.id
        client_request_id = _client_request_id(incoming.headers) or request_id
        try:
            response = await self._operate(incoming, request_id, now)
        except GraphError as error:
            response = _refusal(error, now, request_id, client_request_id)
        except Exception:  # the outermost edge: a bug is logged here and leaves no trace on the wire
            log.exception("request %s failed", request_id)
            response = _refusal(internal_error(), now, request_id, client_request_id)
        standard = {
            "request-id": request_id,
            "client-request-id": client_request_id,
            "odata-version": "4.0",
            "cache-control": "no-cache",
        }
        return replace(response, headers={**standard, **response.headers})

    async def _operate(self, incoming: Incoming, request_id: str, now: datetime) -> GraphResponse:
        if _is_metadata(incoming):
            _name(incoming, "/$metadata")
            return metadata_document()
        caller = await self._caller(incoming, now)
        version, route, keys, query = self._find(incoming)
        _name(incoming, route.path)
        if incoming.in_batch and route.path == BATCH:
            raise GraphError(400, "BadRequest", "A batch cannot hold another batch.")
        reaches_others = check_permission(route, caller, strict=self.installation.settings.strict)
        check_fresh(route, caller, now)
        raw_body = await self._body(incoming, route)
        call = self._call(caller, now, request_id, incoming.ip_address, reaches_others=reaches_others)
        request = GraphRequest(
            self.installation, route, version, keys, query, incoming.headers, raw_body, call, self.answer
        )
        try:
            return _counted(route, await route.handle(request))
        except DomainError as error:
            raise from_domain(error, route.family) from error
        except (StoreUnavailable, HasherBusy, PepperMissing) as error:
            log.warning("request %s: %s", request_id, type(error).__name__, exc_info=error)
            raise unavailable() from error

    async def _caller(self, incoming: Incoming, now: datetime) -> Caller:
        if not is_from_desk(incoming.headers):
            return authenticate(self.installation, incoming.headers.get("authorization"), now)
        try:
            return await authenticate_desk(self.installation, incoming, now)
        except StoreUnavailable as error:
            raise unavailable() from error

    def _call(self, caller: Caller, now: datetime, request_id: str, address: str, *, reaches_others: bool) -> Call:
        return Call(
            caller,
            now,
            request_id,
            address,
            reaches_others=reaches_others,
            may_hand_out_roles=bool(ROLE_WRITE.held_by(caller.scopes, application=caller.is_application, strict=True)),
            strict=self.installation.settings.strict,
            sessions_end_with_code=self.installation.settings.delete_code_ends_sessions,
            dual_control=self.installation.dual_control,
        )

    def _find(self, incoming: Incoming) -> tuple[str, Route, Mapping[str, str], Mapping[str, str]]:
        path, _, raw_query = incoming.target.partition("?")
        try:
            segments = split_path(path)
            version = _version(segments[0])
            match = self._table.match(segments[1:])
        except BadPath as error:
            raise unknown_segment(error.segment) from error
        route = match.routes.get("GET" if incoming.verb == "HEAD" else incoming.verb)
        if route is None:
            verbs = {*match.routes, "HEAD"} if "GET" in match.routes else match.routes
            raise method_not_allowed(", ".join(sorted(verbs)))
        return version, route, match.keys, read_query(raw_query)

    async def _body(self, incoming: Incoming, route: Route) -> bytes:
        if route.verb not in _WRITING:
            return b""
        raw = await incoming.read_body()
        media = incoming.headers.get("content-type", "").partition(";")[0].strip().lower()
        if raw and media != "application/json":
            message = "The request's Content-Type must be application/json."
            raise GraphError(415, "UnsupportedMediaType", message)
        return raw


def _name(incoming: Incoming, path: str) -> None:
    current = current_request()
    if current is not None and not incoming.in_batch:
        current.route = path


def _version(segment: str) -> str:
    version = _VERSIONS.get(segment.lower())
    if version is None:
        raise BadPath(segment)
    return version


def _is_metadata(incoming: Incoming) -> bool:
    path = incoming.target.partition("?")[0].lower()
    return incoming.verb in {"GET", "HEAD"} and path in {"/v1.0/$metadata", "/beta/$metadata"}


def _counted(route: Route, response: GraphResponse) -> GraphResponse:
    # directory calls tell what they cost, as Graph's do; there is no quota here, so each costs one
    if route.family is Family.METHODS:
        return response
    return replace(response, headers={"x-ms-resource-unit": "1", **response.headers})


def read_query(raw: str) -> dict[str, str]:
    """Query options by lower-case name; `top` and `$top` are the same. The first of two wins."""
    options: dict[str, str] = {}
    try:
        pairs = parse_qsl(raw, keep_blank_values=True, max_num_fields=50, errors="strict")
    except (ValueError, UnicodeDecodeError):
        raise GraphError(400, "BadRequest", "The query string cannot be read.") from None
    for name, value in pairs:
        if "\x00" in value:
            raise GraphError(400, "BadRequest", "The query string cannot be read.")
        options.setdefault(name.lower() if name.startswith("$") else f"${name.lower()}", value)
    return options


def _client_request_id(headers: Mapping[str, str]) -> str | None:
    given = headers.get("client-request-id", "")
    return given if 0 < len(given) <= _MAX_ID and given.isascii() and given.isprintable() else None


def _refusal(error: GraphError, now: datetime, request_id: str, client_request_id: str) -> GraphResponse:
    body = envelope(error, now=now, request_id=request_id, client_request_id=client_request_id)
    return GraphResponse(error.status, body, {"content-type": CONTENT_TYPE, **error.headers})
