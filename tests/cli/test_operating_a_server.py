"""`badgepin serve` for operators: metrics on a listener of their own, a log for programs, and an end in two steps."""

import json
import logging
import signal
import time
from pathlib import Path

import httpx

from badgepin.cli.log import JsonLines, TextLines
from badgepin.web.current_request import begin_request
from tests.cli.installation import badgepin, free_port, is_one_line, running


def _get(port: int, path: str) -> httpx.Response:
    return httpx.get(f"http://127.0.0.1:{port}{path}", timeout=60)


def _until(port: int, path: str, status: int) -> httpx.Response:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        try:
            answer = _get(port, path)
        except httpx.TransportError:
            answer = None
        if answer is not None and answer.status_code == status:
            return answer
        time.sleep(0.05)
    raise AssertionError(path)


def test_a_server_shows_its_metrics_elsewhere_and_says_that_it_stops_before_it_does(data: Path) -> None:
    port, metrics_port = free_port(), free_port()
    chosen = {
        "BADGEPIN_METRICS_LISTEN": f"127.0.0.1:{metrics_port}",
        "BADGEPIN_DRAIN_SECONDS": "300",
        "BADGEPIN_LOG_FORMAT": "json",
        "BADGEPIN_LOG_LEVEL": "info",
    }
    with running("serve", "--data", str(data), "--port", str(port), **chosen) as process:
        _until(port, "/readyz", 200)
        shown = _get(metrics_port, "/metrics").text
        assert "\nbadgepin_ready 1.0\n" in shown
        assert "badgepin_last_write_age_seconds" in shown
        assert _get(port, "/metrics").status_code == 404
        process.send_signal(signal.SIGTERM)
        answer = _until(port, "/readyz", 503)
        assert answer.json() == {
            "status": "stopping",
            "reason": "This node was told to stop and finishes what it has begun.",
        }
        assert _get(port, "/livez").status_code == 200
        assert process.poll() is None
        # the second order does not wait
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=90) == 0


def test_a_taken_or_unreadable_place_for_metrics_is_refused(data: Path) -> None:
    port = free_port()
    refused = badgepin("serve", "--port", str(port), data=data, BADGEPIN_METRICS_LISTEN="9464")
    assert is_one_line(refused, "metrics_listen", "127.0.0.1:9464")


def _record(message: str, *arguments: object) -> logging.LogRecord:
    return logging.LogRecord("badgepin.test", logging.WARNING, __file__, 1, message, arguments, None)


def test_a_line_for_programs_is_one_object_with_the_id_of_its_request() -> None:
    request = begin_request()
    line = JsonLines().format(_record("two\nlines of %s", "ثلاثة"))
    assert "\n" not in line
    read = json.loads(line)
    assert (read["level"], read["logger"], read["message"]) == ("warning", "badgepin.test", "two\nlines of ثلاثة")
    assert read["request_id"] == request.id
    assert read["time"].endswith("+00:00")


def test_a_line_for_people_ends_with_the_id_of_its_request() -> None:
    request = begin_request()
    assert TextLines("%(message)s").format(_record("something")) == f"something [{request.id}]"
