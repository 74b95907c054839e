"""Whatever order the topics are read in, and however often: the store is the same, and it is what they hold."""

import random
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.console.store.store import Store, open_store
from tests.console.projection.reference import contents, expected, whole
from tests.console.projection.support import Writing, fetched_of
from tests.examples.support import simulated

PREFIX = "p"
RECORDS = fetched_of(simulated(PREFIX, 25))


def prepared(folder: Path, name: str = "store.db") -> Store:
    store = open_store(str(folder / name))
    store.prepare({"prefix": PREFIX})
    return store


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """All of it in one go."""
    with prepared(tmp_path_factory.mktemp("straight")) as store:
        Writing(store, PREFIX).write(RECORDS)
        assert contents(store) == expected(RECORDS, PREFIX)
        return whole(store)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), sizes=st.lists(st.integers(1, 200), min_size=1, max_size=8))
def test_order_and_repeats_do_not_matter(straight: dict[str, Any], seed: int, sizes: list[int]) -> None:
    rng = random.Random(seed)
    shuffled = [*RECORDS, *rng.sample(RECORDS, len(RECORDS) // 3)]
    rng.shuffle(shuffled)
    # Offsets of their own, so that repeats are taken for new records: as after an at-least-once writer's restart.
    again = [record._replace(offset=number) for number, record in enumerate(shuffled)]
    with TemporaryDirectory() as folder, prepared(Path(folder)) as store:
        writing = Writing(store, PREFIX)
        at = turn = 0
        while at < len(again):
            size = sizes[turn % len(sizes)]
            writing.write(again[at : at + size])
            at, turn = at + size, turn + 1
        found = whole(store)
    # Where a record was read is that of the first time; all else is the same.
    for one in (found, straight):
        one["records"] = {key: value[3] for key, value in one["records"].items()} if _placed(one) else one["records"]
    assert found == straight


def _placed(found: dict[str, Any]) -> bool:
    return isinstance(next(iter(found["records"].values())), tuple)


def test_what_was_read_is_not_read_again(tmp_path: Path, straight: dict[str, Any]) -> None:
    with prepared(tmp_path) as store:
        writing = Writing(store, PREFIX)
        for at in range(0, len(RECORDS), 50):
            writing.write(RECORDS[: at + 50])
        found = whole(store)
        assert found["counts"] == straight["counts"]
        assert found["entries"] == straight["entries"]
