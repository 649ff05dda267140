"""Traces for an OpenTelemetry collector: a span for each request, below it transactions and the wait for a PIN hash.

No span holds an id, a name, an address or a token: a request is named by its verb and the pattern of its path. Needs
the extra `traces`; nothing imports this module while the setting is empty.
"""

import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from badgepin import __version__
from badgepin.store.transaction import Database, StoreUnavailable, Transaction
from badgepin.web.client_address import is_from_proxy
from badgepin.web.current_request import current_request
from badgepin.web.metrics import Answered

T = TypeVar("T")

_FAILED = 500
_PARENT = "traceparent"
# seconds: a collector that is away must not keep a node from stopping
_PATIENCE = 3.0


class Traces:
    """The spans of one node, handed to `processor` as they end."""

    def __init__(self, processor: SpanProcessor, trusted_proxies: tuple[str, ...] = ()) -> None:
        about = {"service.name": "badgepin", "service.version": __version__}
        self._provider = TracerProvider(resource=Resource.create(about), shutdown_on_exit=False)
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("badgepin", __version__)
        self._trusted_proxies = trusted_proxies

    def begin(self, scope: Mapping[str, Any]) -> Span:
        """The span of a request that has just arrived; it continues a listed proxy's trace (W3C Trace Context)."""
        return self._tracer.start_span("request", self._parent(scope), SpanKind.SERVER)

    def end(self, span: Span, answered: Answered) -> None:
        """Name the span after what was answered, and end it."""
        span.update_name(f"{answered.verb} {answered.route}")
        span.set_attribute("http.request.method", answered.verb)
        span.set_attribute("http.route", answered.route)
        span.set_attribute("http.response.status_code", answered.status)
        span.set_attribute("badgepin.door", answered.door)
        if answered.status >= _FAILED:
            # what was raised stays in the log: it could name somebody
            span.set_status(Status(StatusCode.ERROR))
        span.end()

    def note_hash_wait(self, seconds: float | None) -> None:
        """A wait for a place among the PIN hashes that has just ended; None: none came free."""
        request = current_request()
        if request is None or not isinstance(request.span, Span):
            return
        ended = time.time_ns()
        began = ended - int((seconds or 0.0) * 1e9)
        wait = self._tracer.start_span("PIN hash wait", set_span_in_context(request.span, Context()), start_time=began)
        if seconds is None:
            wait.set_status(Status(StatusCode.ERROR))
        wait.end(ended)

    def around(self, database: Database) -> Database:
        """The same database, whose transactions are spans below the request that they are for."""
        return _Watched(database, self)

    @contextmanager
    def transaction(self, kind: str, dialect: str) -> Iterator[None]:
        """A span around a transaction, where a request is being answered."""
        request = current_request()
        if request is None or not isinstance(request.span, Span):
            yield
            return
        span = self._tracer.start_span(f"database {kind}", set_span_in_context(request.span, Context()))
        span.set_attribute("db.system.name", dialect)
        try:
            yield
        except StoreUnavailable:
            span.set_status(Status(StatusCode.ERROR))
            raise
        finally:
            span.end()

    def close(self) -> None:
        """Hand on what has ended until now. Blocks, while the collector is slow for some seconds."""
        self._provider.shutdown()

    def _parent(self, scope: Mapping[str, Any]) -> Context:
        found = [value for name, value in scope["headers"] if name.lower() == _PARENT.encode()]
        if len(found) != 1 or not is_from_proxy(scope, self._trusted_proxies):
            return Context()
        # `tracestate` is anybody's text and is left out
        carrier = {_PARENT: found[0].decode("latin-1")}
        return TraceContextTextMapPropagator().extract(carrier, Context())


class _Watched:
    """A database whose work is timed."""

    def __init__(self, database: Database, traces: Traces) -> None:
        self._database, self._traces = database, traces
        self.dialect, self.load = database.dialect, database.load

    async def read(self, work: Callable[[Transaction], T]) -> T:
        """As the database does."""
        return await self._timed("read", self._database.read(work))

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """As the database does."""
        return await self._timed("write", self._database.write(work))

    async def write_once(self, work: Callable[[Transaction], T]) -> T:
        """As the database does."""
        return await self._timed("write once", self._database.write_once(work))

    async def close(self) -> None:
        """As the database does."""
        await self._database.close()

    async def _timed(self, kind: str, working: Awaitable[T]) -> T:
        with self._traces.transaction(kind, self.dialect):
            return await working


def to_collector(endpoint: str, trusted_proxies: tuple[str, ...]) -> Traces:
    """Traces that go to a collector, a few seconds' worth at a time (OTLP over HTTP)."""
    exporter = OTLPSpanExporter(endpoint=endpoint, timeout=_PATIENCE)
    return Traces(BatchSpanProcessor(exporter), trusted_proxies)
