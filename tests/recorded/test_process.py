"""`itemstream process` as a user meets it."""

import subprocess
import sys
from pathlib import Path

import orjson

from tests.core.events import Json, answer, response, user

EVENTS: list[Json] = [
    {"type": "conversation.item.done", "event_id": "e0", "item": user("before")},
    {"type": "session.created", "event_id": "e1", "session": {"id": "sess_1", "model": "m"}},
    {"type": "conversation.item.added", "event_id": "e2", "item": user("a")},
    {"type": "response.done", "event_id": "e3", "response": response("r", answer("b"))},
]


def process(*arguments: str, lines: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "pipeline.cli.main", "process", *arguments]
    return subprocess.run(command, input=lines, capture_output=True, timeout=60, check=False)


def recording(folder: Path, *more: bytes) -> Path:
    path = folder / "talk.jsonl"
    path.write_bytes(b"\n".join([*map(orjson.dumps, EVENTS), *more]) + b"\n")
    return path


def test_a_file(tmp_path: Path) -> None:
    done = process(str(recording(tmp_path)))
    assert (done.returncode, done.stderr) == (0, b"")
    outs = [orjson.loads(line) for line in done.stdout.splitlines()]
    assert [(out["topic"], out["key"], out["value"].get("item_id")) for out in outs] == [
        ("realtime.items.messages", "talk", "before"),
        ("realtime.items.messages", "sess_1", "b"),
        ("realtime.items.messages", "sess_1", "a"),
        ("realtime.responses", "sess_1", None),
    ]


def test_standard_input_with_options(tmp_path: Path) -> None:
    options = ("--session-id", "mine", "--provider", "xai", "--start-time", "2026-05-01T10:00:00Z", "--prefix", "p")
    done = process("-", *options, lines=recording(tmp_path).read_bytes())
    first = orjson.loads(done.stdout.splitlines()[0])
    assert (first["topic"], first["key"], first["value"]["provider"]) == ("p.items.messages", "mine", "xai")
    assert first["value"]["source"]["received_at"] == "2026-05-01T10:00:00Z"


def test_what_is_rejected_is_text(tmp_path: Path) -> None:
    done = process(str(recording(tmp_path, b'{"type":"conversation.item.done","item":{"id":"cut')))
    last = [orjson.loads(line) for line in done.stdout.splitlines()][-1]
    assert done.returncode == 0
    assert (last["topic"], last["value"][:20]) == ("realtime.rejected", '{"type":"conversatio')
    assert last["headers"]["itemstream-reject-reason"] == "not_json"


def test_a_file_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    done = process(str(tmp_path / "none.jsonl"))
    assert done.returncode == 1
    assert done.stderr.count(b"\n") == 1
    assert b"none.jsonl" in done.stderr


def test_a_wrong_start_time_is_wrong_use(tmp_path: Path) -> None:
    done = process(str(recording(tmp_path)), "--start-time", "noon")
    assert done.returncode == 2
    assert b"RFC 3339" in done.stderr


def test_the_same_input_gives_the_same_output(tmp_path: Path) -> None:
    path = str(recording(tmp_path))
    assert process(path).stdout == process(path).stdout
