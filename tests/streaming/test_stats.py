"""The counters a worker shows."""

import orjson

from pipeline.core import BatchResult, Counts, Output
from pipeline.streaming import StreamStats


def test_a_snapshot_is_json_with_everything_in_it() -> None:
    stats = StreamStats()
    made = [Output(topic, b"key", b"value", [], timestamp) for topic, timestamp in (("a", 1_000), ("a", 990), ("b", 0))]
    stats.committed(0.5, Counts(3, 1, 1, {"empty": 1}), BatchResult(made, [], Counts()), 1_004)
    stats.committed(0.25, Counts(), BatchResult([], [], Counts()), 1_010)
    stats.opened(2, position=7, records=4, seconds=0.1)
    told = orjson.loads(orjson.dumps(stats.snapshot()))
    assert told["consumed"] == told["used"] + told["ignored"] + sum(told["rejected"].values())
    assert told["outputs"] == {"a": 2, "b": 1}
    assert (told["transactions"], told["commit_seconds"], told["commit_seconds_max"]) == (2, 0.75, 0.5)
    assert told["partitions"] == {"2": {"position": 7, "lag": 0}}
    assert (told["restored_records"], told["lost"]) == (4, 0)
    told_counts = dict(stats.latency_ms.cumulative())
    assert [told_counts[bound] for bound in ("5", "10", "25", "1000", "2500", "+Inf")] == [1, 1, 2, 2, 3, 3]
    assert (stats.latency_ms.total, stats.batch_records.total) == (4 + 14 + 1_004, 3)
