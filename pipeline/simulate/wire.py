"""Events as one dialect writes them: envelope, items, content parts and deltas. No state but the id source."""

from __future__ import annotations

from base64 import b64encode
from random import Random
from typing import Any

from pipeline.simulate.dialect import FLAT_ITEM_FIELDS, Dialect
from pipeline.simulate.model import Json

_XAI_ORDER = (
    "item_id",
    "transcript",
    "part",
    "response",
    "item",
    "response_id",
    "delta",
    "content_index",
    "output_index",
)
"""In which order xAI writes those keys that others write in another; what is not named follows."""
_POOL = Random("sound")
SOUND = tuple(b64encode(_POOL.randbytes(_POOL.choice((33, 48, 120)))).decode() for _ in range(256))
"""Pieces of audio payload: nothing reads them, so a fixed set is drawn from."""
PADDING = tuple(b64encode(_POOL.randbytes(12), altchars=b"ab").decode()[: 16 - length % 16] for length in range(64))


class Wire:
    """Writes the events of one session in one dialect."""

    def __init__(self, dialect: Dialect, rng: Random) -> None:
        self.dialect = dialect
        self.rng = rng
        self.sounds = SOUND
        self._run = ""

    def event(self, event_type: str, body: Json) -> Json:
        """The event of this type with the dialect's envelope around its own fields."""
        event_id = self.dialect.ids.event(self.rng)
        match self.dialect.envelope:
            case "type_first":
                return {"type": event_type, "event_id": event_id, **body}
            case "event_id_first":
                return {"event_id": event_id, "type": event_type, **body}
            case "xai":
                if event_type == "session.updated":
                    return {**body, "type": event_type, "event_id": event_id, "previous_item_id": None}
                if event_type == "session.created":
                    return {"type": event_type, "event_id": event_id, **body}
                predecessor = body.pop("previous_item_id", None)
                ordered = {key: body[key] for key in _XAI_ORDER if key in body}
                return {"type": event_type, "event_id": event_id, **ordered, **body, "previous_item_id": predecessor}

    def item(self, item_type: str, item_id: str, status: str | None, fields: Json) -> Json:
        """An item with its own fields behind the common ones; `status` None leaves it out, or null where flat."""
        dialect = self.dialect
        if dialect.flat_item:
            flat: Json = {"id": item_id, "object": "realtime.item", "type": item_type}
            return {**flat, **dict.fromkeys(FLAT_ITEM_FIELDS), "status": status, **fields}
        head: Json = {"id": item_id}
        if dialect.item_object:
            head["object"] = "realtime.item"
        head["type"] = item_type
        if status is not None:
            head["status"] = status
        return {**head, **fields}

    def content(self, kind: str, text: str) -> Json:
        """A content part of an assistant's item: `kind` is `output_text` or `output_audio`."""
        return {"type": self.dialect.contents[kind], "text" if kind == "output_text" else "transcript": text}

    def part_event(self, event_type: str, where: Json, kind: str, text: str) -> Json:
        """`response.content_part.added` or `.done`; `where` names response, item and indexes."""
        name = "text" if kind == "output_text" else "transcript"
        done = event_type.endswith(".done")
        if done and self.dialect.part_done == "none":
            return self.event(event_type, dict(where))
        told = "" if done and kind == "output_text" and self.dialect.part_done == "empty_text" else text
        part = {"type": "text" if kind == "output_text" else "audio", name: told}
        body = {**where, "part": part}
        if self.dialect.part_twice:
            body["content"] = part
        event = self.event(event_type, body)
        if self.dialect.envelope == "xai":
            # It names a predecessor where there is none to name.
            head = {key: event.pop(key) for key in ("type", "event_id", "item_id")}
            return {**head, "previous_item_id": "0", **{k: v for k, v in event.items() if k != "previous_item_id"}}
        return event

    def delta(self, event_type: str, where: Json, text: str) -> Json:
        """A delta of text or arguments."""
        body = {**where, "delta": text}
        if self.dialect.obfuscation:
            body["obfuscation"] = PADDING[len(text) & 63]
        return self.event(event_type, body)

    def spoken_words(self, event_type: str, where: Json, text: str) -> Json:
        """A delta of a transcript of what the model says, or of its text."""
        event = self.delta(event_type, where, text)
        if self.dialect.envelope == "xai":
            self._run = event["event_id"]
            del event["previous_item_id"]
            return {**event, "rid": self._run, "start_time": 0.0, "previous_item_id": None}
        return event

    def sound(self, event_type: str, where: Json, time_ms: int) -> Json:
        """A delta of audio: the bulk of every spoken session."""
        choice = int(self.rng.random() * 256)
        body: dict[str, Any] = {**where, "delta": self.sounds[choice]}
        if self.dialect.envelope == "xai":
            body["rid"] = self._run
            if not where["content_index"] and choice < 16:
                body["latency"] = "0.61"
            body |= {"audio_duration_ms": choice * 4, "ts": time_ms}
        return self.event(event_type, body)
