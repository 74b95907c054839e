"""Records of any content: none of them stops the projection, nor what comes after it."""

import orjson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.console.queries import Filters, SessionFilters
from pipeline.console.store import StoreQueries
from pipeline.console.store.store import Store
from pipeline.core.records import Output
from tests.console.projection.support import Writing, fetched_of
from tests.examples.support import simulated
from topics.catalogue import CATALOGUE
from topics.fetched_records import FetchedRecord

NAMES = sorted({name for one in simulated("p", 3) for name in orjson.loads(one.value or b"")})
TOPICS = [spec.full_name("p") for spec in CATALOGUE]
LONG = ("a\x00b" * 2000, "ü" * 3000, "\x01\x02", "x" * 30_000, "\U0001f600" * 900)


def hostile(name: str, topic: str) -> Output:
    """Everything that is a text is this one."""
    value = dict.fromkeys(NAMES, name) | {"revision": 1, "session_sequence": 1, "item_ids": [name], "warnings": [name]}
    return Output(topic, name.encode(), orjson.dumps(value | {"item_id": name + topic}), [], 0)


def test_texts_that_databases_do_not_take(store: Store) -> None:
    outputs = [hostile(name, topic) for name in LONG for topic in TOPICS]
    Writing(store, "p").write(fetched_of([*outputs, *simulated("p", 1)]))
    queries = StoreQueries(store)
    found = queries.sessions(SessionFilters(), None, 50).sessions
    assert len(found) == len(LONG) + 1
    for one in found:
        timeline = queries.timeline(one.session_id, 0, 100)
        assert timeline is not None
        assert timeline.entries
        assert queries.revisions(one.session_id, timeline.entries[0].id)
    assert queries.tools(Filters()).tools
    assert queries.usage(Filters(), ["day", "tenant"])


json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.text(max_size=8),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.sampled_from(NAMES), below, max_size=4),
    max_leaves=12,
)
values = st.binary(max_size=20) | st.dictionaries(st.sampled_from(NAMES), json, max_size=30).map(orjson.dumps)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(found=st.lists(st.tuples(st.sampled_from(TOPICS), st.binary(max_size=6), values), min_size=1, max_size=30))
def test_any_record(store: Store, found: list[tuple[str, bytes, bytes]]) -> None:
    store.rebuild({"prefix": "p"})
    records = [FetchedRecord(topic, 0, n, 0, 0, key, value, []) for n, (topic, key, value) in enumerate(found)]
    writing = Writing(store, "p")
    for record in records:
        writing.write([record])
    queries = StoreQueries(store)
    for one in queries.sessions(SessionFilters(), None, 50).sessions:
        timeline = queries.timeline(one.session_id, 0, 100)
        assert timeline is not None
        assert timeline.total == len(timeline.entries)
    queries.tools(Filters())
    queries.usage(Filters(), ["day"])
