"""What must come out of recorded events, read from the events alone, in another way than the core reads them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from pipeline.core import CoreSettings, Partition
from tests.core.events import START_MS, Json, Out, Record

OPENINGS = {"conversation.item.added": "added", "conversation.item.created": "created"}
FINISHES = ("conversation.item.done", "conversation.item.retrieved", "response.output_item.done")
TOLD = {
    "response.output_text.done": "text", "response.text.done": "text",
    "response.output_audio_transcript.done": "transcript", "response.audio_transcript.done": "transcript",
}  # fmt: skip
TRANSCRIBED = "conversation.item.input_audio_transcription."
PREDECESSOR_ORDER = ("added", "created", "committed", "done")


def read(path: Path) -> list[Json]:
    """The events received, in order; what is no JSON is left out."""
    lines = [orjson.loads(line) for line in path.read_bytes().splitlines()]
    return [line["event"] for line in lines if line.get("direction", "received") == "received" and "event" in line]


def run(events: Iterable[Json]) -> list[Out]:
    """What the core makes of events of one session, all received at the same time, to its end."""
    partition = Partition(CoreSettings())
    records = [
        Record(orjson.dumps(event), b"recorded", offset=offset, timestamp=START_MS)
        for offset, event in enumerate(events)
    ]
    result = partition.process(records)
    counts = result.counts
    assert counts.consumed == counts.used + counts.ignored + sum(counts.rejected.values()) == len(records)
    assert counts.rejected == {}
    return [Out(output) for output in (*result.outputs, *partition.end().outputs)]


@dataclass
class Item:
    """What the events said of one item."""

    opened: list[Json] = field(default_factory=list)
    finished: list[Json] = field(default_factory=list)
    told: dict[int, str] = field(default_factory=dict)
    heard: dict[int, tuple[str, str]] = field(default_factory=dict)
    previous: dict[str, str | None] = field(default_factory=dict)
    response: tuple[str | None, int | None] = (None, None)
    committed: bool = False
    deleted: bool = False
    heard_ms: int | None = None
    arguments: str | None = None

    @property
    def sendings(self) -> list[Json]:
        return self.opened + self.finished

    def last(self, name: str) -> Any:
        """The field as it was last told and not empty, finishing sendings before openings."""
        told = [one[name] for one in self.sendings if one.get(name) not in (None, "", [], {})]
        return told[-1] if told else None

    def words(self) -> dict[int, str]:
        """Text by part: the newest sending with words for it, else what part events told; transcripts above all."""
        words = dict(self.told)
        for sending in self.finished or self.opened:
            for index, part in enumerate(sending.get("content") or []):
                said = part.get("text") or part.get("transcript")
                if said:
                    words[index] = said
        for index, (state, said) in self.heard.items():
            words[index] = said
            if state == "failed":
                del words[index]
        return words

    def spoken(self) -> bool:
        """Whether it is a message with input audio."""
        types = [part.get("type") for part in self.last("content") or []]
        user = self.last("role") != "assistant"
        return self.last("type") == "message" and bool(
            "input_audio" in types or (user and "audio" in types) or self.heard or (self.committed and not types)
        )

    def state(self, configured: bool | None) -> str | None:
        if not self.spoken():
            return None
        if self.heard:
            return "failed" if "failed" in {state for state, _ in self.heard.values()} else "final"
        return "final" if self.words() else "disabled" if configured is False else "pending"

    def text(self) -> str | None:
        words = [said for _, said in sorted(self.words().items()) if said]
        return "\n".join(words) or ("" if self.heard and self.state(None) == "final" else None)

    def predecessor(self) -> tuple[str | None, str | None]:
        named = [(self.previous[source], source) for source in PREDECESSOR_ORDER if self.previous.get(source)]
        told = [(None, source) for source in PREDECESSOR_ORDER[:3] if source in self.previous]
        return (named or told or [(None, None)])[0]


@dataclass
class Expected:
    """What the events of one session said."""

    items: dict[str, Item] = field(default_factory=dict)
    responses: dict[str, Json] = field(default_factory=dict)
    transcription: bool | None = None

    def shown(self) -> dict[str, Item]:
        """Items that were sent, and not merely told about."""
        return {name: item for name, item in self.items.items() if item.sendings}


def expect(events: Iterable[Json]) -> Expected:
    expected = Expected()
    applied: set[tuple[str, str]] = set()

    def item(name: str, event: Json) -> Item | None:
        identity = event.get("event_id") or orjson.dumps(event).decode()
        if (name, identity) in applied:
            return None
        applied.add((name, identity))
        return expected.items.setdefault(name, Item())

    for event in events:
        type_, name = event["type"], event.get("item_id") or (event.get("item") or {}).get("id")
        if type_.startswith("session.") and event.get("session"):
            _session(expected, event["session"])
        elif type_ == "response.done":
            _response(expected, event, item)
        elif name and (one := item(name, event)) is not None:
            _of_item(one, type_, event)
    return expected


def _of_item(one: Item, type_: str, event: Json) -> None:
    if type_ in OPENINGS:
        one.opened.append(event["item"])
        one.previous.setdefault(OPENINGS[type_], event.get("previous_item_id"))
    elif type_ == "response.output_item.added":
        one.opened.append(event["item"])
        one.response = (event["response_id"], event["output_index"])
    elif type_ in FINISHES:
        one.finished.append(event["item"])
        if type_ == "conversation.item.done" and event.get("previous_item_id"):
            one.previous.setdefault("done", event["previous_item_id"])
        if type_ == "response.output_item.done":
            one.response = (event["response_id"], event["output_index"])
    elif type_ in TOLD and event.get(TOLD[type_]):
        one.told[event["content_index"]] = event[TOLD[type_]]
    elif type_ == "response.content_part.done" and (part := event.get("part")):
        said = part.get("text") or part.get("transcript")
        if said:
            one.told[event["content_index"]] = said
    elif type_ == TRANSCRIBED + "completed" and event.get("status") != "in_progress":
        one.heard[event["content_index"]] = ("final", event["transcript"])
    elif type_ == TRANSCRIBED + "failed":
        one.heard[event["content_index"]] = ("failed", "")
    elif type_ == "input_audio_buffer.committed":
        one.committed = True
        one.previous["committed"] = event.get("previous_item_id")
    elif type_ == "conversation.item.deleted":
        one.deleted = True
    elif type_ == "conversation.item.truncated":
        one.heard_ms = event["audio_end_ms"]
    elif type_.endswith("call_arguments.done"):
        one.arguments = event["arguments"]


def _session(expected: Expected, session: Json) -> None:
    input_ = (session.get("audio") or {}).get("input") or {}
    holders = ((input_, "transcription"), (session, "input_audio_transcription"))
    told = [holder[name] for holder, name in holders if name in holder]
    if told:
        expected.transcription = any(one is not None for one in told)
    elif expected.transcription is None:
        expected.transcription = False


def _response(expected: Expected, event: Json, item: Any) -> None:
    response = event["response"]
    if response["id"] in expected.responses:
        return
    expected.responses[response["id"]] = event
    for index, sent in enumerate(response.get("output") or []):
        one = item(sent["id"], event)
        if one is not None:
            one.finished.append(sent)
            if one.response == (None, None):
                one.response = (response["id"], index)
