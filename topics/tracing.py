"""The trace a record belongs to, for OpenTelemetry (`pip install 'itemstream[tracing]'`).

>>> async for received in subscription.received():  # doctest: +SKIP
...     with tracer.start_as_current_span("bill", context=context_of(received)): ...

The span is then a child of the one in which the event was sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from topics.subscriptions.received import Received

if TYPE_CHECKING:
    from opentelemetry.context import Context

_HEADERS = ("traceparent", "tracestate")


def context_of(received: Received[Any]) -> Context:
    """The record's trace context; an empty one where it carries none, which begins a trace of its own.

    Raises ImportError, saying what to install, where OpenTelemetry is missing.
    """
    try:
        from opentelemetry.context import Context
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
    except ImportError as missing:
        raise ImportError("OpenTelemetry is missing; get it with: pip install 'itemstream[tracing]'") from missing
    told = {name: value.decode(errors="replace") for name in _HEADERS if (value := received.header(name))}
    return TraceContextTextMapPropagator().extract(told, context=Context())
