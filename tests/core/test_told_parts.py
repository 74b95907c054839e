"""Parts told by part events, whatever is in them."""

import orjson

from pipeline.core import CoreSettings
from pipeline.recorded import read_lines, run


def test_a_told_text_that_is_no_text_costs_the_item_nothing():
    part = {"type": "audio", "text": [1], "transcript": "hi"}
    item = {"id": "i", "type": "message", "role": "assistant", "content": [{"type": "output_audio"}]}
    events = [
        {"type": "response.content_part.done", "event_id": "1", "item_id": "i", "content_index": 0, "part": part},
        {"type": "conversation.item.done", "event_id": "2", "item": item},
    ]
    (output,) = run(read_lines(map(orjson.dumps, events), "f", "s"), CoreSettings())
    assert orjson.loads(output.value or b"")["text"] == "hi"


def test_told_words_fill_a_part_that_came_with_an_empty_text():
    part = {"type": "audio", "transcript": "hi"}
    content = [{"type": "output_audio", "transcript": ""}]
    item = {"id": "i", "type": "message", "role": "assistant", "content": content}
    events = [
        {"type": "response.content_part.done", "event_id": "1", "item_id": "i", "content_index": 0, "part": part},
        {"type": "conversation.item.done", "event_id": "2", "item": item},
    ]
    (output,) = run(read_lines(map(orjson.dumps, events), "f", "s"), CoreSettings())
    assert orjson.loads(output.value or b"")["parts"] == [{"type": "output_audio", "transcript": "hi"}]
