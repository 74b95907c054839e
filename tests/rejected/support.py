"""Rejected records of every reason, made by the real worker, and the values that put them right."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import orjson

from pipeline.core import CoreSettings, Partition
from pipeline.core.records import Output
from pipeline.rejected.record import Rejected, rejected_record
from pipeline.settings import Settings
from pipeline.streaming import StreamStats
from pipeline.worker.run import run_worker
from tests.core.events import Record

REASONS = (
    "empty", "not_json", "not_object", "type_missing", "item_missing", "item_invalid", "too_large", "internal_error",
)  # fmt: skip
MAX_EVENT_BYTES = 2048
BROKEN_TYPE = "conversation.item.retrieved"
"""The type of event that `broken` has no luck with."""


def message(item_id: str, text: str = "put right", type: str = "conversation.item.done") -> dict[str, Any]:
    content = [{"type": "input_text", "text": text}]
    item = {"id": item_id, "type": "message", "role": "user", "status": "completed", "content": content}
    return {"type": type, "event_id": f"event_{item_id}", "item": item}


def bad_value(reason: str, item_id: str) -> bytes | None:
    """What is rejected for this reason; `item_id` is the item it would be, once put right."""
    whole = message(item_id)
    match reason:
        case "empty":
            return None
        case "not_json":
            return orjson.dumps(whole)[:-2]
        case "not_object":
            return orjson.dumps([whole])
        case "type_missing":
            return orjson.dumps({"event_id": whole["event_id"], "item": whole["item"]})
        case "item_missing":
            return orjson.dumps({"type": whole["type"], "event_id": whole["event_id"]})
        case "item_invalid":
            return orjson.dumps(whole | {"item": {**whole["item"], "type": None}})
        case "too_large":
            return orjson.dumps(message(item_id, "x" * MAX_EVENT_BYTES))
        case _:
            return orjson.dumps(message(item_id, type=BROKEN_TYPE))


def broken(*_: Any) -> None:
    """A handler with a mistake."""
    raise ZeroDivisionError("oh no")


def rejected_by_core(value: bytes | None, headers: Any = (), **settings: Any) -> Rejected:
    """The rejected record the core makes of a value."""
    core = Partition(CoreSettings(**settings))
    outputs = core.process([Record(value, headers=list(headers), offset=7, partition=3)]).outputs
    (out,) = [output for output in outputs if output.topic == "realtime.rejected"]
    return as_rejected(out)


def as_rejected(out: Output, offset: int = 12) -> Rejected:
    """An output of the core as read from the rejected topic."""
    return rejected_record(Record(out.value, out.key, out.headers, offset, out.timestamp, "realtime.rejected", 3))


async def work(settings: Settings, until: Callable[[dict[str, Any]], bool], seconds: float = 120) -> None:
    """Run the worker until its counters say so."""
    stats, stop = StreamStats(), asyncio.Event()
    worker = asyncio.create_task(run_worker(settings, stop, stats=stats))
    deadline = time.monotonic() + seconds
    try:
        while not until(stats.snapshot()) and not worker.done():
            assert time.monotonic() < deadline, stats.snapshot()
            await asyncio.sleep(0.05)
    finally:
        stop.set()
        await worker
