"""The counters a worker shows."""

import orjson

from pipeline.core import Counts
from pipeline.streaming import StreamStats


def test_a_snapshot_is_json_with_everything_in_it() -> None:
    stats = StreamStats()
    stats.counts.add(Counts(consumed=3, used=1, ignored=1, rejected={"empty": 1}))
    stats.outputs.update(["a", "a", "b"])
    stats.committed(0.5)
    stats.committed(0.25)
    stats.opened(2, position=7, records=4, seconds=0.1)
    told = orjson.loads(orjson.dumps(stats.snapshot()))
    assert told["consumed"] == told["used"] + told["ignored"] + sum(told["rejected"].values())
    assert told["outputs"] == {"a": 2, "b": 1}
    assert (told["transactions"], told["commit_seconds"], told["commit_seconds_max"]) == (2, 0.75, 0.5)
    assert told["partitions"] == {"2": {"position": 7, "lag": 0}}
    assert told["restored_records"] == 4
