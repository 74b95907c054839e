"""A trace from the producer through the worker to the subscriber."""

import asyncio
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import orjson
import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanContext, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from pipeline.core import BatchResult, Counts
from pipeline.errors import UsageError
from pipeline.observe.tracing import MAX_LINKS, BatchTracer, provider_of
from pipeline.streaming import Batch
from pipeline.streaming.batch import process_directly
from pipeline.streaming.fetched_batches import Records
from pipeline.worker.run import run_worker
from tests.core.events import Record
from tests.kafka.deploy import Deployed
from tests.kafka.support import EchoCore, produce
from topics import Message, subscribe
from topics.tracing import context_of

SECRET = "what nobody else may read"


class Traced:
    """A tracer of the batches, and the spans that ended."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()
        self.provider = TracerProvider()
        self.provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.tracer = self.provider.get_tracer("test")
        self.batches = BatchTracer(self.tracer, "a-group", "events")

    @property
    def ended(self) -> Sequence[ReadableSpan]:
        return self.exporter.get_finished_spans()

    def sent(self, name: str) -> tuple[SpanContext, bytes]:
        """A producer's span: its context, and the header of what it sends."""
        carrier: dict[str, str] = {}
        with self.tracer.start_as_current_span(name) as span:
            TraceContextTextMapPropagator().inject(carrier)
        return span.get_span_context(), carrier["traceparent"].encode()


def batch_of(*records: Record) -> Batch:
    core = EchoCore("out")
    core.restored()
    return Batch(core, Records([records], len(records), records[-1].offset + 1), 1, 1_800_000_000_000)


def record(offset: int, trace: bytes | None = None, value: bytes = b"v") -> Record:
    return Record(value, b"key", [("traceparent", trace)] if trace else [], offset)


async def test_a_span_of_a_batch_ends_with_its_commit_and_links_each_trace_once() -> None:
    traced = Traced()
    one, header_one = traced.sent("one")
    two, header_two = traced.sent("two")
    process = traced.batches.traced(process_directly)
    records = [record(0, header_one), record(1, header_one), record(2), record(3, header_two), record(4, b"00-broken")]
    result = await process(batch_of(*records))
    before = len(traced.ended)
    traced.batches.committed(0, 5, result, 0.25)
    (span,) = traced.ended[before:]
    assert [(link.context.trace_id, link.context.span_id) for link in span.links] == [
        (context.trace_id, context.span_id) for context in (one, two)
    ]
    told = dict(span.attributes or {})
    assert (told["messaging.kafka.offset"], told["messaging.batch.message_count"], told["itemstream.traces"]) == (
        0,
        5,
        2,
    )
    assert (told["itemstream.outputs"], told["itemstream.transaction.seconds"]) == (5, 0.25)


async def test_links_are_bounded() -> None:
    traced = Traced()
    headers = [b"00-%032x-%016x-01" % (number, number) for number in range(1, 3 * MAX_LINKS)]
    await traced.batches.traced(process_directly)(batch_of(*(record(n, header) for n, header in enumerate(headers))))
    traced.batches.committed(0, 10**6, BatchResult([], [], Counts()), 0.1)
    (span,) = traced.ended
    assert len(span.links) == MAX_LINKS
    assert dict(span.attributes or {})["itemstream.traces"] == len(headers)


async def test_batches_that_do_not_count_end_as_errors_that_quote_nothing() -> None:
    traced = Traced()
    process = traced.batches.traced(process_directly)
    await process(batch_of(record(0)))
    traced.batches.failed(0, ValueError(SECRET))
    await process(batch_of(record(0)))
    await process(batch_of(record(0)))  # taken away and back before it was committed
    with pytest.raises(RuntimeError):
        await process(batch_of(record(1, value=b"crash")))
    told = [(span.status.status_code, span.status.description) for span in traced.ended]
    assert told == [
        (StatusCode.ERROR, "ValueError"),
        (StatusCode.ERROR, "the partition went to another process"),
        (StatusCode.ERROR, "RuntimeError"),
    ]
    assert SECRET not in "".join(span.to_json() for span in traced.ended)


def test_what_can_not_be_exported_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "zipkin")
    with pytest.raises(UsageError, match="set otlp, console or none"):
        provider_of("me")
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "otlp")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
    with pytest.raises(UsageError, match="http/protobuf"):
        provider_of("me")


async def test_spans_go_where_the_standard_variables_say(monkeypatch: pytest.MonkeyPatch) -> None:
    bodies: list[tuple[str, bytes]] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append((self.path, self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Collector) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("OTEL_SERVICE_NAME", "mine")
        provider = provider_of("client-1")
        tracer = BatchTracer(provider.get_tracer("test"), "a-group", "events")
        await tracer.traced(process_directly)(batch_of(record(0)))
        tracer.committed(0, 1, BatchResult([], [], Counts()), 0.1)
        await asyncio.to_thread(provider.shutdown)
        server.shutdown()
    ((path, body),) = bodies
    assert path == "/v1/traces"
    assert b"process events" in body
    assert b"mine" in body


@pytest.mark.kafka
async def test_from_the_producer_to_the_subscriber(deployed: Deployed) -> None:
    traced = Traced()
    sent, header = traced.sent("the collector")
    item = {"id": "item_1", "type": "message", "role": "user", "content": [{"type": "input_text", "text": SECRET}]}
    event = orjson.dumps({"type": "conversation.item.done", "event_id": "e", "item": item})
    stop = asyncio.Event()
    worker = asyncio.create_task(run_worker(deployed.settings(), stop, tracer=traced.batches))
    try:
        message = (0, b"session-1", event)
        await produce(deployed.bootstrap_servers, deployed.input_topic, [message], [("traceparent", header)])
        async with asyncio.timeout(30):
            await _handle_one(deployed, traced)
    finally:
        stop.set()
        await worker
    spans = {span.name: span for span in traced.ended}
    handled, batch = spans["handle"], spans[f"process {'events'}"]
    assert handled.parent is not None
    assert (handled.parent.trace_id, handled.parent.span_id) == (sent.trace_id, sent.span_id)
    assert [link.context.span_id for link in batch.links] == [sent.span_id]
    assert batch.status.status_code is StatusCode.UNSET
    assert SECRET not in "".join(span.to_json() for span in traced.ended)


async def _handle_one(deployed: Deployed, traced: Traced) -> None:
    options: Any = {"bootstrap_servers": deployed.bootstrap_servers, "prefix": deployed.prefix, "start": "earliest"}
    subscription = subscribe(Message, **options)
    async for received in subscription.received():
        with traced.tracer.start_as_current_span("handle", context=context_of(received)):
            assert received.record.text == SECRET
        subscription.stop()
