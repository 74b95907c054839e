"""Whatever clients call their tools, there are only so many labels."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.exposition import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from pipeline.core import BatchResult, CoreSettings, Counts, Partition
from pipeline.core.records import Note
from pipeline.observe.collector import StreamCollector
from pipeline.observe.families import registry_of
from pipeline.observe.metrics import BUILD, MAX_NAMES, TOOL_CALLS, TOOL_SECONDS
from pipeline.observe.product import Product
from pipeline.observe.top_names import CANDIDATES_PER_NAME, MAX_LENGTH, OTHER, UNKNOWN, TopNames
from pipeline.streaming import StreamStats
from pipeline.streaming.standing import Standing

HOSTILE = ['"}\n# HELP x', "a\nb", "\\", "\x00\x1b[31m", "x" * 10_000, "other", "unknown", "", "{}", "\u202e", "\ufeff"]


def call(name: str | None, revision: int = 1) -> Note:
    return Note("function_call", revision, "item_done", None, {"name": name, "warnings": ()})


def result_of(name: str, latency_ms: int) -> Note:
    return Note("function_call_output", 1, "item_done", None, {"name": name, "latency_ms": latency_ms})


def exposition(product: Product) -> bytes:
    build = dict.fromkeys(BUILD.labels, "x")
    return generate_latest(registry_of(StreamCollector(StreamStats(), Standing, product, build, 120)))


def test_the_most_used_get_a_label_and_a_flood_pushes_out_nobody() -> None:
    names = TopNames(3)
    for name in ("a", "b", "c") * 5:
        assert names.label(name) == (name, None)
    for number in range(100_000):
        assert names.label(f"made-up-{number}") == (OTHER, None)
    assert len(names._candidates) <= 3 * CANDIDATES_PER_NAME + 1
    assert names.label("a") == ("a", None)


def test_one_that_is_used_more_takes_the_place_of_the_least_used() -> None:
    names = TopNames(2)
    for name in ("squatter-1", "squatter-2", "squatter-2"):
        names.label(name)
    assert names.label("weather") == (OTHER, None)
    assert names.label("weather") == ("weather", "squatter-1")
    assert names.label("squatter-1") == (OTHER, None)
    assert names.known("weather") == "weather"
    assert names.known("never") == OTHER
    assert names.known(None) == UNKNOWN


@given(st.lists(st.text(), max_size=300))
def test_labels_are_few_printable_and_short(told: list[str]) -> None:
    names = TopNames(5)
    labels = {names.label(name)[0] for name in told + HOSTILE}
    live = labels & set(names._named)
    assert len(live) <= 5
    assert all(label.isprintable() and 0 < len(label) <= MAX_LENGTH + 1 for label in labels)


def test_hostile_names_leave_the_exposition_whole_and_small() -> None:
    product = Product()
    product.note(call(name) for name in HOSTILE)
    product.note(call(f"tool-{number}") for number in range(50_000))
    product.note(result_of(f"tool-{number}", 5) for number in range(50_000))
    text = exposition(product).decode()
    (calls,) = [one for one in text_string_to_metric_families(text) if one.name + "_total" == TOOL_CALLS.name]
    assert len(calls.samples) <= MAX_NAMES + 2
    assert sum(sample.value for sample in calls.samples) == len(HOSTILE) + 50_000
    assert len(text) < 200_000


def test_the_series_of_a_name_end_with_its_label() -> None:
    product = Product()
    product.note([call(f"early-{number}") for number in range(MAX_NAMES)])
    product.note([result_of("early-0", 5)])
    product.note([call("late"), call("late")])
    counts = dict(product.counts())[TOOL_CALLS]
    assert counts[("function", "late")] == 1
    assert counts[("function", OTHER)] == 1
    assert ("function", "early-0") not in counts
    assert dict(product.spans())[TOOL_SECONDS] == {}


@pytest.mark.parametrize("name", [None, ""])
def test_a_call_without_a_name(name: str | None) -> None:
    product = Product()
    product.note([call(name), call("x", revision=2)])
    assert dict(product.counts())[TOOL_CALLS] == {("function", UNKNOWN): 1}


def test_an_empty_partition_has_a_size() -> None:
    partition = Partition(CoreSettings())
    assert partition.size() == (0, 0, 0, 0, 0)
    assert partition.process([]) == BatchResult([], [], Counts())
