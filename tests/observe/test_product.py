"""The metrics of the product are what the records say."""

from collections import Counter
from typing import Any

import orjson

from pipeline.core import CoreSettings, Partition
from pipeline.core.handlers import FIRST_OUTPUTS, HANDLERS
from pipeline.observe import metrics as m
from pipeline.observe.product import Product
from pipeline.simulate import interleave, sessions
from tests.core.events import Record
from tests.core.simulated import records_of


def test_counted_as_the_records_of_simulated_sessions_say() -> None:
    core, product = Partition(CoreSettings()), Product()
    result = core.process(records_of(interleave(sessions(5, 120))))
    product.note(result.notes)
    counts, spans = dict(product.counts()), dict(product.spans())
    values: list[tuple[str, dict[str, Any]]] = [
        (output.topic.removeprefix("realtime."), orjson.loads(output.value or b"")) for output in result.outputs
    ]
    calls, tokens, responses = Counter[Any](), Counter[Any](), Counter[Any]()
    waits: list[float] = []
    failed = Counter[Any]()
    for topic, value in values:
        if topic == "items.function-calls" and value["revision"] == 1:
            calls["function", value["name"]] += 1
        elif topic == "items.mcp-calls" and value["revision"] == 1:
            calls["mcp", value["name"]] += 1
            failed["mcp", value["name"], "failed"] += value["outcome"] == "failed"
        elif topic == "responses":
            responses[value["status"], value["model"] or "unknown"] += 1
            for name, number in (value["usage"] or {}).items():
                if name != "total_tokens":
                    tokens[name.removesuffix("_tokens"), value["model"] or "unknown"] += number or 0
            if (wait := value["timing"]["speech_end_to_first_output_ms"]) is not None:
                waits.append(wait)
    assert counts[m.TOOL_CALLS] == dict(calls)
    assert {key: number for key, number in counts[m.TOOL_FAILURES].items() if key[2] == "failed"} == dict(+failed)
    assert counts[m.RESPONSES] == dict(responses)
    assert counts[m.TOKENS] == dict(+tokens)
    assert sum(one.total for one in spans[m.RESPONSE_WAIT].values()) == sum(waits)
    assert waits
    assert failed
    assert sum(sum(one.counts) for one in spans[m.TOOL_SECONDS].values()) > 0


def test_used_records_are_counted_by_a_type_of_the_table() -> None:
    core = Partition(CoreSettings())
    counts = core.process(records_of(interleave(sessions(6, 60)))).counts
    assert sum(counts.types.values()) == counts.used
    assert counts.types.keys() <= {*HANDLERS, *FIRST_OUTPUTS}
    assert counts.types["response.done"] > 0


def test_notes_of_an_event_that_turns_out_unusable_are_taken_back() -> None:
    # Its record is larger than any topic takes, which shows when it is written.
    core = Partition(CoreSettings(max_output_bytes=2_000))
    call = {"id": "item_1", "type": "function_call", "name": "f", "arguments": "{}", "call_id": "c", "x": "y" * 3_000}
    event = {"type": "conversation.item.done", "event_id": "e", "item": call}
    result = core.process([Record(orjson.dumps(event))])
    assert result.counts.rejected == {"too_large": 1}
    assert result.notes == []
