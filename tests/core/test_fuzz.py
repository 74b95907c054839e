"""No input, however broken, raises, stops anything, or leaves half of itself behind."""

from __future__ import annotations

from random import Random

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core import CoreSettings, Partition
from pipeline.core.handlers import FIRST_OUTPUTS, HANDLERS
from tests.core.events import START_MS, Out, Record, state_of
from tests.core.fuzz_core import fuzz, unreadable
from tests.core.mutate import MUTATIONS, NAMES, mutated
from tests.core.published import check_published
from tests.core.simulated import stream


def test_five_thousand_broken_events() -> None:
    figures = fuzz(5_000, 11)
    assert figures.problems == []
    assert figures.inputs == figures.used + figures.ignored + sum(figures.rejected.values()) == 5_000
    assert {"empty", "not_json", "not_object", "item_missing", "item_invalid", "type_missing"} <= set(figures.rejected)


def test_broken_events_among_whole_ones_cost_no_session() -> None:
    """Broken copies of a session's events among them: everything whole still comes out."""
    records = stream(5, 3)
    random = Random(5)
    among: list[Record] = []
    for record in records:
        among.append(record)
        if random.random() < 0.3:
            cut = Record((record.value or b"")[:-1], record.key, record.headers, record.offset, record.timestamp)
            among.append(cut)
    plain, mixed = Partition(CoreSettings()), Partition(CoreSettings())
    wanted = [*plain.process(records).outputs, *plain.end().outputs]
    got = [*mixed.process(among).outputs, *mixed.end().outputs]
    assert [output for output in got if not output.topic.endswith(".rejected")] == wanted


def test_whatever_comes_out_is_as_published() -> None:
    random = Random(8)
    partition = Partition(CoreSettings())
    records = [one for record in stream(8, 12) for one in (record, mutated(random, record)[1])]
    outputs = [*partition.process(records).outputs, *partition.end().outputs]
    outs = [Out(output) for output in outputs if not output.topic.endswith(".rejected")]
    assert len({out.topic for out in outs}) > 4
    for out in outs:
        check_published(out)


@settings(max_examples=settings().max_examples // 2)
@given(st.integers(0, 2**16))
def test_a_rejected_event_leaves_the_state_as_it_was(seed: int) -> None:
    random = Random(seed)
    partition = Partition(CoreSettings(max_output_bytes=2_000))
    rejected = 0
    for record in stream(seed, 1):
        record.timestamp = START_MS
        partition.process([record])
        name, bad = mutated(random, record)
        if bad.key != record.key or bad.headers != record.headers or bad.timestamp != record.timestamp:
            continue  # of another session, or another time
        before = state_of(partition)
        result = partition.process([bad])
        if result.counts.rejected:
            rejected += 1
            assert state_of(partition) == before, name
            assert [output.topic for output in result.outputs] == ["realtime.rejected"]
            assert result.changes == [] or {key: before[key] for key, _ in result.changes} == dict(result.changes)
    assert rejected


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["", "a", "b", "r", "message", "function_call", "function_call_output", "in_progress", "{}"])
    | st.text(st.characters(exclude_categories=("Cs",)), max_size=5),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.sampled_from(NAMES), below, max_size=5),
    max_leaves=12,
)  # fmt: skip
things = st.fixed_dictionaries(
    {
        "id": st.sampled_from(["a", "b", "c"]),
        "type": st.sampled_from(["message", "function_call", "function_call_output", "mcp_call", "mcp_list_tools",
                                 "mcp_approval_request", "mcp_approval_response", "other"]),
    },
    optional=dict.fromkeys(NAMES[4:], values),
)  # fmt: skip
likely = {
    "item": things,
    "item_id": st.sampled_from(["a", "b", "c"]),
    "response": st.fixed_dictionaries(
        {"id": st.sampled_from(["r", "s"])}, optional={"output": st.lists(things, max_size=3), "usage": values}
    ),
    "response_id": st.sampled_from(["r", "s"]),
}
events = st.fixed_dictionaries(
    {"type": st.sampled_from([*HANDLERS, *FIRST_OUTPUTS])},
    optional={**dict.fromkeys(NAMES[2:], values), **likely, "event_id": st.sampled_from(["1", "2", "3", None])},
)


@settings(max_examples=settings().max_examples * 3)
@given(st.lists(events, max_size=25))
def test_events_of_any_shape(told: list[dict[str, object]]) -> None:
    partition = Partition(CoreSettings())
    records = [Record(orjson.dumps(event), offset=offset) for offset, event in enumerate(told)]
    result = partition.process(records)
    outputs = [*result.outputs, *partition.end().outputs]
    assert "internal_error" not in result.counts.rejected
    assert [problem for output in outputs if (problem := unreadable(output))] == []
    again = Partition(CoreSettings())
    split = [output for record in records for output in again.process([record]).outputs] + again.end().outputs
    assert split == outputs


@pytest.mark.parametrize("name", MUTATIONS)
def test_every_mutation_makes_a_record_that_ends_somehow(name: str) -> None:
    random = Random(name)
    partition = Partition(CoreSettings())
    for record in stream(9, 1)[:200]:
        result = partition.process([MUTATIONS[name](random, record)])
        counts = result.counts
        assert counts.used + counts.ignored + sum(counts.rejected.values()) == 1
        assert "internal_error" not in counts.rejected
