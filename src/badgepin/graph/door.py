"""Graph over ASGI: reads the request's bytes, hands them to the dispatcher, writes the answer's bytes."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from badgepin.graph.dispatch import Dispatcher
from badgepin.graph.errors import GraphError
from badgepin.graph.request import Incoming
from badgepin.web.client_address import client_address

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class GraphDoor:
    """The ASGI application below `/v1.0` and `/beta`."""

    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher
        settings = dispatcher.installation.settings
        self._limit, self._trusted_proxies = settings.body_limit, settings.trusted_proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one HTTP request."""

        async def read_body() -> bytes:
            return await _read_body(receive, self._limit)

        headers: dict[str, str] = {}
        for name, value in scope["headers"]:
            key, text = name.decode("latin-1").lower(), value.decode("latin-1")
            # HTTP/2 may send each cookie on a line of its own (RFC 9113 8.2.3)
            headers[key] = f"{headers[key]}; {text}" if key == "cookie" and key in headers else headers.get(key, text)
        raw_path: bytes = scope.get("raw_path") or scope["path"].encode()
        query: bytes = scope.get("query_string", b"")
        target = raw_path.partition(b"?")[0].decode("latin-1") + ("?" + query.decode("latin-1") if query else "")
        address = client_address(scope, self._trusted_proxies)
        incoming = Incoming(scope["method"], target, headers, read_body, address)
        response = await self._dispatcher.answer(incoming)
        lines = [(name.encode(), value.encode("latin-1", "replace")) for name, value in response.headers.items()]
        is_head = scope["method"] == "HEAD"
        if response.stream is not None and not is_head:
            await send({"type": "http.response.start", "status": response.status, "headers": lines})
            async for part in response.stream:
                await send({"type": "http.response.body", "body": part, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
            return
        if (response.body or response.status != 204) and response.stream is None:  # noqa: PLR2004 - No Content has no length either
            lines.append((b"content-length", str(len(response.body)).encode()))
        await send({"type": "http.response.start", "status": response.status, "headers": lines})
        await send({"type": "http.response.body", "body": b"" if is_head else response.body})


async def _read_body(receive: Receive, limit: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise GraphError(400, "BadRequest", "The request ended before its body was complete.")
        part = message.get("body", b"")
        size += len(part)
        if size > limit:
            raise GraphError(413, "RequestEntityTooLarge", f"The request body must not be larger than {limit} bytes.")
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)
