"""What events cost, counted in function calls: the same on every machine, so a regression shows without a clock."""

import sys
import tracemalloc
from collections.abc import Callable
from typing import Any, NamedTuple

import orjson

from pipeline.core import CoreSettings, Partition


class Record(NamedTuple):
    value: bytes
    offset: int
    key: bytes = b"s"
    topic: str = "t"
    partition: int = 0
    timestamp: int = 1_780_000_000_000
    timestamp_type: int = 0
    headers: tuple[tuple[str, bytes], ...] = ()


def calls(work: Callable[[], Any]) -> int:
    """Python and C function calls made by `work`."""
    count = 0

    def profile(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(profile)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def cost(core: Partition, event: dict[str, Any], number: int) -> int:
    """Calls for one event, less those of a batch without any."""
    record = Record(orjson.dumps(event), number)
    return calls(lambda: core.process([record])) - calls(lambda: core.process([]))


def item(number: int) -> dict[str, Any]:
    content = [{"type": "input_text", "text": "words"}]
    sent = {"id": f"i{number}", "type": "message", "role": "user", "status": "completed", "content": content}
    return {
        "type": "conversation.item.done",
        "event_id": f"e{number}",
        "previous_item_id": f"i{number - 1}",
        "item": sent,
    }


def response(number: int) -> dict[str, Any]:
    told = {"id": f"r{number}", "status": "completed", "output": []}
    return {"type": "response.done", "event_id": f"re{number}", "response": told}


def test_a_delta_is_passed_by_in_a_few_calls():
    core = Partition(CoreSettings())
    core.process([Record(orjson.dumps(item(0)), 0)])
    delta = {"type": "response.output_audio.delta", "event_id": "d", "response_id": "r", "delta": "AAAA" * 1000}
    assert cost(core, delta, 1) <= 7


def test_an_item_that_is_told_again_is_not_built_again():
    core = Partition(CoreSettings())
    core.process([Record(orjson.dumps(item(0)), 0)])
    again = {**item(0), "type": "response.output_item.done", "event_id": "again"}
    assert cost(core, again, 1) <= 78


def test_an_item_and_a_response_come_out_in_so_many_calls():
    core = Partition(CoreSettings())
    core.process([Record(orjson.dumps(item(0)), 0)])
    assert cost(core, item(1), 1) <= 174
    assert cost(core, response(1), 2) <= 163


def test_an_item_is_kept_in_no_more_bytes_than_it_has():
    core = Partition(CoreSettings())
    core.process([Record(orjson.dumps(item(number)), number) for number in range(100)])
    tracemalloc.start()
    core.process([Record(orjson.dumps(item(number)), number) for number in range(100, 600)])
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept / 500 <= 2_000


def test_an_item_costs_the_same_however_many_came_before_it():
    core = Partition(CoreSettings())
    for number in range(20):
        core.process([Record(orjson.dumps(item(number)), number)])
    early = cost(core, item(20), 20)
    for number in range(21, 3000):  # past the bound, where the oldest leaves with each new one
        core.process([Record(orjson.dumps(item(number)), number)])
    assert cost(core, item(3000), 3000) <= early * 1.5


def test_a_response_costs_the_same_however_many_came_before_it():
    core = Partition(CoreSettings())
    core.process([Record(orjson.dumps(response(0)), 0)])
    early = cost(core, response(1), 1)
    for number in range(2, 2000):
        core.process([Record(orjson.dumps(response(number)), number)])
    assert cost(core, response(2000), 2000) <= early * 1.1


def test_an_event_costs_the_same_however_many_sessions_are_open():
    core = Partition(CoreSettings())
    early = cost(core, item(0), 0)
    for number in range(1, 3000):
        core.process([Record(orjson.dumps(item(number)), number, b"session-%d" % number)])
    assert cost(core, item(3000), 3000) <= early * 1.1


def test_what_a_batch_writes_of_the_state_does_not_grow_with_the_session():
    core = Partition(CoreSettings())
    sizes = []
    for number in range(3000):
        result = core.process([Record(orjson.dumps(item(number)), number)])
        sizes.append(sum(len(value or b"") for _, value in result.changes))
    assert max(sizes[2000:]) <= max(sizes[:100]) * 1.5
