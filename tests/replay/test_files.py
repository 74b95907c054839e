"""Replays out of files and into files."""

import asyncio
import signal
from pathlib import Path
from typing import Any

import orjson
import pytest

from pipeline.errors import ItemstreamError, UsageError
from pipeline.export.json_lines import line_maker
from pipeline.export.layout import file_name
from pipeline.replay.alone import run_alone
from pipeline.replay.job import Job
from pipeline.replay.jobs import Order, create
from pipeline.replay.selection import Selection
from tests.kafka.support import read_all, until
from tests.replay.support import Past, ended, replay_process, values

pytestmark = pytest.mark.kafka


async def replayed(past: Past, order: Order) -> Job:
    job = (await create(past.settings, order)).job
    return await run_alone(past.settings, job, asyncio.Event(), lambda _: None)


def records_in(folder: Path) -> list[dict[str, Any]]:
    assert not list(folder.glob("*.part"))
    lines = [orjson.loads(line) for file in sorted(folder.glob("*.jsonl")) for line in file.read_bytes().splitlines()]
    return [line["value"] for line in lines if not line["topic"].endswith(".rejected")]


def by_id(records: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    found = {record["id"]: record for record in records}
    assert len(found) == len(records)
    return found


async def export(past: Past, folder: Path) -> None:
    """The input as `itemstream export` writes it."""
    make = line_maker(events=True)
    topic = past.deployed.input_topic
    records = await read_all(past.deployed.bootstrap_servers, topic)
    for number in {record.partition for record in records}:
        of_partition = [record for record in records if record.partition == number]
        name = file_name(topic, number, of_partition[0].offset, of_partition[-1].offset, "jsonl")
        (folder / name).write_bytes(b"".join(make(record) for record in of_partition))


async def test_the_topic_into_files_killed_and_resumed(past: Past, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    job = (await create(past.settings, Order(kind="files", to=str(folder), max_rate=1_500))).job
    process = replay_process(past.settings, job.id)
    await until(lambda: list(folder.glob("*")))
    await asyncio.sleep(0.5)
    process.kill()
    assert (await ended(process))[0] == -signal.SIGKILL
    for part in folder.glob("*.part"):  # half a line, as a crash in the middle of a write leaves it
        part.write_bytes(part.read_bytes() + b'{"topic": "')
    assert await ended(replay_process(past.settings, job.id)) == (0, "done")
    assert by_id(records_in(folder)) == by_id(values(await past.live()))
    with pytest.raises(ItemstreamError, match="is not empty"):
        await create(past.settings, Order(kind="files", to=str(folder)))


async def test_an_export_into_side_topics_killed_and_resumed(past: Past, tmp_path: Path, unique: str) -> None:
    (tmp_path / "events").mkdir()
    await export(past, tmp_path / "events")
    to = f"side-{unique}"
    order = Order(kind="topics", to=to, files=(str(tmp_path / "events"),), max_rate=4_000)
    job = (await create(past.settings, order)).job
    process = replay_process(past.settings, job.id)
    await asyncio.sleep(3.5)
    process.kill()
    await ended(process)
    assert await ended(replay_process(past.settings, job.id)) == (0, "done")
    live, again = by_id(values(await past.live())), by_id(values(await past.content(to)))
    assert {name: again[name] for name in live} == live
    # At the end of a file every session counts as idle.
    assert {again[name]["cause"] for name in again.keys() - live.keys()} <= {"session_idle"}


async def test_recordings_and_what_is_no_file(past: Past, tmp_path: Path) -> None:
    events = [orjson.loads(event.value) for event in past.events if event.value and event.whole]
    session = next(event["session"]["id"] for event in events if event["type"] == "session.created")
    own = [event for event in past.events if event.session_id == session]
    (tmp_path / "talk.jsonl").write_bytes(b"\n".join(event.value or b"" for event in own if event.whole))
    order = Order(kind="files", to=str(tmp_path / "out"), files=(str(tmp_path / "talk.jsonl"),))
    job = await replayed(past, order)
    assert job.result is not None
    found = records_in(tmp_path / "out")
    assert {record["session_id"] for record in found} == {session}
    only = Order(
        kind="files",
        to=str(tmp_path / "responses"),
        files=order.files,
        selection=Selection(event_types=frozenset({"response.done"})),
    )
    await replayed(past, only)
    chosen = records_in(tmp_path / "responses")
    assert chosen == [record for record in found if record["source"]["event_type"] == "response.done"] != []
    with pytest.raises(UsageError, match="no such file"):
        await create(past.settings, Order(kind="files", to=str(tmp_path / "x"), files=(str(tmp_path / "none"),)))
