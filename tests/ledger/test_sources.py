"""Outputs to check, from the lines of `itemstream process` and from Kafka."""

import asyncio
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiokafka import AIOKafkaProducer

from pipeline.cli.main import main
from pipeline.errors import ItemstreamError
from pipeline.ledger import Checker, Expected, check, ledger_lines, read_ledger
from pipeline.ledger.__main__ import main as check_main
from pipeline.ledger.sources import end_offsets, process_outputs, read_topics
from pipeline.simulate import sessions


def record(session_id: str, number: int) -> bytes:
    fields = {"session_id": session_id, "item_id": f"i{number}", "revision": 1, "session_sequence": number}
    return orjson.dumps(fields | {"id": f"{session_id}/{number}", "role": "user"})


def ledger(session_id: str, count: int) -> list[Expected]:
    return [
        Expected("items.messages", session_id, item_id=f"i{number}", final={"role": "user"})
        for number in range(1, count + 1)
    ]


def test_a_ledger_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    expected = [one for session in sessions(1, 20) for one in session.expected]
    path = tmp_path / "ledger.jsonl"
    path.write_bytes(ledger_lines(expected))
    assert list(read_ledger(path)) == expected


def test_a_line_that_is_none_of_a_ledger_is_named(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    path.write_bytes(ledger_lines(ledger("s", 1)) + b'{"topic": "items.messages"}\n')
    with pytest.raises(ItemstreamError, match="line 2 of the ledger"):
        list(read_ledger(path))
    with pytest.raises(ItemstreamError, match="cannot read the ledger"):
        list(read_ledger(tmp_path / "none"))


def test_lines_of_process_that_are_none() -> None:
    with pytest.raises(ItemstreamError, match="line 1 is no output"):
        list(process_outputs([b"nonsense"]))


def test_from_simulate_through_process_to_the_check(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    events, expected, outputs = tmp_path / "events.jsonl", tmp_path / "ledger.jsonl", tmp_path / "out.jsonl"
    spoiled = ["--bad-ratio", "0.01", "--repeat-ratio", "0.02"]
    assert main(["simulate", "--sessions", "30", "--to", str(events), "--ledger", str(expected), *spoiled]) == 0
    capfd.readouterr()
    assert main(["process", str(events)]) == 0
    outputs.write_text(capfd.readouterr().out)
    assert check_main([str(expected), str(outputs)]) == 0
    lines = outputs.read_bytes().splitlines(keepends=True)
    outputs.write_bytes(b"".join(lines[1:]))
    assert check_main([str(expected), str(outputs)]) == 1
    with outputs.open("rb") as lost:
        assert not check(read_ledger(expected), process_outputs(lost)).ok
    assert check_main([]) == 2


@pytest.fixture
def topics(bootstrap_servers: str, prefix: str) -> str:
    where = ["--bootstrap-servers", bootstrap_servers, "--prefix", prefix, "--input-topic", f"{prefix}-events"]
    assert main(["topics", "apply", "--yes", "--partitions", "2", *where]) == 0
    return prefix


@pytest.mark.kafka
async def test_topics_are_read_until_nothing_is_missing(bootstrap_servers: str, topics: str) -> None:
    producer: Any = AIOKafkaProducer(bootstrap_servers=bootstrap_servers, transactional_id=f"{topics}-writer")
    await producer.start()
    topic = f"{topics}.items.messages"

    async def write(session_id: str, numbers: range, *, commit: bool) -> None:
        await producer.begin_transaction()
        for number in numbers:
            await producer.send(topic, record(session_id, number), session_id.encode(), partition=0)
        await (producer.commit_transaction() if commit else producer.abort_transaction())

    await write("before", range(1, 4), commit=True)
    start = await end_offsets(bootstrap_servers, topics)
    checker = Checker(ledger("ours", 20), prefix=topics)
    reading = asyncio.create_task(read_topics(checker, bootstrap_servers, topics, timeout=30, start=start))
    # What a transaction wrote that was aborted must not be seen.
    await write("ours", range(1, 15), commit=False)
    await write("ours", range(1, 15), commit=True)
    await asyncio.sleep(0.5)
    assert not reading.done()
    await write("ours", range(15, 21), commit=True)
    assert await reading
    await producer.stop()
    report = checker.report()
    assert report.ok, report.summary()
    assert report.outputs == 20
    assert report.foreign == 0


@pytest.mark.kafka
async def test_reading_ends_when_its_time_is_over(bootstrap_servers: str, topics: str) -> None:
    checker = Checker(ledger("never", 1), prefix=topics)
    assert not await read_topics(checker, bootstrap_servers, topics, timeout=1)
    assert checker.report().lost.count == 1


@pytest.mark.kafka
async def test_missing_topics_are_named(bootstrap_servers: str, prefix: str) -> None:
    with pytest.raises(ItemstreamError, match=rf"topics are missing \({prefix}\.items\.messages"):
        await read_topics(Checker([], prefix=prefix), bootstrap_servers, prefix, timeout=5)
