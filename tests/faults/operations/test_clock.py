"""A worker whose clock is wrong goes on: what it writes does not depend on it."""

import time

import pytest

from pipeline.kafka import EmbeddedKafka
from tests.kafka.support import (
    assert_exactly_once,
    make_topics,
    new_stream,
    numbered,
    produce,
    read_all,
    running,
    until,
)

pytestmark = [pytest.mark.kafka, pytest.mark.faults]

HOUR_NS = 3_600_000_000_000


@pytest.mark.parametrize("delivery", ["exactly-once", "at-least-once"])
@pytest.mark.parametrize("hours", [2, pytest.param(-2, marks=pytest.mark.slow)])
async def test_a_clock_two_hours_off(
    kafka: EmbeddedKafka, unique: str, monkeypatch: pytest.MonkeyPatch, delivery: str, hours: int
) -> None:
    names = await make_topics(kafka.bootstrap_servers, unique, 2)
    await produce(kafka.bootstrap_servers, names.source, numbered(200, 2))
    stream = new_stream(kafka.bootstrap_servers, names, config={"delivery": delivery})
    with monkeypatch.context() as patch:
        true_time_ns = time.time_ns
        patch.setattr(time, "time_ns", lambda: true_time_ns() + hours * HOUR_NS)
        async with running(stream):
            await until(lambda: stream.stats.counts.consumed == 200, 20)
    assert (stream.stats.aborted, stream.stats.restarts) == (0, 0)
    assert_exactly_once(await read_all(kafka.bootstrap_servers, names.output), 200)
