"""A client of the stand-in without a network: it sends events and reads what comes, on a clock of its own."""

from __future__ import annotations

import math
from array import array
from base64 import b64encode
from typing import Any

import orjson

from pipeline.core import CoreSettings, Partition
from pipeline.ledger import Report, check
from pipeline.simulate import DIALECTS
from pipeline.simulate.provider.client_events import receive
from pipeline.simulate.provider.conversation import Conversation
from tests.core.events import START_MS, Record

Json = dict[str, Any]

TOOL: Json = {
    "type": "function",
    "name": "find_parcel",
    "description": "Where a parcel is.",
    "parameters": {
        "type": "object",
        "properties": {"parcel": {"type": "string"}, "days": {"type": "integer"}},
        "required": ["parcel", "days"],
    },
}
GA = ("openai", "azure-openai", "yandex")


class Client:
    """One connection. `heard` is all that came; the clock moves only when `listen` is called."""

    def __init__(self, dialect: str = "openai", seed: str = "1") -> None:
        self.dialect = dialect
        self.server = Conversation(DIALECTS[dialect], seed, None, START_MS)
        self.now = START_MS
        self.heard: list[Json] = []
        self.listen()

    def send(self, event_type: str, **fields: Any) -> None:
        self.raw(orjson.dumps({"type": event_type, **fields}))

    def raw(self, message: str | bytes) -> None:
        receive(self.server, message, self.now)

    def listen(self, milliseconds: float = math.inf) -> list[Json]:
        """What comes within this time, or until nothing waits; the clock is then there."""
        until = self.now + milliseconds
        before = len(self.heard)
        outbox = self.server.outbox
        while (at := outbox.next_at) is not None and at <= until:
            said = outbox.take()
            self.now = max(self.now, said.at)
            self.server.said(said)
            self.heard.append(orjson.loads(orjson.dumps(said.event)))
        if until != math.inf:
            self.now = int(until)
        return self.heard[before:]

    # --- what clients do ---------------------------------------------------------------------------------------------

    def configure(self, *, text: bool = True, tools: bool = False, turns: bool = True, transcribe: bool = True) -> None:
        """A `session.update` in the dialect's words."""
        told = [TOOL] if tools else []
        detection = {"type": "server_vad", "silence_duration_ms": 200} if turns else None
        model = {"model": "a-transcriber"} if transcribe else None
        if self.dialect in GA or self.dialect == "xai":
            audio = {"input": {"turn_detection": detection, "transcription": model}}
            session: Json = {"type": "realtime", "output_modalities": ["text" if text else "audio"], "audio": audio}
            if self.dialect == "xai":
                session["turn_detection"] = detection
        else:
            session = {"modalities": ["text"] if text else ["text", "audio"], "turn_detection": detection}
            session["input_audio_transcription"] = model
        self.send("session.update", session=session | {"tools": told})

    def write(self, text: str = "Good morning.") -> None:
        content = [{"type": "input_text", "text": text}]
        self.send("conversation.item.create", item={"type": "message", "role": "user", "content": content})

    def speak(self, milliseconds: int, *, loud: bool = True) -> None:
        self.send("input_audio_buffer.append", audio=tone(milliseconds, loud=loud))

    # --- what is checked ---------------------------------------------------------------------------------------------

    def types(self) -> list[str]:
        return [event["type"] for event in self.heard]

    def last(self, event_type: str) -> Json:
        return next(event for event in reversed(self.heard) if event["type"] == event_type)

    def report(self) -> Report:
        """What was heard, through the core, held against what the server says must come of it."""
        core = Partition(CoreSettings())
        session_id = self.server.session_id.encode()
        records = [Record(orjson.dumps(event), session_id, offset=n) for n, event in enumerate(self.heard)]
        outputs = [*core.process(records, 2**53).outputs, *core.end().outputs]
        return check(self.server.expected(), [(out.topic, out.key, out.value, out.headers) for out in outputs])


def tone(milliseconds: int, *, loud: bool = True) -> str:
    """Sound, or silence, as a client sends it."""
    samples = (int(8_000 * math.sin(n / 9)) if loud else 0 for n in range(24 * milliseconds))
    return b64encode(array("h", samples).tobytes()).decode()


def explain(report: Report) -> str:
    return "\n".join(f"{name}: {text}" for name, found in report.faults() for text in found.examples[:5])
