"""What holds for any session, however it is cut into batches, interrupted, mixed with others, or repeated."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core import CoreSettings
from tests.core.events import Record, state_of
from tests.core.simulated import Run, batches, by_session, stream, whole, without_source

seeds = st.integers(0, 2**16)
cuts = st.lists(st.integers(0, 2**16), max_size=12)
TIGHT = CoreSettings(max_items=4, max_forgotten=6, session_idle_ms=60_000, session_retention_ms=120_000)


@given(seeds, cuts)
def test_any_split_into_batches_gives_the_same(seed: int, cuts: list[int]) -> None:
    records = stream(seed, 3, repeat=0.05, bad=0.03)
    run = Run()
    for batch in batches(records, cuts):
        run.take(batch)
    assert run.end() == whole(records).outputs


@given(seeds, cuts)
def test_a_crash_between_any_batches_changes_nothing(seed: int, cuts: list[int]) -> None:
    records = stream(seed, 3, repeat=0.05, bad=0.03)
    plain, crashing = Run(), Run()
    plain.take(records)
    for batch in batches(records, cuts):
        crashing.take(batch)
        crashing.crash(Random(seed))
    assert crashing.outputs == plain.outputs
    assert state_of(crashing.partition) == state_of(plain.partition)
    assert crashing.end() == plain.end()


@given(seeds, cuts)
def test_a_crash_changes_nothing_where_room_and_time_are_tight(seed: int, cuts: list[int]) -> None:
    records = stream(seed, 6, repeat=0.1, bare=True)
    plain, crashing = Run(TIGHT), Run(TIGHT)
    plain.take(records)
    for batch in batches(records, cuts):
        crashing.take(batch)
        crashing.crash(Random(seed))
    assert crashing.outputs == plain.outputs
    assert state_of(crashing.partition) == state_of(plain.partition)


@given(seeds, cuts, st.integers(0, 3), st.booleans(), st.booleans())
def test_sessions_that_sleep_and_wake_give_the_same(
    seed: int, cuts: list[int], awake: int, quiet: bool, tight: bool
) -> None:
    records = stream(seed, 5, repeat=0.05, bad=0.03)
    usual = TIGHT if tight else CoreSettings()
    plain, sleepy = Run(usual), Run(replace(usual, max_awake=awake, restless_records=0))
    for batch in batches(records, cuts):
        if quiet:
            assert sleepy.partition.idle(0) == plain.partition.idle(0)
        assert sleepy.partition.process(batch) == plain.partition.process(batch)
    assert state_of(sleepy.partition) == state_of(plain.partition)
    assert sleepy.end() == plain.end()


@given(seeds)
def test_the_changelog_is_the_state(seed: int) -> None:
    run = Run()
    run.take(stream(seed, 3))
    assert state_of(run.partition) == {key: value for key, value in run.changelog.items() if value is not None}


@given(seeds)
def test_sessions_do_not_touch_each_other(seed: int) -> None:
    records = stream(seed, 4)
    together = by_session(whole(records).outputs)
    for key in {record.key for record in records}:
        alone = whole([record for record in records if record.key == key])
        assert together.pop(key, []) == alone.outputs
    assert together == {}


@given(seeds, st.booleans())
def test_counters_add_up(seed: int, bare: bool) -> None:
    records = stream(seed, 3, repeat=0.1, bad=0.1, bare=bare)
    counts = whole(records).counts
    assert counts.consumed == len(records) == counts.used + counts.ignored + sum(counts.rejected.values())
    assert "internal_error" not in counts.rejected


@given(seeds, st.lists(st.tuples(st.integers(0, 2**16), st.integers(1, 30), st.integers(0, 40)), max_size=15))
def test_blocks_repeated_anywhere_change_nothing(seed: int, blocks: list[tuple[int, int, int]]) -> None:
    records = stream(seed, 2)
    repeated = list(records)
    for start, length, later in blocks:
        start %= len(repeated)
        block = repeated[start : start + length]
        at = min(start + len(block) + later, len(repeated))
        time = repeated[at - 1].timestamp
        again = [Record(one.value, one.key, one.headers, one.offset, time) for one in block]
        repeated[at:at] = again
    assert without_source(whole(repeated).outputs) == without_source(whole(records).outputs)


@given(seeds, cuts)
def test_events_of_no_session_come_out_once(seed: int, cuts: list[int]) -> None:
    records = [Record(one.value, None, [], one.offset, one.timestamp) for one in stream(seed, 2, repeat=0.1)]
    plain, crashing = whole(records), Run()
    ids = [record["id"] for record in without_source(plain.outputs)]
    assert len(set(ids)) == len(ids)
    for batch in batches(records, cuts):
        crashing.take(batch)
        crashing.crash(Random(seed))
    assert crashing.end() == plain.outputs


@settings(max_examples=settings().max_examples // 2)
@given(seeds)
def test_everything_repeated_at_the_end_changes_nothing(seed: int) -> None:
    records = stream(seed, 2)
    run = Run()
    run.take(records)
    before = len(run.outputs)
    time = records[-1].timestamp
    run.take([Record(one.value, one.key, one.headers, one.offset, time) for one in records])
    assert run.outputs[before:] == []
