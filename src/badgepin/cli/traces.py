"""Where this node's traces go, if they go anywhere: OTLP over HTTP to `traces_endpoint`."""

import importlib

from badgepin.cli.refusal import CommandRefused
from badgepin.settings import Settings
from badgepin.web.observed import Tracing

# imported by name, and only when wanted: its packages are an extra
_TRACES = "badgepin.web.traces"


def open_traces(settings: Settings) -> Tracing | None:
    """None while the setting is empty. Raises `CommandRefused` when the extra `traces` is not installed."""
    if not settings.traces_endpoint:
        return None
    try:
        module = importlib.import_module(_TRACES)
    except ImportError as error:
        raise CommandRefused(
            "traces_endpoint is set, but its packages are not installed: install the extra, `badgepin[traces]`, or "
            "empty the setting."
        ) from error
    made: Tracing = module.to_collector(settings.traces_endpoint, settings.trusted_proxies)
    return made
