"""Metrics of the product: which tools are called, how long users wait, what it costs. Made of the core's notes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from pipeline.core.records import Note
from pipeline.observe.metric import Metric
from pipeline.observe.metrics import (
    RESPONSE_FIRST,
    RESPONSE_SECONDS,
    RESPONSE_WAIT,
    RESPONSES,
    TOKENS,
    TOOL_CALLS,
    TOOL_FAILURES,
    TOOL_SECONDS,
)
from pipeline.observe.top_names import OTHER, UNKNOWN, TopNames
from pipeline.streaming.distribution import Distribution

SPAN_MS = (50, 100, 200, 300, 500, 750, 1_000, 1_500, 2_000, 3_000, 5_000, 10_000, 30_000, 60_000)
STATUSES = frozenset({"completed", "cancelled", "failed", "incomplete", "in_progress"})

_SETTLING = frozenset({"item_done", "output_item_done", "response_done"})
"""Causes by which an MCP call that came out early gets its outcome."""

Labels = tuple[str, ...]

_TIMINGS = (
    (RESPONSE_WAIT, "speech_end_to_first_output_ms"),
    (RESPONSE_FIRST, "first_output_ms"),
    (RESPONSE_SECONDS, "done_ms"),
)


class Product:
    """Counters and spans by metric and labels. Names of tools and models are bounded, see `TopNames`."""

    def __init__(self) -> None:
        self._counts: dict[Metric, dict[Labels, int]] = {m: {} for m in (TOOL_CALLS, TOOL_FAILURES, RESPONSES, TOKENS)}
        self._spans: dict[Metric, dict[Labels, Distribution]] = {
            metric: {} for metric in (TOOL_SECONDS, *(metric for metric, _ in _TIMINGS))
        }
        self._tools = {"function": TopNames(), "mcp": TopNames()}
        self._models = TopNames()
        self._take: dict[str, Callable[[Note], None]] = {
            "function_call": self._function_call,
            "function_call_output": self._function_output,
            "mcp_call": self._mcp_call,
            "response": self._response,
        }

    def note(self, notes: Iterable[Note]) -> None:
        """Count the notes of a batch that is committed."""
        for one in notes:
            self._take[one.kind](one)

    def counts(self) -> Iterator[tuple[Metric, dict[Labels, int]]]:
        """Every counter."""
        yield from self._counts.items()

    def spans(self) -> Iterator[tuple[Metric, dict[Labels, Distribution]]]:
        """Every histogram, in milliseconds."""
        yield from self._spans.items()

    def _function_call(self, note: Note) -> None:
        if note.revision == 1:
            name = self._tool("function", note)
            self._add(TOOL_CALLS, "function", name)
            self._check_arguments("function", name, note)

    def _function_output(self, note: Note) -> None:
        # The call may come after its output: then the join makes a further revision.
        if note.revision == 1 or note.cause == "joined":
            self._span(
                TOOL_SECONDS, note.content.get("latency_ms"), "function", self._tool("function", note, use=False)
            )

    def _mcp_call(self, note: Note) -> None:
        name = self._tool("mcp", note, use=note.revision == 1)
        failed = note.content.get("outcome") == "failed"
        if note.revision == 1:
            self._add(TOOL_CALLS, "mcp", name)
            self._check_arguments("mcp", name, note)
            self._span(TOOL_SECONDS, note.content.get("duration_ms"), "mcp", name)
        if failed and (note.revision == 1 or note.cause in _SETTLING):
            self._add(TOOL_FAILURES, "mcp", name, "failed")

    def _response(self, note: Note) -> None:
        model, fields = self._model(note.model), note.content
        status = fields.get("status")
        self._add(RESPONSES, status if status in STATUSES else OTHER if status else UNKNOWN, model)
        timing: dict[str, Any] = fields.get("timing") or {}
        for metric, name in _TIMINGS:
            self._span(metric, timing.get(name), model)
        usage: dict[str, Any] = fields.get("usage") or {}
        for name, number in usage.items():
            if number and number > 0 and name != "total_tokens":
                self._add(TOKENS, name.removesuffix("_tokens"), model, number=number)

    def _check_arguments(self, kind: str, name: str, note: Note) -> None:
        if "arguments_not_json" in note.content["warnings"]:
            self._add(TOOL_FAILURES, kind, name, "arguments_not_json")

    def _tool(self, kind: str, note: Note, use: bool = True) -> str:
        names = self._tools[kind]
        told = note.content.get("name")
        if not use:
            return names.known(told)
        name, gone = names.label(told)
        if gone is not None:
            for holder in (self._counts[TOOL_CALLS], self._counts[TOOL_FAILURES], self._spans[TOOL_SECONDS]):
                _end(holder, lambda labels: labels[:2] == (kind, gone))
        return name

    def _model(self, told: str | None) -> str:
        name, gone = self._models.label(told)
        if gone is not None:
            for holder in (self._counts[RESPONSES], self._counts[TOKENS], *(self._spans[m] for m, _ in _TIMINGS)):
                _end(holder, lambda labels: labels[-1] == gone)
        return name

    def _add(self, metric: Metric, *labels: str, number: int = 1) -> None:
        counts = self._counts[metric]
        counts[labels] = counts.get(labels, 0) + number

    def _span(self, metric: Metric, milliseconds: int | None, *labels: str) -> None:
        if milliseconds is not None:
            spans = self._spans[metric]
            if labels not in spans:
                spans[labels] = Distribution(SPAN_MS)
            spans[labels].note(max(0, milliseconds))


def _end(holder: dict[Labels, Any], gone: Callable[[Labels], bool]) -> None:
    for labels in [labels for labels in holder if gone(labels)]:
        del holder[labels]
