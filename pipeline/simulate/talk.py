"""One conversation being written: its clock, its events with their meaning, and what both sides know of each other."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from pipeline.simulate import timing
from pipeline.simulate.account import Account, Item
from pipeline.simulate.bodies import SessionFacts
from pipeline.simulate.dialect import Dialect
from pipeline.simulate.model import Json
from pipeline.simulate.timing import Gap
from pipeline.simulate.wire import Wire
from pipeline.simulate.words import NAMES, NOTES, PLACES, THINGS, Tool

Effect = Callable[[], None] | None
Entry = tuple[int, int, Json, Effect]
"""When (ms), the order among equals, the event, and what it means for the account."""


class Talk:
    """A session in the writing. Verbs elsewhere (speech, answers, tools, edits) write into it.

    `attached_late`: the collector came after `session.created` and `session.updated`, so nobody was told the settings.
    """

    def __init__(
        self,
        dialect: Dialect,
        rng: Random,
        session_id: str,
        start_ms: int,
        common: Json,
        *,
        spoken: bool,
        transcription: bool,
        tools: tuple[Tool, ...],
        attached_late: bool,
        model: str | None = None,
    ) -> None:
        self.dialect = dialect
        self.rng = rng
        self.wire = Wire(dialect, rng)
        self.account = Account(session_id, common)
        self.session_id = session_id
        self.now = start_ms
        self.model = model or rng.choice(dialect.models)
        self.voice = dialect.voice
        self.phases = self.model in dialect.told_phases
        self.tells_rate_limits = dialect.rate_limits and rng.random() < 0.7
        self.spoken = spoken or dialect.audio_only
        self.transcribes = transcription
        self.tools = tools
        self.attached_late = attached_late
        self.conversation_id = dialect.ids.conversation(rng)
        self.last_item: str | None = None
        self.audio_clock = 0
        self.entries: list[Entry] = []

    # --- the clock -------------------------------------------------------------------------------------------------

    def wait(self, gap: Gap) -> int:
        """Lets time pass; returns the new time."""
        low, high = gap
        self.now += low + int(self.rng.random() * (high - low + 1))
        return self.now

    def after(self, gap: Gap) -> int:
        """A time in the future, without waiting for it."""
        low, high = gap
        return self.now + low + int(self.rng.random() * (high - low + 1))

    # --- saying ----------------------------------------------------------------------------------------------------

    def say(self, event_type: str, body: Json, effect: Effect = None, at: int | None = None) -> None:
        """Says an event now, or `at` a later time while the conversation goes on."""
        self.put(self.wire.event(event_type, body), effect, at)

    def put(self, event: Json, effect: Effect = None, at: int | None = None) -> None:
        """Says an event already written."""
        self.entries.append((self.now if at is None else at, len(self.entries), event, effect))

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    # --- the session -----------------------------------------------------------------------------------------------

    @property
    def modalities(self) -> list[str]:
        """Of the session's answers, as the session's settings put it."""
        if not self.spoken:
            return ["text"]
        return ["text", "audio"] if self.dialect.opened_by.endswith(".created") else ["audio"]

    def facts(self, instructions: str) -> SessionFacts:
        """What the session's settings say."""
        return SessionFacts(
            session_id=self.session_id,
            model=self.model,
            voice=self.voice,
            modalities=self.modalities,
            instructions=instructions,
            tools=self.tools,
            transcription=self.dialect.transcriber if self.transcribes else None,
            expires_at=self.now // 1000 + 1800,
        )

    def greet(self, facts: SessionFacts) -> None:
        """`session.created`, and whatever the provider sends of itself."""
        if not self.attached_late:
            self.say("session.created", {"session": self.dialect.session(facts, True)})
        if self.dialect.conversation_created:
            conversation = {"id": self.conversation_id, "object": "realtime.conversation"}
            self.say("conversation.created", {"conversation": conversation})
        self.ping()

    def begin(self) -> None:
        """The session's greeting, then `session.updated`."""
        facts = self.facts(self.rng.choice(NOTES))
        self.greet(facts)
        self.wait(timing.THINK)
        if not self.attached_late:
            self.say("session.updated", {"session": self.dialect.session(facts, False)})

    def ping(self) -> None:
        if self.dialect.pings:
            self.say("ping", {"timestamp": self.now})

    # --- items -----------------------------------------------------------------------------------------------------

    def new_item(self, item_type: str, final: Json, call_id: str | None = None) -> Item:
        """An item that is about to be told, with what both sides know of it from the start."""
        item_id = self.dialect.ids.item(self.rng)
        return Item(item_id, item_type, {"deleted": False, **final}, call_id)

    def open(self, item: Item, body: Json, *, in_progress: bool, predecessor_told: bool = True) -> None:
        """The event that puts the item into the conversation, behind the last one."""
        told = self.last_item if predecessor_told else None
        item.final["previous_item_id"] = told
        if told is not None:
            # With null, what `added` means is left open: the first item, or nothing known.
            item.final["previous_item_source"] = self.dialect.opened_by.rpartition(".")[2]
        account = self.account
        self.say(
            self.dialect.opened_by,
            {"previous_item_id": told, "item": body},
            lambda: account.opened(item, in_progress),
        )
        self.last_item = item.item_id

    def item_done(self, item: Item, body: Json, predecessor: str | None) -> None:
        """`conversation.item.done`, where the dialect sends it."""
        if self.dialect.item_done:
            self.say(
                "conversation.item.done",
                {"previous_item_id": predecessor, "item": body},
                lambda: self.account.finished(item, "item_done"),
            )

    def add_client_item(self, item: Item, body: Json) -> None:
        """An item the client created: told whole at once."""
        predecessor = self.last_item
        told = self.dialect.envelope != "xai" or item.item_type == "message"
        self.open(item, body, in_progress=False, predecessor_told=told)
        self.wait(timing.AT_ONCE)
        self.item_done(item, body, predecessor)

    def add_unopened(self, item: Item, body: Json, *, told: str | None) -> None:
        """An item whose opening the collector missed: `item.done` alone tells of it, and perhaps of the one before.

        What `input_audio_buffer.committed` told of the predecessor goes before that, where it did.
        """
        if item.final.get("previous_item_source") is None:
            item.final |= {"previous_item_id": told, "previous_item_source": "done" if told is not None else None}
        self.item_done(item, body, told)
        self.last_item = item.item_id

    def fill(self, text: str) -> str:
        """The blanks of a line of dialogue, filled in."""
        choice = self.rng.choice
        return text.format(place=choice(PLACES), name=choice(NAMES), thing=choice(THINGS), number=choice(range(2, 90)))
