"""The server's log on standard error: lines for people, or one JSON object a line for programs.

Each line of a request carries its id, the one that Graph's answers bear as `request-id`.
"""

import json
import logging
import sys
from datetime import UTC, datetime

from badgepin.settings import Settings
from badgepin.web.current_request import current_request

_TEXT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class JsonLines(logging.Formatter):
    """One object a line: `time`, `level`, `logger`, `message`, `request_id`, and `exception` where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as a line."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        request = current_request()
        if request is not None:
            line["request_id"] = request.id
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


class TextLines(logging.Formatter):
    """A line for people, with the request's id where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as a line."""
        request = current_request()
        text = super().format(record)
        return text if request is None else f"{text} [{request.id}]"


def start_log(settings: Settings) -> None:
    """Write everybody's log to standard error, as the settings say."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if settings.log_format == "json" else TextLines(_TEXT))
    logging.basicConfig(level=settings.log_level.upper(), handlers=[handler])
