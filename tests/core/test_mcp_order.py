"""An MCP call whose item is finished before the provider carries it out."""

import orjson

from pipeline.core import CoreSettings
from pipeline.recorded import read_lines, run


def test_the_call_lasts_from_its_start_to_its_end_not_to_its_items_first_finish():
    call = {"id": "c", "type": "mcp_call", "name": "find", "arguments": "{}", "output": None, "error": None}
    steps = [
        ("00", {"type": "response.output_item.done", "response_id": "r", "output_index": 0, "item": call}),
        ("01", {"type": "response.mcp_call.in_progress", "item_id": "c"}),
        ("03", {"type": "response.mcp_call.completed", "item_id": "c"}),
        ("03", {"type": "conversation.item.done", "item": {**call, "output": "[1]"}}),
    ]
    lines = [
        orjson.dumps({"time": f"2026-01-31T12:00:{second}Z", "event": {**event, "event_id": str(number)}})
        for number, (second, event) in enumerate(steps)
    ]
    *_, last = run(read_lines(lines, "f", "s"), CoreSettings())
    record = orjson.loads(last.value or b"")
    assert (record["duration_ms"], record["outcome"], record["output"]) == (2000, "succeeded", [1])
