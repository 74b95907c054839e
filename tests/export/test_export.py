"""Export and import on a real broker: every topic comes back byte by byte, and nothing twice."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, cast

import orjson
import pytest
from aiokafka import TopicPartition
from aiokafka.admin import RecordsToDelete

from pipeline.core import CoreSettings, Partition
from pipeline.errors import ItemstreamError, UsageError
from pipeline.export.importing import import_exported
from pipeline.export.layout import FORMATS, Format
from pipeline.export.reading import open_exported, read_exported
from pipeline.export.run import Order, export
from pipeline.export.selection import Selection
from pipeline.simulate import Faults, interleave, sessions
from tests.core.simulated import records_of
from tests.export.kafka_support import Bare, bare, make, put, settings_for, there
from tests.export.support import DAY, hostile, simple
from topics.admin import connect
from topics.catalogue import CATALOGUE
from topics.fetched_records import FetchedRecord
from topics.schemas import load_example

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(600)]
both_formats = pytest.mark.parametrize("format", FORMATS)


def simulated(prefix: str, partitions: int = 2) -> dict[str, list[FetchedRecord]]:
    """The events of simulated sessions, some broken, and what the core brings out of them: topic -> records."""
    found: dict[str, list[FetchedRecord]] = {f"{prefix}.events": []}
    for partition in range(partitions):
        events = records_of(interleave(sessions(3 + partition, 12, faults=Faults(0.05, 0.05))))
        core = Partition(CoreSettings(prefix=prefix))
        found[f"{prefix}.events"] += [
            FetchedRecord("", partition, one.offset, one.timestamp, 0, one.key, one.value, list(one.headers))
            for one in events
        ]
        for topic, key, value, headers, timestamp in [*core.process(events).outputs, *core.end().outputs]:
            found.setdefault(topic, []).append(FetchedRecord("", partition, 0, timestamp, 0, key, value, list(headers)))
    for spec in CATALOGUE:
        if (topic := spec.full_name(prefix)) not in found:
            found[topic] = [simple(1)[0]._replace(value=orjson.dumps(load_example(spec)))]
    return found


@both_formats
async def test_every_topic_comes_back_byte_by_byte(
    bootstrap_servers: str, prefix: str, tmp_path: Path, format: Format
) -> None:
    settings = settings_for(bootstrap_servers, prefix)
    content = simulated(prefix)
    models = {spec.full_name(prefix): spec.model for spec in CATALOGUE}
    assert set(content) == {f"{prefix}.events", *models}
    if format == "jsonl":  # where only events are told from the rest
        content = {topic: content[topic] for topic in (f"{prefix}.events", f"{prefix}.rejected", f"{prefix}.responses")}
    back = {topic: f"{topic}.back" for topic in content}
    await make(bootstrap_servers, *content, *back.values(), partitions=2)
    for topic, records in content.items():
        await put(bootstrap_servers, topic, records)
        order = Order(topic, tmp_path / topic, format, models.get(topic))
        assert (await export(settings, order)).records == len(records)
        assert (await import_exported(settings, order.folder, back[topic])).records == len(records)
    for topic, records in content.items():
        assert await there(bootstrap_servers, back[topic]) == await there(bootstrap_servers, topic) == bare(records)


@both_formats
async def test_hostile_records_come_back(bootstrap_servers: str, prefix: str, tmp_path: Path, format: Format) -> None:
    settings = settings_for(bootstrap_servers)
    records = hostile(times=20)
    large = records[0]._replace(value=b'{"type":"large","text":"' + b"x" * 5_000_000 + b'"}')
    await make(bootstrap_servers, prefix, f"{prefix}.back")
    await put(bootstrap_servers, prefix, [*records, large])
    await export(settings, Order(prefix, tmp_path / "out", format))
    await import_exported(settings, tmp_path / "out", f"{prefix}.back")
    assert await there(bootstrap_servers, f"{prefix}.back") == bare([*records, large])


@both_formats
async def test_latest_revision(bootstrap_servers: str, prefix: str, tmp_path: Path, format: Format) -> None:
    settings = settings_for(bootstrap_servers, prefix)
    (spec,) = [spec for spec in CATALOGUE if spec.name == "items.messages"]
    topic = spec.full_name(prefix)
    records = simulated(prefix)[topic]
    records += [records[0], records[3]]  # repeats, as at-least-once makes them
    latest: dict[tuple[str, str], int] = {}
    for record in records:
        value = orjson.loads(record.value or b"")
        item = value["session_id"], value["item_id"]
        latest[item] = max(latest.get(item, 0), value["revision"])
    assert any(revision > 1 for revision in latest.values())
    nameless = [records[0]._replace(value=value) for value in (b"no JSON", b'{"item_id":null,"revision":1}', None)]
    await make(bootstrap_servers, topic, partitions=2)
    await put(bootstrap_servers, topic, records + nameless)

    order = Order(topic, tmp_path / "out", format, spec.model, latest_revision=True)
    await export(settings, order)
    found = [record.value for record in read_exported(order.folder)]
    values = [orjson.loads(value) for value in found if value and b"session_id" in value]
    assert {(one["session_id"], one["item_id"]): one["revision"] for one in values} == latest
    assert len(values) == len(latest)
    assert [value for value in found if not value or b"session_id" not in value] == [one.value for one in nameless]
    assert [path.name for path in order.folder.iterdir() if path.name.startswith(".")] == [".lock"]
    with pytest.raises(ItemstreamError, match="already holds the latest revisions as of its first run"):
        await export(settings, order)


@both_formats
async def test_a_second_run_goes_on_and_takes_open_transactions_later(
    bootstrap_servers: str, prefix: str, tmp_path: Path, format: Format
) -> None:
    settings = settings_for(bootstrap_servers)
    await make(bootstrap_servers, prefix, f"{prefix}.back", partitions=2)
    first, second = simple(100), simple(100, partition=1)
    await put(bootstrap_servers, prefix, first)
    order = Order(prefix, tmp_path / "out", format, file_bytes=500)
    assert (await export(settings, order)).records == 100
    await import_exported(settings, order.folder, f"{prefix}.back")
    before = {file.path: file.path.stat().st_mtime_ns for file in open_exported(order.folder).files}

    await put(bootstrap_servers, prefix, second + [one._replace(value=b"open") for one in first[:50]], leave_open=True)
    assert (await export(settings, order)).records == 100 + 40, "ten are in the open transaction"
    assert (await export(settings, order)).records == 0
    assert {path: path.stat().st_mtime_ns for path in before} == before, "complete files stay as they are"
    assert (await import_exported(settings, order.folder, f"{prefix}.back")).records == 140
    expected = bare(read_exported(order.folder))
    assert len(expected) == 240
    assert await there(bootstrap_servers, f"{prefix}.back") == expected


async def test_selection(bootstrap_servers: str, prefix: str, tmp_path: Path) -> None:
    settings = settings_for(bootstrap_servers)
    await make(bootstrap_servers, prefix, partitions=3)
    records = [one._replace(key=b"s%d" % (one.offset % 4)) for n in range(3) for one in simple(60, partition=n)]
    told = simple(1)[0]._replace(key=b"s1", headers=[("ce_sessionid", b"s2")], timestamp=DAY + 20)
    await put(bootstrap_servers, prefix, [*records, told])

    async def chosen(name: str, **selection: Any) -> list[Bare]:
        await export(settings, Order(prefix, tmp_path / name, "jsonl", selection=Selection(**selection)))
        return bare(read_exported(tmp_path / name))

    assert await chosen("p", partitions=(0, 2)) == bare([*records[:60], told, *records[120:]])
    times = await chosen("t", since_ms=DAY + 10, until_ms=DAY + 21)
    assert times == bare([*records[10:21], told, *records[70:81], *records[130:141]])
    assert await chosen("s", sessions=("s2",), partitions=(0,)) == bare([*records[2:60:4], told])
    assert await chosen("none", since_ms=DAY + 100) == []
    with pytest.raises(UsageError, match="has no partition 7: it has 0 to 2"):
        await chosen("x", partitions=(7,))


async def test_what_kafka_deleted_before_it_was_exported_is_told(
    bootstrap_servers: str, prefix: str, tmp_path: Path
) -> None:
    settings = settings_for(bootstrap_servers)
    await make(bootstrap_servers, prefix)
    await put(bootstrap_servers, prefix, simple(40))
    order = Order(prefix, tmp_path / "out", "jsonl")
    assert (await export(settings, order)).lost == []
    await put(bootstrap_servers, prefix, simple(40))
    begin = 60
    async with connect(bootstrap_servers) as admin:
        await cast(Any, admin).delete_records({TopicPartition(prefix, 0): RecordsToDelete(begin)})
    report = await export(settings, order)
    # 40 records and their transaction's end, an aborted record and its end
    assert report.lost == [(0, 43, begin)]
    assert [record.offset for record in read_exported(order.folder)] == [*range(40), *range(begin, begin + 23)]


async def test_a_topic_made_anew_is_not_mixed_with_the_old_one(
    bootstrap_servers: str, prefix: str, tmp_path: Path
) -> None:
    settings = settings_for(bootstrap_servers)
    await make(bootstrap_servers, prefix)
    await put(bootstrap_servers, prefix, simple(40))
    order = Order(prefix, tmp_path / "out", "jsonl")
    await export(settings, order)
    async with connect(bootstrap_servers) as admin:
        await cast(Any, admin).delete_topics([prefix])
        async with asyncio.timeout(60):
            while prefix in {one["topic"] for one in await admin.describe_topics()}:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
    await make(bootstrap_servers, prefix)
    await put(bootstrap_servers, prefix, simple(10))
    with pytest.raises(ItemstreamError, match=r"goes up to offset 43 of .* and the topic ends at 13: it was made anew"):
        await export(settings, order)
