"""Recorded sessions of several providers come out right, as they are and with their events repeated and moved.

The recordings are not part of this project: without them these tests are skipped.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random

import orjson
import pytest
from openai.types.realtime import ConversationItem
from pydantic import TypeAdapter

from pipeline.core import CoreSettings
from pipeline.recorded import read_lines
from pipeline.recorded import run as run_recorded
from tests.conftest import RECORDINGS
from tests.core.events import Json, Out
from tests.core.published import check_published
from tests.core.recorded import TRANSCRIBED, Expected, expect, read, run

FILES = sorted(RECORDINGS.glob("*.jsonl")) if RECORDINGS.is_dir() else []

recorded = pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])

PASSING = (
    "id", "revision", "cause", "session_sequence", "source", "done_at", "conversation_id", "provider_session_id",
    "model", "declared",
)  # fmt: skip


def is_examples(path: Path) -> bool:
    """Whether it is a collection of single events out of a provider's documentation."""
    return path.stem.startswith("_")


def test_there_are_recordings(recordings: Path) -> None:
    assert FILES, f"{recordings} holds no recording"


def check_items(outs: list[Out], expected: Expected) -> None:
    last = {out["item_id"]: out for out in outs if out.topic != "responses"}
    shown = expected.shown()
    assert set(last) == set(shown)
    calls = {item.last("call_id"): name for name, item in shown.items() if item.last("type") == "function_call"}
    for name, item in shown.items():
        record = last[name].value
        told = {field: record[field] for field in ("item_type", "response_id", "output_index", "deleted")}
        assert told == {
            "item_type": item.last("type"),
            "response_id": item.response[0],
            "output_index": item.response[1],
            "deleted": item.deleted,
        }
        assert (record["previous_item_id"], record["previous_item_source"]) == item.predecessor()
        assert record["status"] == (item.finished or item.opened)[-1].get("status")
        if record["item_type"] == "message":
            assert record["text"] == item.text()
            assert record["role"] == item.last("role")
            state = item.state(expected.transcription)
            assert (record["transcript"] or {}).get("state") == state
            if state == "final":
                assert record["transcript"]["text"] == (item.text() or "")
            assert record["heard_ms"] == item.heard_ms
            assert record["origin"] == ("user_audio" if state else "model" if item.response[0] else "client")
        if record["item_type"] == "function_call":
            assert record["arguments_raw"] == (item.last("arguments") or item.arguments)
            assert (record["call_id"], record["name"]) == (item.last("call_id"), item.last("name"))
            assert record["arguments"] == orjson.loads(record["arguments_raw"])
        if record["item_type"] == "function_call_output":
            call = calls.get(record["call_id"])
            assert (record["orphan"], record["call_item_id"]) == (call is None, call)
            assert record["name"] == (shown[call].last("name") if call else None)
            assert record["output_raw"] == item.last("output")


def check_responses(outs: list[Out], expected: Expected) -> None:
    responses = [out for out in outs if out.topic == "responses"]
    assert [out["response_id"] for out in responses] == list(expected.responses)
    for out, event in zip(responses, expected.responses.values(), strict=True):
        told = event["response"]
        assert (out["response"], out["status"]) == (told, told["status"])
        assert out["item_ids"] == [item["id"] for item in told["output"]]
        assert out["usage_raw"] == (told.get("usage") or event.get("usage") or None)
        if out["usage"]:
            assert out["usage"]["total_tokens"] == out["usage_raw"]["total_tokens"]
            details = out["usage_raw"].get("input_token_details") or {}
            assert out["usage"]["input_text_tokens"] == details.get("text_tokens")


def check_numbers(outs: list[Out]) -> None:
    """Per session: sequence and revisions without gaps, ids unique, every record of its topic's model and schema."""
    sequences: dict[str, list[int]] = {}
    revisions: dict[tuple[str, str], list[int]] = {}
    for out in outs:
        sequences.setdefault(out["session_id"], []).append(out["session_sequence"])
        if out.topic != "responses":
            revisions.setdefault((out["session_id"], out["item_id"]), []).append(out["revision"])
        check_published(out)
    for numbers in (*sequences.values(), *revisions.values()):
        assert numbers == list(range(1, len(numbers) + 1))
    assert len({out["id"] for out in outs}) == len(outs)


def final(outs: list[Out]) -> dict[str, Json]:
    """The last record of everything, less what says how it came about and what is the session's."""
    return {
        (out.value.get("item_id") or out.value["response_id"]): {
            name: value for name, value in out.value.items() if name not in PASSING
        }
        for out in outs
    }


@recorded
def test_a_recording_comes_out_right(path: Path) -> None:
    events = read(path)
    outs = run(events)
    expected = expect(events)
    check_items(outs, expected)
    check_responses(outs, expected)
    check_numbers(outs)
    assert outs
    if not is_examples(path):
        assert not [out for out in outs if out.value.get("out_of_band")]


def doubled(events: list[Json]) -> list[Json]:
    return [event for event in events for _ in range(2)]


def nameless(events: list[Json]) -> list[Json]:
    return doubled([{name: value for name, value in event.items() if name != "event_id"} for event in events])


def blocks(length: int) -> Callable[[list[Json]], list[Json]]:
    """Every block of so many events again, half a block after its end."""

    def replay(events: list[Json]) -> list[Json]:
        out: list[Json] = []
        for start in range(0, len(events), length):
            block = events[start : start + length]
            half = len(block) // 2
            out += block[:half] + events[max(0, start - length) : start] + block[half:]
        return out + events[-length:]

    return replay


def twice(events: list[Json]) -> list[Json]:
    return events + events


def at_random(events: list[Json]) -> list[Json]:
    random = Random(7)
    out: list[Json] = []
    for index, event in enumerate(events):
        out.append(event)
        start = random.randrange(index + 1)
        out += events[start : min(start + random.randrange(12), index + 1)]
    return out


REPEATS = {
    "doubled": doubled,
    "twice": twice,
    "at random": at_random,
    "blocks of 3": blocks(3),
    "blocks of 20": blocks(20),
}


@recorded
@pytest.mark.parametrize("repeat", REPEATS.values(), ids=REPEATS)
def test_repeats_change_nothing(path: Path, repeat: Callable[[list[Json]], list[Json]]) -> None:
    events = read(path)
    plain, again = run(events), run(repeat(events))
    assert [out["id"] for out in again] == [out["id"] for out in plain]
    assert final(again) == final(plain)


@recorded
def test_repeats_without_event_ids_change_nothing(path: Path) -> None:
    events = read(path)
    if is_examples(path):
        pytest.skip("examples, not a session: the same event ids are used for different events")
    plain, again = run(events), run(nameless(events))
    assert [out["id"] for out in again] == [out["id"] for out in plain]
    assert final(again) == final(plain)


def is_transcript(event: Json) -> bool:
    return event["type"].startswith(TRANSCRIBED)


@recorded
@pytest.mark.parametrize("start", [True, False])
def test_transcripts_may_come_long_before_or_after(path: Path, start: bool) -> None:
    if is_examples(path):
        pytest.skip("examples, not a session: its settings are told after its items")
    events = read(path)
    moved = sorted(events, key=is_transcript, reverse=start)
    outs = run(moved)
    assert final(outs) == final(run(events))
    check_numbers(outs)
    expected = expect(moved)
    check_items(outs, expected)
    if start:
        assert not [out for out in outs if out.value.get("cause") == "transcription"]


@recorded
def test_a_recording_goes_through_the_command(path: Path) -> None:
    with path.open("rb") as lines:
        outputs = list(run_recorded(read_lines(lines, path.stem, path.stem), CoreSettings()))
    outs = [Out(output) for output in outputs]
    check_numbers([out for out in outs if out.topic != "rejected"])
    broken = [line for line in path.read_bytes().splitlines() if orjson.loads(line).get("valid_json") is False]
    # A broken event of a type that changes nothing is passed by unread.
    assert bool(broken) <= len([out for out in outs if out.topic == "rejected"]) <= len(broken)


ITEM: TypeAdapter[ConversationItem] = TypeAdapter(ConversationItem)


@recorded
def test_items_of_openai_are_of_its_own_types(path: Path) -> None:
    if "openai" not in path.stem or is_examples(path):
        pytest.skip("another provider's")
    for out in run(read(path)):
        if out.topic != "responses":
            ITEM.validate_python(out["item"])
