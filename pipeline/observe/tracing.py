"""One span a batch, linked to the traces of the events in it. OpenTelemetry's own variables say where spans go.

The outputs carry the event's `traceparent` unchanged (the core sees to it), so a subscriber's span belongs to the trace
of whoever sent the event, whatever the worker's own spans do. Nothing of this runs while the setting `tracing` is off.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any, cast

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter, SpanExporter
from opentelemetry.trace import (
    INVALID_SPAN,
    Link,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    Tracer,
    get_current_span,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from pipeline import __version__
from pipeline.core.records import BatchResult, InputRecord
from pipeline.errors import UsageError
from pipeline.streaming.batch import Batch, Handler

SERVICE = "itemstream"
TRACEPARENT = "traceparent"
MAX_LINKS = 128
"""Links of one span; how many more traces there were is an attribute."""

_EXPORTERS = {"otlp": OTLPSpanExporter, "console": ConsoleSpanExporter}
_PROPAGATOR = TraceContextTextMapPropagator()


class BatchTracer:
    """Starts a span when a batch is processed and ends it when it is committed; an observer of the stream.

    A span tells of topics, offsets and counts, never of what is in a record.
    """

    def __init__(self, tracer: Tracer, group: str, input_topic: str) -> None:
        self._tracer = tracer
        self._name = f"process {input_topic}"
        self._common = {
            "messaging.system": "kafka",
            "messaging.operation.type": "process",
            "messaging.destination.name": input_topic,
            "messaging.consumer.group.name": group,
        }
        self._open: dict[int, deque[tuple[int, Span]]] = {}
        """By partition: the offset after each batch that is not committed, and its span."""

    def traced(self, handler: Handler) -> Handler:
        """The handler, with a span around what it begins."""

        async def process(batch: Batch) -> BatchResult:
            span = self._begin(batch)
            try:
                result = await handler(batch)
            except BaseException as error:
                _fail(span, error)
                raise
            span.set_attributes(
                {
                    "itemstream.outputs": len(result.outputs),
                    "itemstream.records.used": result.counts.used,
                    "itemstream.records.rejected": sum(result.counts.rejected.values()),
                }
            )
            return result

        return process

    def committed(self, partition: int, next_offset: int, result: BatchResult, seconds: float) -> None:
        """End the spans of the batches that are durable now."""
        spans = self._open.get(partition)
        while spans and spans[0][0] <= next_offset:
            _, span = spans.popleft()
            span.set_attribute("itemstream.transaction.seconds", seconds)
            span.end()

    def failed(self, partition: int, error: BaseException) -> None:
        """End the spans of the batches in flight: nothing of them counts."""
        for _, span in self._open.pop(partition, ()):
            _fail(span, error)

    def _begin(self, batch: Batch) -> Span:
        records = batch.records.kept()
        if not records:  # all of them were compacted away
            return INVALID_SPAN
        first = records[0]
        spans = self._open.setdefault(first.partition, deque())
        while spans and spans[-1][0] > first.offset:  # taken from us with the partition, and it came back
            _, lost = spans.pop()
            lost.set_status(Status(StatusCode.ERROR, "the partition went to another process"))
            lost.end()
        contexts = list(contexts_of(records))
        span = self._tracer.start_span(
            self._name,
            kind=SpanKind.CONSUMER,
            links=[Link(context) for context in contexts[:MAX_LINKS]],
            attributes={
                **self._common,
                "messaging.destination.partition.id": str(first.partition),
                "messaging.kafka.offset": first.offset,
                "messaging.batch.message_count": len(records),
                "itemstream.traces": len(contexts),
            },
        )
        spans.append((batch.next_offset, span))
        return span


def contexts_of(records: Iterable[InputRecord]) -> Iterator[SpanContext]:
    """The contexts that the records carry, each once; headers that are none are passed over."""
    seen: set[bytes] = set()
    for record in records:
        told = dict(record.headers).get(TRACEPARENT)
        if told and told not in seen:
            seen.add(told)
            context = get_current_span(
                _PROPAGATOR.extract({TRACEPARENT: told.decode(errors="replace")})
            ).get_span_context()
            if context.is_valid:
                yield context


def provider_of(client_id: str) -> TracerProvider:
    """Spans to where OTEL_TRACES_EXPORTER (`otlp`, `console`, `none`) and OTEL_EXPORTER_OTLP_… say.

    Raises UsageError for an exporter or protocol that is not there.
    """
    attributes = {"service.version": __version__, "service.instance.id": client_id}
    if not os.environ.get("OTEL_SERVICE_NAME"):
        attributes["service.name"] = SERVICE
    provider = TracerProvider(resource=Resource.create(cast(Any, attributes)))
    if (exporter := _exporter()) is not None:
        provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider


def _exporter() -> SpanExporter | None:
    name = os.environ.get("OTEL_TRACES_EXPORTER") or "otlp"
    if name == "none":
        return None
    if name not in _EXPORTERS:
        raise UsageError(f"OTEL_TRACES_EXPORTER is {name}: set otlp, console or none")
    protocol = os.environ.get("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL") or os.environ.get("OTEL_EXPORTER_OTLP_PROTOCOL")
    if name == "otlp" and protocol not in (None, "", "http/protobuf"):
        raise UsageError(f"OTEL_EXPORTER_OTLP_PROTOCOL is {protocol}: set http/protobuf, the collector's port 4318")
    return _EXPORTERS[name]()


def _fail(span: Span, error: BaseException) -> None:
    # The error's text may quote a record.
    span.set_status(Status(StatusCode.ERROR, type(error).__name__))
    span.end()
