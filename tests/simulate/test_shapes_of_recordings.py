"""Every JSON shape in the recorded sessions occurs in the simulated ones: keys, their order, what is null or absent."""

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.simulate import sessions

Shape = tuple[str, str, str]
Keys = tuple[str, ...]

DIALECT_OF = (
    ("azure_voice_live", "azure-voice-live"),
    ("azure", "azure-openai"),
    ("xai", "xai"),
    ("openai", "openai"),
)
RECORDED = ("openai", "azure-openai", "azure-voice-live", "xai")
SOMETIMES = {"reasoning", "greeting", "handoff"}
"""Settings some recorded sessions have and others of the same provider have not."""
FREE = {"parameters", "arguments"}
"""Below these the user's own words begin."""


def shapes(event: dict[str, Any]) -> Iterator[tuple[Shape, Keys]]:
    def walk(value: Any, path: str) -> Iterator[tuple[Shape, Keys]]:
        if isinstance(value, dict):
            kind = value.get("type") if path else ""
            keys = tuple(key for key in value if key not in SOMETIMES)
            yield (event["type"], path, kind if isinstance(kind, str) else ""), keys
            for key, below in value.items():
                if key not in FREE and key not in SOMETIMES:
                    yield from walk(below, f"{path}.{key}")
        elif isinstance(value, list):
            for below in value:
                yield from walk(below, path + "[]")

    return walk(event, "")


def simulated(dialect: str) -> dict[Shape, set[Keys]]:
    found: dict[Shape, set[Keys]] = defaultdict(set)
    for session in sessions("shape", 150, [dialect]):
        for event in session.events:
            for shape, keys in shapes(json.loads(event.value or b"")):
                found[shape].add(keys)
    return found


def recorded(folder: Path, dialect: str) -> Iterator[tuple[str, Shape, Keys]]:
    for path in sorted(folder.glob("*_ws--*.jsonl")):
        if next((name for part, name in DIALECT_OF if part in path.name), None) != dialect:
            continue
        for line in path.read_text().splitlines():
            told = json.loads(line)
            if told["direction"] == "received":
                for shape, keys in shapes(told["event"]):
                    yield path.name, shape, keys


@pytest.mark.parametrize("dialect", RECORDED)
def test_every_recorded_shape_is_simulated(recordings: Path, dialect: str) -> None:
    known = simulated(dialect)
    seen = list(recorded(recordings, dialect))
    assert seen
    missing = {(name, shape, keys) for name, shape, keys in seen if keys not in known.get(shape, set())}
    assert not missing, "\n".join(map(str, sorted(missing)[:10]))


def test_nothing_is_copied_from_the_recordings(recordings: Path) -> None:
    """Ids and longer texts of the recordings must not occur in what is simulated."""
    words: set[str] = set()
    for path in recordings.glob("*_ws--*.jsonl"):
        for line in path.read_text().splitlines():
            event = json.loads(line)["event"]
            for value in (event.get("transcript"), event.get("text"), event.get("event_id"), event.get("item_id")):
                if isinstance(value, str) and len(value) > 20:
                    words.add(value)
    assert words
    for dialect in RECORDED:
        for session in sessions("copies", 20, [dialect]):
            said = b"\n".join(event.value or b"" for event in session.events).decode()
            assert not [word for word in words if word in said]
