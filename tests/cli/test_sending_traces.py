"""`badgepin serve` with `traces_endpoint`: spans arrive at a collector, and a collector that is away stops nothing."""

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.cli.installation import badgepin, free_port, running


class Receiver:
    """An OTLP/HTTP receiver on a port of this machine."""

    def __init__(self) -> None:
        self.names: list[str] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.names += names(body) if self.path == "/v1/traces" else ["wrong path"]
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                return

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/v1/traces"

    def close(self) -> None:
        """Be away from now on."""
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


def names(body: bytes) -> list[str]:
    """The names of the spans in an export."""
    found = ExportTraceServiceRequest.FromString(body)
    return [span.name for each in found.resource_spans for scope in each.scope_spans for span in scope.spans]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver that is there."""
    made = Receiver()
    yield made
    if made.thread.is_alive():
        made.close()


@pytest.mark.parametrize("is_away", [False, True], ids=["there", "away"])
def test_spans_are_sent_and_the_node_stops_in_time(tmp_path: Path, receiver: Receiver, *, is_away: bool) -> None:
    data, port = tmp_path / "data", free_port()
    assert badgepin("init", "--base-url", f"http://127.0.0.1:{port}", data=data).code == 0
    serve = ("serve", "--data", str(data), "--port", str(port))
    with running(*serve, BADGEPIN_TRACES_ENDPOINT=receiver.endpoint) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "serving" in line:
                break
        if is_away:
            receiver.close()
        assert httpx.get(f"http://127.0.0.1:{port}/livez/nothing").status_code == 204
        began = time.monotonic()
        process.terminate()
        assert process.wait(30) == 0
        assert time.monotonic() - began < 20
    assert ("GET /livez/nothing" in receiver.names) is not is_away
