"""Events and records of any content: none of them makes a question for raw events fail."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.console.kafka.event_span import traces_of
from pipeline.console.kafka.session_events import is_about
from pipeline.console.models import Entry

json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.just("item_1"),
    lambda below: (
        st.lists(below, max_size=3)
        | st.dictionaries(st.sampled_from(("id", "item_id", "item", "response", "output", "item_1")), below, max_size=4)
    ),
    max_leaves=12,
)


@given(body=json)
def test_any_event(body: Any) -> None:
    assert is_about(orjson.dumps(body), "item_1") in (True, False)


@pytest.mark.parametrize("other", [{"id": "item_1"}, ["item_1"], 1, None, True])
def test_what_is_no_text_is_no_id(other: Any) -> None:
    """And does not hide one that is."""
    for event in ({"item_id": other}, {"item": {"id": other}}, {"response": {"output": [{"id": other}]}}):
        value = orjson.dumps(event | {"event_id": "item_1"})
        assert not is_about(value, "item_1")
        told = orjson.loads(value)
        told.setdefault("item_id", "item_1")
        told.setdefault("item", {"id": "item_1"})
        assert is_about(orjson.dumps(told), "item_1")


def entry(source: Any) -> Entry:
    record = {"id": "r"} if source is ... else {"id": "r", "source": source}
    return Entry.model_construct(record=record)


@pytest.mark.parametrize(
    "source",
    [
        ...,
        None,
        "[redacted]",
        [],
        {},
        {"topic": {}, "partition": 0, "offset": 0},
        {"topic": "t", "partition": "0", "offset": 0},
        {"topic": "t", "partition": 2**40, "offset": 0},
        {"topic": "t", "partition": 0, "offset": True},
        {"topic": "t", "partition": 0, "offset": -1},
    ],
)
def test_a_record_without_a_place_is_passed_over(source: Any) -> None:
    good = entry({"topic": "t", "partition": 1, "offset": 7})
    ((place, traces),) = traces_of([entry(source), good]).items()
    assert (place.topic, place.partition, traces.first, traces.last) == ("t", 1, 7, 7)
