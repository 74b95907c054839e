"""When a partition's next batch begins: at once, or with what gathers while a commit is under way and a while after."""

import asyncio
from typing import Any, cast

from aiokafka import TopicPartition

from pipeline.streaming.fetched_batches import FetchedBatch
from pipeline.streaming.partition import MAX_REST_SECONDS, MOST_BYTES, REST_RATIO, InputPartition
from tests.streaming.logs import batches, record_batch

MOST = 10


def new_partition(waiting: int) -> InputPartition:
    partition = InputPartition(TopicPartition("t", 0), 1, cast(Any, None), cast(Any, None), 0)
    if waiting:
        partition.enqueue(fetched(*range(waiting)))
    return partition


def fetched(*offsets: int, value: bytes = b"v") -> list[FetchedBatch]:
    """Record batches of three records, the last one perhaps of fewer."""
    return batches(*(record_batch(offsets[at : at + 3], value) for at in range(0, len(offsets), 3)))


def offsets_of(partition: InputPartition) -> list[int]:
    return [record.offset for record in partition.next_records(MOST) or ()]


def test_what_comes_into_a_quiet_partition_is_processed_at_once() -> None:
    partition = new_partition(3)
    assert offsets_of(partition) == [0, 1, 2]
    assert partition.next_records(MOST) is None


def test_no_more_than_asked_for_and_the_rest_goes_on_where_that_ended() -> None:
    partition = new_partition(2 * MOST + 1)
    ends: list[int] = []
    found: list[list[int]] = []
    while (records := partition.next_records(MOST)) is not None:
        found.append([record.offset for record in records])
        ends.append(records.next_offset)
        assert len(records) == len(found[-1])
    assert found == [[*range(MOST)], [*range(MOST, 2 * MOST)], [2 * MOST]]
    assert ends == [MOST, 2 * MOST, 2 * MOST + 1]
    assert not partition.is_full(1)


async def test_while_a_commit_is_in_flight_only_a_full_batch_is_processed() -> None:
    partition, gate = new_partition(MOST - 1), asyncio.Event()
    partition.start_commit(cast(Any, gate.wait()))
    assert partition.next_records(MOST) is None
    partition.enqueue(fetched(MOST - 1))
    assert len(partition.next_records(MOST) or ()) == MOST
    gate.set()
    await partition.settled()


def test_after_a_commit_it_rests_for_a_part_of_what_that_took() -> None:
    partition = new_partition(1)
    rest = partition.has_committed(0, 0.01)
    assert rest == REST_RATIO * 0.01
    assert partition.rests_until == partition.last_progress + rest
    partition.rests_until += 60
    assert partition.next_records(MOST) is None
    partition.rests_until -= 120
    assert partition.next_records(MOST) is not None


def test_a_full_batch_does_not_wait_for_the_rest_to_end() -> None:
    partition = new_partition(MOST)
    partition.has_committed(0, 0.01)
    partition.rests_until += 60
    assert len(partition.next_records(MOST) or ()) == MOST


def test_a_slow_commit_is_not_followed_by_a_long_rest() -> None:
    assert new_partition(0).has_committed(0, 30.0) == MAX_REST_SECONDS


def test_large_records_are_a_full_batch_before_they_are_many() -> None:
    partition = new_partition(0)
    large = bytes(MOST_BYTES // 4)
    partition.enqueue(fetched(0, 1, 2, value=large))
    assert not partition.is_full(MOST)
    partition.enqueue(fetched(3, 4, value=large))
    assert partition.is_full(MOST)
    assert offsets_of(partition) == [0, 1, 2, 3, 4]
    assert not partition.is_full(MOST)
