"""Runs the functions a model calls and writes each result to a topic, exactly once.

    python examples/tool_executor.py

Result and offset are one Kafka transaction: a `read_committed` reader of `realtime.tool-results` sees one result a
call, whatever was killed. The topic has to be there. A tool that acts on the world outside of Kafka is to be given
`context.idempotency_key`, the same at every try.
"""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from topics import FunctionCall
from topics.subscribers import Context, GiveUp, subscriber

RESULTS = os.environ.get("TOOL_RESULTS", "realtime.tool-results")


def current_time(zone: str = "UTC") -> str:
    return datetime.now(UTC).astimezone(ZoneInfo(zone)).isoformat(timespec="seconds")


def add(numbers: list[float]) -> float:
    return sum(numbers)


TOOLS: dict[str, Callable[..., Any]] = {"current_time": current_time, "add": add}


@subscriber(
    FunctionCall, group="tool-executor", name=list(TOOLS), where=lambda call: call.revision == 1, transactional=True
)
async def execute(call: FunctionCall, context: Context[FunctionCall]) -> None:
    if not isinstance(call.arguments, dict):
        raise GiveUp(f"the arguments of {call.call_id} are no JSON object: {call.arguments_raw}")
    try:
        result: dict[str, Any] = {"output": TOOLS[call.name or ""](**call.arguments)}
    except (TypeError, ValueError, KeyError) as error:
        result = {"error": f"{type(error).__name__}: {error}"}  # for the model to read: its arguments were wrong
    told = {"id": context.idempotency_key, "session_id": call.session_id, "call_id": call.call_id, "name": call.name}
    context.send(RESULTS, told | result)


if __name__ == "__main__":
    execute.main()
