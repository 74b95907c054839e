"""Records told as a conversation."""

from typing import Any

import orjson

from pipeline.core import CoreSettings
from pipeline.demo.story import latest, tell
from pipeline.recorded import read_lines, run


def item(name: str, previous: str | None = None, revision: int = 1, sequence: int = 1, **fields: Any) -> dict[str, Any]:
    return {
        "item_id": name,
        "previous_item_id": previous,
        "revision": revision,
        "session_sequence": sequence,
        **fields,
    }


def records_of(*events: dict[str, Any]) -> list[dict[str, Any]]:
    lines = (orjson.dumps(event) for event in events)
    return [orjson.loads(output.value or b"") for output in run(read_lines(lines, "f", "s"), CoreSettings())]


def message(name: str, previous: str | None, role: str, text: str) -> dict[str, Any]:
    content = [{"type": "input_text" if role == "user" else "output_text", "text": text}]
    sent = {"id": name, "type": "message", "role": role, "status": "completed", "content": content}
    return {"type": "conversation.item.done", "event_id": f"e-{name}", "previous_item_id": previous, "item": sent}


def test_the_highest_revision_of_each_item_holds():
    assert [one["revision"] for one in latest([item("a"), item("a", revision=2, sequence=2)])] == [2]


def test_items_follow_their_predecessors_whatever_came_out_first():
    told = latest([item("answer", "question", sequence=1), item("question", sequence=2), item("next", "answer", 1, 3)])
    assert [one["item_id"] for one in told] == ["question", "answer", "next"]


def test_an_item_of_an_unknown_predecessor_is_told_all_the_same():
    assert [one["item_id"] for one in latest([item("a", "gone"), item("b", sequence=2)])] == ["a", "b"]


def test_tells_who_said_what_and_what_a_tool_returned():
    call = {"id": "c", "type": "function_call", "call_id": "1", "name": "weather", "arguments": '{"city":"Oslo"}'}
    output = {"id": "o", "type": "function_call_output", "call_id": "1", "output": "fog"}
    lines = [
        line.plain
        for line in tell(
            records_of(
                message("u", None, "user", "Is it foggy?"),
                {"type": "conversation.item.done", "event_id": "e1", "previous_item_id": "u", "item": call},
                {"type": "conversation.item.done", "event_id": "e2", "previous_item_id": "c", "item": output},
                message("a", "o", "assistant", "Yes."),
            )
        )
    ]
    assert [line.split("  (")[0].strip() for line in lines] == [
        "user  Is it foggy?",
        'calls  weather({"city":"Oslo"})',
        "result  weather → fog",
        "assistant  Yes.",
    ]
