"""An ASGI application that counts and times what it answers, and gives each request an id for the log."""

import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Protocol

from badgepin.store.transaction import Database
from badgepin.web.current_request import begin_request
from badgepin.web.metrics import VERBS, Answered, Metrics

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]

_NO_ROUTE = "none"
_BROKEN = 500


class Tracing(Protocol):
    """What makes spans of requests; `badgepin.web.traces` is the one there is."""

    def begin(self, scope: Message) -> Any:  # noqa: ANN401 - a span, of a library that may not be installed
        """A request has arrived."""

    def end(self, span: Any, answered: Answered) -> None:  # noqa: ANN401 - as above
        """It has been answered."""

    def note_hash_wait(self, seconds: float | None) -> None:
        """It waited for a place among the PIN hashes; None: none came free."""

    def around(self, database: Database) -> Database:
        """The same database, whose transactions are spans."""

    def close(self) -> None:
        """Hand on what there is, and stop. Blocks."""


class Observed:
    """The wrapped application; `door` names it in the counts, empty stands for the package of the route's function."""

    def __init__(
        self, application: Application, metrics: Metrics, door: str = "", *, tracing: Tracing | None = None
    ) -> None:
        self._application, self._metrics, self._door, self._tracing = application, metrics, door, tracing

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one request."""
        request, began, status = begin_request(), time.perf_counter(), _BROKEN
        if self._tracing is not None:
            request.span = self._tracing.begin(scope)

        async def send_on(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._application(scope, receive, send_on)
        finally:
            route = scope.get("route")
            path = request.route or getattr(route, "path", None) or _NO_ROUTE
            seconds = time.perf_counter() - began
            verb = scope["method"] if scope["method"] in VERBS else "other"
            answered = Answered(self._door or _door_of(route), path, verb, status, seconds)
            self._metrics.note_request(answered)
            if self._tracing is not None:
                self._tracing.end(request.span, answered)


def _door_of(route: Any) -> str:  # noqa: ANN401 - a Starlette route, or nothing
    module = getattr(getattr(route, "endpoint", None), "__module__", "") or ""
    parts = module.split(".")
    return parts[1] if len(parts) > 2 else "none"  # noqa: PLR2004 - badgepin, the door, its file
