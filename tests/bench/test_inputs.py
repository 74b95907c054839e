"""What goes into the benchmark."""

import orjson
import pytest

from bench.inputs import Places, deltas, items_only, mix, outputs_of


def test_deltas_have_the_size_of_real_ones() -> None:
    events = list(deltas(1000))
    sizes = [len(value) for _, value, _, _ in events]
    assert len(events) == 1000
    assert min(sizes) >= 270
    assert max(sizes) <= 300
    assert len({value for _, value, _, _ in events}) == 1000


def test_the_mix_is_mostly_deltas() -> None:
    events = mix(5000)
    kinds = [dict(headers)["ce_type"] for _, _, headers, _ in events]
    assert len(events) == 5000
    assert 0.6 <= sum(kind.endswith(b"delta") for kind in kinds) / 5000 <= 0.8
    assert events == mix(5000)


def test_items_only_bring_one_record_each() -> None:
    items = list(items_only(mix(5000), copies=3))
    assert len(items) % 3 == 0
    assert all(orjson.loads(value)["type"].endswith("item.done") for _, value, _, _ in items)
    assert outputs_of(items, partitions=2) == len(items)


@pytest.mark.parametrize("partitions", [1, 4])
def test_partitions_get_the_same_number_of_keys(partitions: int) -> None:
    places = Places(partitions)
    placed = [places.of(b"%d" % (number % 12)) for number in range(120)]
    assert {placed.count(number) for number in range(partitions)} == {120 // partitions}
    assert [places.of(b"%d" % number) for number in range(12)] == placed[:12]
