"""An ASGI application that counts and times what it answers, and gives each request an id for the log."""

import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from badgepin.web.current_request import begin_request
from badgepin.web.metrics import Answered, Metrics

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]

_NO_ROUTE = "none"
_BROKEN = 500


class Observed:
    """The wrapped application; `door` names it in the counts, empty stands for the package of the route's function."""

    def __init__(self, application: Application, metrics: Metrics, door: str = "") -> None:
        self._application, self._metrics, self._door = application, metrics, door

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one request."""
        request, began, status = begin_request(), time.perf_counter(), _BROKEN

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
            self._metrics.note_request(Answered(self._door or _door_of(route), path, scope["method"], status, seconds))


def _door_of(route: Any) -> str:  # noqa: ANN401 - a Starlette route, or nothing
    module = getattr(getattr(route, "endpoint", None), "__module__", "") or ""
    parts = module.split(".")
    return parts[1] if len(parts) > 2 else "none"  # noqa: PLR2004 - badgepin, the door, its file
