"""One session of the stand-in: what it has said and will say, and when. No sockets and no clock."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any, cast

from pipeline.ledger import Expected
from pipeline.simulate import speech
from pipeline.simulate.dialect import Dialect
from pipeline.simulate.model import Json
from pipeline.simulate.provider import script
from pipeline.simulate.provider.audio import TONES, Ear
from pipeline.simulate.provider.outbox import Outbox, Said
from pipeline.simulate.provider.response import Response
from pipeline.simulate.provider.session import Session
from pipeline.simulate.talk import Talk

TRANSCRIPT = "soon"


class Conversation:
    """What the server knows of one connection.

    `client_events.receive` takes what the client sends; `outbox` holds what is to be said, and whoever says an event
    tells `said`. All times are milliseconds since 1970, as the caller sees them.
    """

    def __init__(self, dialect: Dialect, seed: str, model: str | None, now: int) -> None:
        self.dialect = dialect
        rng = Random(f"{seed}/{dialect.name}")
        session_id = dialect.ids.session(rng)
        # Who collects this may not know the provider, nor a tenant.
        known: Json = {"provider_session_id": session_id}
        self.talk = Talk(
            dialect, rng, session_id, now, known,
            spoken=True, transcription=False, tools=(), attached_late=False, model=model,
        )  # fmt: skip
        self.talk.wire.sounds = TONES
        facts = self.talk.facts("")
        self.session = Session(dialect.session(facts, False), dialect.name)
        self.script = script.Script(self.talk)
        self.outbox = Outbox()
        self.bodies: dict[str, Json] = {}
        """Item id -> the item as it was last told."""
        self.ear = Ear()
        self.utterance: speech.Utterance | None = None
        self.response: Response | None = None
        self._seed = seed
        self._responses = 0
        self._later: deque[Callable[[], None]] = deque()
        self._log: list[Said] = []
        self.talk.greet(facts)
        self.hand_over()

    @property
    def session_id(self) -> str:
        return self.talk.session_id

    def said(self, said: Said) -> None:
        """This event of the outbox has gone out."""
        item: Any = said.event.get("item")
        if isinstance(item, dict) and (cast(Json, item).get("id")):
            self.bodies[cast(Json, item)["id"]] = item
        self._log.append(said)
        response = self.response
        if response is None or said.response != response.number:
            return
        response.said_at.append(len(self._log) - 1)
        response.sent_until_ms = said.at
        if said.event["type"] == "response.done":
            self.response = None
            self.talk.now = said.at
            while self._later and self.response is None:
                self._later.popleft()()

    def when_free(self, act: Callable[[], None]) -> None:
        """At once, or when the response that is going on is over: whatever it opens comes first."""
        if self.response is None and not self._later:
            act()
        else:
            self._later.append(act)

    def respond(self, asked: Json) -> None:
        """Begin a response, as a `response.create` asks for it."""
        out_of_band = asked.get("conversation") == "none"
        modalities: list[str] = asked.get("output_modalities") or asked.get("modalities") or self.talk.modalities
        if self.dialect.audio_only:
            modalities = self.talk.modalities
        tools = asked.get("tools", [] if out_of_band else self.session.tools)
        outputs = self.script.outputs(modalities, tools, asked.get("tool_choice", self.session.tool_choice))
        self._responses += 1
        now = self.talk.now
        self.response = Response(
            number=self._responses,
            seed=f"{self._seed}/{self.dialect.name}/{self._responses}",
            outputs=outputs,
            begins_ms=now,
            last_item=self.talk.last_item,
            sent_until_ms=now,
            said_at=[],
            out_of_band=out_of_band,
            modalities=modalities,
            metadata=asked.get("metadata"),
        )
        self.outbox.put(self.response.write(self.talk), self.response.number)

    def cancel(self, ending: str) -> None:
        """Break off the response that is going on: `client_cancelled` or `spoken_to`."""
        response = self.response
        if response is None:
            return
        now = self.talk.now
        self.outbox.drop(response.number)
        entries = response.write(self.talk, ending=ending, cut_at=response.sent_until_ms)
        # What was said is said again: it means something for items that are now others.
        for place, (_, _, event, effect) in zip(response.said_at, entries, strict=False):
            self._log[place].event, self._log[place].effect = event, effect
        self.outbox.put(entries[len(response.said_at) :], response.number, not_before=now)
        self.talk.now = now

    def speaks(self, start_ms: int) -> None:
        """The person begins to speak."""
        self.utterance = speech.begin(self.talk, start_ms)
        turns = self.session.turn_detection or {}
        if turns.get("interrupt_response", True):
            self.hand_over()
            self.cancel("spoken_to")

    def has_spoken(self, end_ms: int) -> None:
        """The person has stopped, and the server takes that for a turn."""
        utterance, self.utterance = self.utterance, None
        self.ear.empty()
        turns = self.session.turn_detection or {}

        def take() -> None:
            if utterance is not None:
                speech.finish(self.talk, utterance, self.script.question(), TRANSCRIPT, end_ms=end_ms)
                self.hand_over()
                if turns.get("create_response", True):
                    self.respond({})

        self.when_free(take)

    def expected(self) -> list[Expected]:
        """What must come out of what was said. To be asked once, at the end."""
        for said in self._log:
            if said.effect is not None:
                said.effect()
        lines = self.talk.account.lines()
        return [replace(line, final={k: v for k, v in line.final.items() if _is_sure(k, v)}) for line in lines]

    def hand_over(self) -> None:
        """What the talk has said since goes into the outbox."""
        entries, self.talk.entries = self.talk.entries, []
        self.outbox.put(entries)


def _is_sure(field: str, value: object) -> bool:
    """Not when a collector gets an event, and not what the session's settings say of it at that moment."""
    return not (
        field.startswith("timing.")
        or field == "declared"
        or (field == "transcript.state" and value in ("pending", "disabled"))
    )
