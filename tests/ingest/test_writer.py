"""The writer, on a real broker."""

import asyncio
from collections import defaultdict
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from pipeline.errors import ItemstreamError
from pipeline.ingest.event import CollectedEvent, EventRecord, event_record
from pipeline.ingest.writer import EventWriter, KafkaUnavailable, RecordRefused, WriterFull
from pipeline.kafka import EmbeddedKafka
from tests.ingest.support import make_topic
from tests.kafka.support import read_all

pytestmark = pytest.mark.kafka


def record(session: str | None, number: int, pad: int = 0) -> EventRecord:
    return event_record(
        CollectedEvent(b'{"type":"t","event_id":"e%d","pad":"%s"}' % (number, b"x" * pad), session, number),
        max_bytes=10_000_000,
    )


async def test_in_order_once_and_where_others_would_put_it(bootstrap_servers: str, unique: str) -> None:
    topic = await make_topic(bootstrap_servers, f"in-{unique}", partitions=4)
    writer = EventWriter(bootstrap_servers, topic)
    await writer.start()
    sent = [(f"s{number % 7}" if number % 50 else None, number) for number in range(2000)]
    await writer.write([record(*one, pad=300) for one in sent], timeout=60)
    assert writer.waiting_bytes == 0
    await writer.close(10)
    found = await read_all(bootstrap_servers, topic)
    of_session = defaultdict(list)
    partitions = defaultdict(set)
    for one in found:
        session = one.key.decode() if one.key else None
        of_session[session].append(int(dict(one.headers)["ce_sequence"]))
        partitions[session].add(one.partition)
    assert sorted(number for numbers in of_session.values() for number in numbers) == list(range(2000))
    assert all(numbers == sorted(numbers) for session, numbers in of_session.items() if session)
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap_servers)
    await producer.start()
    for session, seen in partitions.items():
        if session is not None:
            told = await producer.send_and_wait(topic, b"{}", key=session.encode())
            assert seen == {told.partition}
    await producer.stop()


async def test_a_record_kafka_refuses_refuses_no_other(bootstrap_servers: str, unique: str) -> None:
    topic = await make_topic(bootstrap_servers, f"in-{unique}", partitions=1)
    writer = EventWriter(bootstrap_servers, topic)
    await writer.start()
    futures = [writer.submit(record("s", number, pad=2_000_000 if number == 5 else 10)) for number in range(10)]
    done = await asyncio.gather(*futures, return_exceptions=True)
    assert [number for number, one in enumerate(done) if one is not None] == [5]
    assert isinstance(done[5], RecordRefused)
    await writer.write([record("s", 10)], timeout=30)
    await writer.close(10)
    found = await read_all(bootstrap_servers, topic)
    assert [int(dict(one.headers)["ce_sequence"]) for one in found] == [0, 1, 2, 3, 4, 6, 7, 8, 9, 10]


async def test_a_record_that_is_none_stops_nothing(bootstrap_servers: str, unique: str) -> None:
    topic = await make_topic(bootstrap_servers, f"in-{unique}", partitions=1)
    writer = EventWriter(bootstrap_servers, topic)
    await writer.start()
    broken: Any = [("header", "a text")]
    with pytest.raises(KafkaUnavailable, match="the collector failed"):
        await writer.write([EventRecord(b"s", b"{}", broken)], timeout=30)
    await writer.write([record("s", 1)], timeout=30)
    assert writer.waiting_bytes == 0
    await writer.close(10)
    assert len(await read_all(bootstrap_servers, topic)) == 1


async def test_what_waits_is_bounded(bootstrap_servers: str, unique: str) -> None:
    topic = await make_topic(bootstrap_servers, f"in-{unique}", partitions=1)
    writer = EventWriter(bootstrap_servers, topic, max_waiting_bytes=5000)
    with pytest.raises(KafkaUnavailable, match="not connected"):
        writer.submit(record("s", 0))
    await writer.start()
    first = writer.submit(record("s", 0, pad=8000))
    with pytest.raises(WriterFull):
        writer.submit(record("s", 1))
    await first
    await writer.write([record("s", 1)], timeout=30)
    await writer.close(10)


async def test_clear_errors_at_the_start(bootstrap_servers: str) -> None:
    with pytest.raises(ItemstreamError, match="the topic nothing-here does not exist"):
        await EventWriter(bootstrap_servers, "nothing-here").start()
    with pytest.raises(KafkaUnavailable, match=r"no Kafka at 127\.0\.0\.1:1 .* itemstream kafka start"):
        await EventWriter("127.0.0.1:1", "x").start()


async def test_kafka_goes_and_comes_back(tmp_path, unique: str) -> None:
    """What could not be acknowledged in time is neither lost nor there twice; what came too much was not taken.

    What Kafka has not acknowledged when the writer is closed is told.
    """
    broker = EmbeddedKafka(data_dir=tmp_path)
    broker.start()
    topic = await make_topic(broker.bootstrap_servers, f"in-{unique}", partitions=2)
    writer = EventWriter(broker.bootstrap_servers, topic, max_waiting_bytes=20_000, request_timeout=2)
    await writer.start()
    await writer.write([record(f"s{number}", number) for number in range(20)], timeout=30)
    sending = [writer.submit(record(f"s{number}", number)) for number in range(20, 40)]
    broker.kill()
    with pytest.raises(KafkaUnavailable):
        await writer.write([record("s40", 40)], timeout=0.2)
    number = 41
    while writer.waiting_bytes < 19_000:
        sending.append(writer.submit(record(f"s{number}", number)))
        number += 1
    with pytest.raises(WriterFull):
        writer.submit(record("s", number, pad=2000))
    broker.start()
    await asyncio.gather(*sending)
    await writer.write([record("s", 5000)], timeout=30)
    found = await read_all(broker.bootstrap_servers, topic)
    broker.kill()
    last = writer.submit(record("s", 5001))
    await writer.close(0.1)
    with pytest.raises(KafkaUnavailable, match="ended before"):
        await last
    with pytest.raises(KafkaUnavailable):
        writer.submit(record("s", 5002))
    numbers = sorted(int(dict(one.headers)["ce_sequence"]) for one in found)
    assert numbers == [*range(number), 5000]
