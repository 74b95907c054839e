"""Server events in few words, a session that takes them, and what comes out, read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import orjson

from pipeline.core import CoreSettings, Output, Partition, readable_headers

START_MS = 1_790_000_000_000
TOPIC = "realtime.server-events"
SECOND = 1_000
MINUTE = 60_000

Json = dict[str, Any]


@dataclass(slots=True)
class Record:
    """An input record."""

    value: bytes | None
    key: bytes | None = b"sess_1"
    headers: list[tuple[str, bytes | None]] = field(default_factory=list)
    offset: int = 0
    timestamp: int = START_MS
    topic: str = TOPIC
    partition: int = 0
    timestamp_type: int | None = 0


class Out:
    """An output record, read. Fields of its value by name: `out["text"]`."""

    def __init__(self, output: Output) -> None:
        self.raw = output
        self.topic = output.topic.removeprefix("realtime.")
        self.key = output.key
        self.headers = readable_headers(output.headers)
        self.value: Json = {} if self.topic == "rejected" else orjson.loads(output.value or b"null")

    def __getitem__(self, name: str) -> Any:
        return self.value[name]

    def __repr__(self) -> str:
        told = {name: self.value.get(name) for name in ("item_id", "response_id", "revision", "cause", "text")}
        return f"<{self.topic} {told}>"


class Talk:
    """One session of one partition. What is said comes out at once: `say` returns the records that the event made.

    Events come a second apart; `ms` is the time of the last one.
    """

    def __init__(self, session: str | None = "sess_1", partition: Partition | None = None, **settings: Any) -> None:
        self.settings = CoreSettings(**settings)
        self.partition = partition or Partition(self.settings)
        self.session = session
        self.ms = START_MS
        self.offset = 0
        self.said: list[Record] = []
        self.outs: list[Out] = []
        self.changelog: list[tuple[bytes, bytes | None]] = []
        self.ended: list[str] = []
        """How each record ended: used, ignored, or the reason of its rejection."""

    def say(self, type: str, /, *, headers: Any = None, after_ms: Any = SECOND, **body: Any) -> list[Out]:
        """An event with an id of its own, unless `event_id` is told (None: without one)."""
        self.ms += after_ms
        told: Json = {"type": type, "event_id": f"event_{self.offset}", **body}
        if told["event_id"] is None:
            del told["event_id"]
        return self.take(self.record(orjson.dumps(told), headers))

    def record(self, value: bytes | None, headers: Json | None = None) -> Record:
        """A record of this session, not yet taken."""
        told = (headers or {}).items()
        pairs = [(name, value.encode() if isinstance(value, str) else value) for name, value in told]
        key = self.session.encode() if self.session is not None else None
        self.offset += 1
        return Record(value, key, pairs, self.offset, self.ms)

    def take(self, *records: Record) -> list[Out]:
        """Records as one batch."""
        self.said += records
        result = self.partition.process(records)
        for outcome, number in (
            ("used", result.counts.used),
            ("ignored", result.counts.ignored),
            *result.counts.rejected.items(),
        ):
            self.ended += [outcome] * number
        assert result.counts.consumed == len(records)
        return self._note(result.outputs, result.changes)

    def again(self, *records: Record) -> list[Out]:
        """The same records a second time, further on in the topic (all that were said, unless told)."""
        outs: list[Out] = []
        for record in records or tuple(self.said):
            self.offset += 1
            self.ms += SECOND
            again = Record(record.value, record.key, record.headers, self.offset, self.ms)
            outs += self.take(again)
        return outs

    def end(self) -> list[Out]:
        result = self.partition.end()
        return self._note(result.outputs, result.changes)

    def wait(self, ms: int) -> list[Out]:
        """Wall clock goes on, and nothing comes in."""
        self.partition.idle(self.ms)
        result = self.partition.idle(self.ms + ms)
        return self._note(result.outputs, result.changes)

    def restart(self) -> None:
        """Lose the partition and make it anew from the changelog."""
        self.partition = restored(self.changelog, self.settings)

    def item(self, item_id: str) -> Out:
        """The last revision of an item."""
        return [out for out in self.outs if out.value.get("item_id") == item_id][-1]

    def revisions(self, item_id: str) -> list[tuple[int, str]]:
        return [(out["revision"], out["cause"]) for out in self.outs if out.value.get("item_id") == item_id]

    def _note(self, outputs: list[Output], changes: list[tuple[bytes, bytes | None]]) -> list[Out]:
        self.changelog += changes
        outs = [Out(output) for output in outputs]
        self.outs += outs
        return outs


def restored(changelog: Iterable[tuple[bytes, bytes | None]], settings: CoreSettings) -> Partition:
    """A partition out of changelog records."""
    partition = Partition(settings)
    for key, value in changelog:
        partition.restore(key, value)
    partition.restored()
    return partition


def state_of(partition: Partition) -> dict[bytes, bytes]:
    """The whole state as changelog records: what touching every entity would write."""
    step = partition._step
    for session in partition.wake_all().values():
        for entity in (session.cursor, session.config, *session.items.values(), *session.replies.values()):
            step.dirty[entity] = None
    records = {key: value for key, value in step.take_changes() if value is not None}
    for session in partition.wake_all().values():
        for item_id, numbers in session.forgotten.items():
            records[orjson.dumps(["i", session.name, item_id])] = orjson.dumps([1, *numbers])
    return records


def message(id: str, role: str, *content: Json, status: str | None = "completed", **more: Any) -> Json:
    item = {"id": id, "type": "message", "role": role, "status": status, "content": list(content), **more}
    if status is None:
        del item["status"]
    return item


def text(words: str, type: str = "input_text") -> Json:
    return {"type": type, "text": words}


def audio(transcript: str | None, type: str = "input_audio") -> Json:
    return {"type": type, "transcript": transcript}


def user(id: str, words: str = "Good day") -> Json:
    return message(id, "user", text(words))


def spoken(id: str) -> Json:
    """A message of the user, spoken; its transcript comes on its own."""
    return message(id, "user", audio(None))


def answer(id: str, words: str = "How are you?") -> Json:
    return message(id, "assistant", text(words, "output_text"))


def call(id: str, call_id: str, arguments: str = '{"city":"Oslo"}', name: str = "weather", **more: Any) -> Json:
    return {
        "id": id, "type": "function_call", "status": "completed", "call_id": call_id, "name": name,
        "arguments": arguments, **more,
    }  # fmt: skip


def output(id: str, call_id: str, told: str = '{"degrees":3}') -> Json:
    return {"id": id, "type": "function_call_output", "call_id": call_id, "output": told}


def response(id: str, *items: Json, status: str = "completed", **more: Any) -> Json:
    return {"id": id, "object": "realtime.response", "status": status, "output": list(items), **more}


def respond(talk: Talk, id: str, *items: Json, **more: Any) -> list[Out]:
    """A whole response as a GA server tells it, its items with `added` and `done`."""
    outs = talk.say("response.created", response=response(id, status="in_progress"))
    for index, item in enumerate(items):
        opened = {**item, "status": "in_progress", **({"content": []} if "content" in item else {})}
        outs += talk.say("response.output_item.added", response_id=id, output_index=index, item=opened)
        outs += talk.say("conversation.item.added", previous_item_id=None, item=opened)
        outs += talk.say("conversation.item.done", previous_item_id=None, item=item)
        outs += talk.say("response.output_item.done", response_id=id, output_index=index, item=item)
    return outs + talk.say("response.done", response=response(id, *items, **more))


def transcribed(talk: Talk, item_id: str, words: str | None, **more: Any) -> list[Out]:
    body: Json = {"item_id": item_id, "content_index": 0, "transcript": words, **more}
    return talk.say("conversation.item.input_audio_transcription.completed", **body)
