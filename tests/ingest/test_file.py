"""Recorded events in the input topic: as `process` reads them, each once, whatever was killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest

from pipeline.cli.main import main
from pipeline.errors import ItemstreamError
from pipeline.ingest.file import Order, Report, ingest_file
from pipeline.recorded import read_lines
from pipeline.settings import Settings
from pipeline.simulate import sessions
from tests.ingest.support import make_topic
from tests.kafka.support import read_all

pytestmark = pytest.mark.kafka

MTIME = 1_790_000_000.25
Events = list[tuple[str, int, dict[str, Any]]]


def recording(path: Path, count: int = 6, seed: int = 5) -> Path:
    """Sessions one after the other, every second event in the form that says which way it went."""
    events = [event.value for one in sessions(seed, count, ["openai"]) for event in one.events]
    with path.open("wb") as file:
        file.write(b'{"direction": "sent", "event": {"type": "session.update"}}\n\n')
        for number, value in enumerate(events):
            assert value is not None
            line = b'{"direction": "received", "event": ' + value + b"}" if number % 2 else value
            file.write(line + b"\n")
    return path


def read(path: Path) -> Events:
    """What `process` makes of the file: session, sequence, event."""
    with path.open("rb") as lines:
        return sorted(
            ((one.key.decode(), one.offset, orjson.loads(one.value)) for one in read_lines(lines, "f", path.stem)),
            key=lambda event: event[:2],
        )


async def there(settings: Settings) -> Events:
    """What a reader of committed records finds, in each session in the topic's order."""
    found: Events = []
    last: dict[str, int] = {}
    for record in await read_all(settings.bootstrap_servers, settings.input_topic):
        headers = {name: value.decode() for name, value in record.headers}
        event = orjson.loads(record.value)
        assert headers["ce_type"] == event["type"]
        key, sequence = record.key.decode(), int(headers["ce_sequence"])
        assert sequence > last.get(key, 0)
        last[key] = sequence
        found.append((key, sequence, event))
    return sorted(found, key=lambda event: event[:2])


@pytest.fixture
async def settings(bootstrap_servers: str, unique: str) -> Settings:
    topic = await make_topic(bootstrap_servers, f"recorded-{unique}", partitions=3)
    return Settings.model_validate({"bootstrap_servers": bootstrap_servers, "input_topic": topic})


async def bring(settings: Settings, path: Path, **asked: Any) -> Report:
    return await ingest_file(settings, Order(path, **asked))


async def test_killed_at_every_step_each_event_is_there_once(settings: Settings, tmp_path: Path) -> None:
    path = recording(tmp_path / "calls.jsonl")
    wanted = read(path)
    for step, passes in (("fenced", 0), ("begun", 0), ("sent", 0), ("offsets-sent", 1), ("committed", 0), ("sent", 1)):
        ended = run(step, passes, settings, path)
        assert ended.returncode == -signal.SIGKILL, (step, ended.stderr)
    ended = run("never", 0, settings, path)
    assert ended.returncode == 0, ended.stderr
    assert 0 < int(ended.stdout) < len(wanted), "the kills proved nothing"
    assert await there(settings) == wanted


def run(step: str, passes: int, settings: Settings, path: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.ingest.killed_file", step, str(passes)]
    command += [settings.bootstrap_servers, settings.input_topic, str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


async def test_again_moved_or_grown_it_is_the_same_file(settings: Settings, tmp_path: Path) -> None:
    path = recording(tmp_path / "calls.jsonl", 2)
    events = len(read(path))
    assert (await bring(settings, path)).events == events
    assert (await bring(settings, path)).events == 0
    moved = path.rename(tmp_path / "elsewhere.jsonl")
    with moved.open("ab") as file:
        file.write(b'{"type": "conversation.item.deleted", "event_id": "e", "item_id": "i"}\n')
    report = await bring(settings, moved)
    assert (report.events, report.before > events) == (1, True)
    assert await there(settings) == read(moved)


async def test_one_that_begins_alike_is_found_out_and_can_be_named_apart(settings: Settings, tmp_path: Path) -> None:
    path = recording(tmp_path / "calls.jsonl", 1)
    await bring(settings, path)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:-2], b'{"type": "error"}\n', lines[-1]]))
    before = len(await there(settings))
    for other in (lines[:-2], [*lines[:-2], b'{"type": "error"}\n', lines[-1]]):
        path.write_bytes(b"".join(other))
        with pytest.raises(ItemstreamError, match=r"goes on in another way.* --as NAME"):
            await bring(settings, path)
    assert len(await there(settings)) == before
    assert (await bring(settings, path, name="another")).events == before


async def test_what_a_line_tells_wins_over_what_is_asked(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "mixed.jsonl"
    lines: list[dict[str, Any]] = [
        {"type": "ping", "event_id": "e1"},
        {"time": "2026-01-31T12:00:00.000Z", "session_id": "s1", "sequence": 7, "tenant": "north", "provider": "xai",
         "event": {"type": "ping", "event_id": "e2"}},
        {"raw": "no JSON", "session_id": "s1", "sequence": 8},
    ]  # fmt: skip
    path.write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in lines))
    os.utime(path, (MTIME, MTIME))
    await bring(settings, path, session_id="mine", tenant="south")
    found = [
        (record.key.decode(), record.value.decode(), {name: value.decode() for name, value in record.headers})
        for record in await read_all(settings.bootstrap_servers, settings.input_topic)
    ]
    told = {headers["ce_sequence"]: (key, value, headers) for key, value, headers in found}
    assert told["1"][0] == "mine"
    assert told["1"][2]["ce_time"] == "2026-09-21T14:13:20.250Z"
    assert told["1"][2]["ce_source"] == "/realtime/unknown/mine"
    assert {told[number][2]["ce_tenant"] for number in told} == {"south"}
    assert (told["7"][0], told["7"][2]["ce_time"]) == ("s1", "2026-01-31T12:00:00.000Z")
    assert (told["7"][2]["ce_provider"], told["7"][2]["ce_id"]) == ("xai", "e2")
    assert told["8"][:2] == ("s1", "no JSON")


async def test_what_can_t_be_taken_is_counted(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "large.jsonl"
    path.write_bytes(b'{"type": "a"}\n' + orjson.dumps({"type": "b", "text": "x" * 2_000}) + b'\n{"type": "c"}\n')
    small = settings.model_copy(update={"max_event_bytes": 1_024})
    report = await bring(small, path)
    assert (report.events, dict(report.refused)) == (2, {"too_large": 1})
    assert [event["type"] for _, _, event in await there(settings)] == ["a", "c"]


def test_the_command(bootstrap_servers: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing = str(tmp_path / "missing.jsonl")
    empty = tmp_path / "empty.jsonl"
    empty.write_bytes(b"")
    calls = str(recording(tmp_path / "calls.jsonl", 1))
    for arguments, code, told in (
        ([missing], 1, f"cannot read {missing}: No such file or directory"),
        ([missing, missing, "--as", "x"], 2, "--as names one file"),
        ([str(empty)], 0, "0 events of"),
        ([missing, "--start-time", "noon"], 2, "--start-time noon is not an RFC 3339 time"),
        ([calls, "--input-topic", "nowhere"], 1, "make it with: itemstream topics apply --yes"),
    ):
        assert main(["ingest", "file", "--bootstrap-servers", bootstrap_servers, *arguments]) == code
        assert told in capsys.readouterr().err
