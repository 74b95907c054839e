"""itemstream's engine with a pass-through in it."""

from bench.peers.itemstream_engine import Echo
from bench.peers.jobs import Record
from pipeline.core import Headers, Output


def test_it_writes_the_same_json_again_and_carries_the_headers() -> None:
    headers: Headers = [("ce_type", b"a"), ("ce_id", b"1")]
    records = [Record("in", 0, 7, 1_000, 0, b"k", b'{ "a": 1 }', headers), Record("in", 0, 8, 1_001, 0, b"k", None, [])]
    result = Echo("out").process(records, 0)
    assert result.outputs == [Output("out", b"k", b'{"a":1}', headers, 1_000), Output("out", b"k", b"null", [], 1_001)]
    assert (result.counts.consumed, result.changes) == (2, [])
