"""Time that passes in a quiet partition is the monotonic clock's: a jump of the wall's makes nothing idle."""

import time
from typing import Any, cast

import pytest
from aiokafka import TopicPartition

from pipeline.streaming.partition import InputPartition


def test_a_jump_of_the_wall_clock_is_no_time_that_passed(monkeypatch: pytest.MonkeyPatch) -> None:
    partition = InputPartition(TopicPartition("t", 0), 1, cast(Any, None), cast(Any, None), 0)
    told, began = partition.told_ms(), time.monotonic()
    monkeypatch.setattr(time, "time_ns", lambda: (told + 7_200_000) * 1_000_000)
    assert partition.idle_ms(began + 60) - told in range(59_900, 60_100)
