"""The listener that Prometheus asks, apart from the installation's own port: the standard library's, in a thread."""

from prometheus_client import start_http_server

from badgepin.cli.refusal import CommandRefused
from badgepin.settings import Settings, host_and_port
from badgepin.web.metrics import Metrics


class Exposition:
    """This node's metrics at `metrics_listen` until it is closed; nowhere when the setting is empty."""

    def __init__(self, settings: Settings, metrics: Metrics) -> None:
        """Listen. Raises `CommandRefused` when somebody else does."""
        self._server = None
        if not settings.metrics_listen:
            return
        host, port = host_and_port(settings.metrics_listen)
        try:
            self._server, self._thread = start_http_server(port, host, metrics.registry)
        except OSError as error:
            raise CommandRefused(
                f"Cannot listen on {settings.metrics_listen} ({error.strerror}): choose another metrics_listen."
            ) from error

    def close(self) -> None:
        """Listen no longer."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()
