"""Tells of tools that fail, a JSON line an alert, for whatever sends your alerts.

    python examples/tool_alerts.py

An MCP call that failed, a function's output that says `error`, or arguments a model wrote that are no JSON. An item's
later revisions tell nothing new: each item alerts once while the program runs, and at least once over restarts.
"""

import asyncio
import json
import signal

from topics import FunctionCall, FunctionCallOutput, McpCall, subscribe


def trouble(record: FunctionCall | FunctionCallOutput | McpCall) -> str | None:
    """What went wrong; None where nothing did."""
    match record:
        case McpCall(outcome="failed"):
            said = record.error.message if record.error else None
            return f"{record.server_label}.{record.name} failed: {said or 'no reason given'}"
        case FunctionCallOutput(output={"error": error}):
            return f"{record.name or record.call_id} answered with an error: {error}"
        case FunctionCall() if "arguments_not_json" in record.warnings:
            return f"{record.name} was called with what is no JSON: {record.arguments_raw}"
        case _:
            return None


async def main() -> None:
    records = subscribe(FunctionCall, FunctionCallOutput, McpCall, group="tool-alerts")
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, records.stop)
    told: set[tuple[str | None, str | None]] = set()
    async for record in records:
        what = trouble(record)
        item = (record.session_id, record.item_id)
        if what is not None and item not in told:
            told.add(item)
            alert = {"session_id": record.session_id, "tenant": record.tenant, "item_id": record.item_id, "what": what}
            print(json.dumps(alert, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
