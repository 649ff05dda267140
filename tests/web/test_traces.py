"""Traces: what becomes a span, whose trace it continues, and that no span ever names anybody."""

import re
import sys
from collections.abc import Iterator
from contextvars import Context
from dataclasses import dataclass
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from badgepin.app import create_app
from badgepin.cli.refusal import CommandRefused
from badgepin.cli.traces import open_traces
from badgepin.reference_client import SignedIn
from badgepin.settings import Settings, SettingsRefused, read_settings
from badgepin.store.transaction import StoreUnavailable
from badgepin.web.installation import Installation
from badgepin.web.traces import Traces
from tests.graph.world import TENANT, World, guid
from tests.portal.screen import CHOSEN, PATH, Screen, badge_of, settled_badge

# the world's requests come from here
PEER = "127.0.0.1"
TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
HEADER = {"traceparent": f"00-{TRACE}-{PARENT}-01", "tracestate": "vendor=worker@contoso.example"}
_GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-")


@dataclass
class Collector:
    """A world whose spans are kept."""

    world: World
    untraced: Installation
    kept: InMemorySpanExporter

    def trust(self, *proxies: str) -> "Collector":
        """The same, with these proxies listed."""
        traces = Traces(SimpleSpanProcessor(self.kept), proxies)
        self.world._application = create_app(self.untraced, traces)
        self.world.installation = self.world._application.installation
        return self

    def request(self) -> ReadableSpan:
        """The one request since the last look."""
        [span] = [span for span in self.spans() if span.kind is SpanKind.SERVER]
        return span

    def spans(self) -> list[ReadableSpan]:
        """What has ended since the last look."""
        found = list(self.kept.get_finished_spans())
        self.kept.clear()
        return found


@pytest.fixture
def collector(world: World) -> Iterator[Collector]:
    """The collector, and no listed proxy."""
    noted, untraced = world.installation.hasher.note_wait, world.installation
    yield Collector(world, untraced, InMemorySpanExporter()).trust()
    world.installation = untraced
    world.installation.hasher.note_wait = noted


def _ask(collector: Collector, **headers: str) -> ReadableSpan:
    collector.world.request("GET", f"/{TENANT}/discovery/v2.0/keys", plain=True, headers=headers)
    return collector.request()


def test_a_request_is_a_span_named_by_verb_and_pattern(collector: Collector) -> None:
    span = _ask(collector)
    assert span.name == "GET /{tenant}/discovery/v2.0/keys"
    assert dict(span.attributes or {}) == {
        "http.request.method": "GET",
        "http.route": "/{tenant}/discovery/v2.0/keys",
        "http.response.status_code": 200,
        "badgepin.door": "oidc",
    }
    assert span.resource.attributes["service.name"] == "badgepin"
    collector.world.request("GET", collector.world.method_path("worker"), token=collector.world.admin)
    graph = collector.request()
    assert (graph.name.startswith("GET /"), "worker" in graph.name) == (True, False)
    collector.world.request("BREW", "/nowhere", plain=True)
    assert collector.request().name == "other none"


def test_no_span_of_a_sign_in_names_anybody(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    world = collector.world
    badge = settled_badge(world)
    assert isinstance(Screen(world).sign_in(badge, CHOSEN), SignedIn)
    temporary = badge_of(world.create_temporary(hours=1))
    Screen(world).sign_in(temporary, "11112222")
    spans = collector.spans()
    names = [span.name for span in spans]
    assert f"POST {PATH.replace(TENANT, '{tenant}')}/proof" in names
    secrets = (badge, temporary, CHOSEN, "11112222", guid("worker"), TENANT, "contoso", "Worker", "__Host-")
    assert not _named(spans, secrets)
    # the control: spans that keep the path
    monkeypatch.setattr(Traces, "begin", lambda self, scope: self._tracer.start_span("x", attributes=_path(scope)))
    settled_badge(world, "colleague")
    assert TENANT in _named(collector.spans(), secrets)


def _path(scope: Any) -> dict[str, str]:
    return {"url.path": scope["path"]}


def _named(spans: list[ReadableSpan], secrets: tuple[str, ...]) -> list[str]:
    """Which of these, and which ids, are in what the collector would get."""
    said = "\n".join(span.to_json() for span in spans)
    # the resource's own id is the SDK's: it names the process
    said = re.sub(r'"service.instance.id": "[^"]+"', "", said)
    return [secret for secret in secrets if secret in said] + _GUID.findall(said)


def test_the_wait_for_a_pin_hash_is_a_span_below_its_request(collector: Collector) -> None:
    settled_badge(collector.world)
    spans = collector.spans()
    waits = [span for span in spans if span.name == "PIN hash wait"]
    assert waits
    for wait in waits:
        assert wait.parent is not None
        [request] = [span for span in spans if span.context.span_id == wait.parent.span_id]
        assert request.name.split(" ")[0] in {"PUT", "POST"}


def test_a_transaction_is_a_span_below_its_request_and_failed_only_when_the_database_is_away(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, path = collector.world, f"/{TENANT}/discovery/v2.0/keys"
    assert world.request("GET", path, plain=True).status_code == 200
    [read, request] = collector.spans()
    assert (read.name, dict(read.attributes or {})) == (
        "database read",
        {"db.system.name": world.installation.database.dialect},
    )
    assert read.parent is not None
    assert (read.parent.span_id, read.status.is_ok) == (request.context.span_id, True)

    async def away(_work: Any) -> None:
        raise StoreUnavailable

    monkeypatch.setattr(collector.untraced.database, "read", away)
    assert world.request("GET", path, plain=True).status_code == 503
    assert [span.status.status_code for span in collector.spans()] == [StatusCode.ERROR] * 2
    # work that belongs to no request begins no trace
    world.runner.run(world.installation.database.write(lambda _: None), context=Context())
    assert collector.spans() == []


def test_a_trace_is_continued_for_listed_proxies_only(collector: Collector) -> None:
    stranger = _ask(collector, **HEADER)
    assert (stranger.parent, format(stranger.context.trace_id, "032x") == TRACE) == (None, False)
    collector.trust(f"{PEER}/32")
    span = _ask(collector, **HEADER)
    assert span.parent is not None
    assert (format(span.context.trace_id, "032x"), format(span.parent.span_id, "016x")) == (TRACE, PARENT)
    assert "vendor" not in span.to_json() + span.context.trace_state.to_header()


@pytest.mark.parametrize(
    "value", ["", "x", "00-0-0-01", f"00-{'0' * 32}-{PARENT}-01", f"ff-{TRACE}-{PARENT}-01", "é" * 9]
)
def test_a_header_that_is_no_traceparent_begins_a_trace(collector: Collector, value: str) -> None:
    headers: Any = {"traceparent": value.encode("latin-1")}
    assert _ask(collector.trust(PEER), **headers).parent is None


def test_without_the_setting_there_are_no_traces_and_without_the_extra_one_line_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert open_traces(Settings()) is None
    with pytest.raises(SettingsRefused, match="traces_endpoint"):
        read_settings(environment={"BADGEPIN_TRACES_ENDPOINT": "localhost:4318"})
    for name in [name for name in sys.modules if name.startswith("opentelemetry") or name == Traces.__module__]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    with pytest.raises(CommandRefused, match=r"^traces_endpoint is set.*badgepin\[traces\].*setting\.$"):
        open_traces(Settings(traces_endpoint="http://127.0.0.1:4318/v1/traces"))
