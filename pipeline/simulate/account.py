"""The generator's own account of what must come out, kept while it speaks and never by running the pipeline.

Each method is the meaning of one event just said. The rules are those of the published contract on when an item comes
out (its `item.done`; else its `output_item.done`; else the next `response.done`, unless in progress; else idle) and on
what makes a further revision (a change of content, and nothing else).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pipeline.ledger import Expected
from pipeline.simulate.model import Json

TOPICS = {
    "message": "items.messages",
    "function_call": "items.function-calls",
    "function_call_output": "items.function-call-outputs",
    "mcp_call": "items.mcp-calls",
    "mcp_list_tools": "items.mcp-tool-lists",
    "mcp_approval_request": "items.mcp-approval-requests",
    "mcp_approval_response": "items.mcp-approval-responses",
}
OTHER_TOPIC = "items.other"
RESPONSES_TOPIC = "responses"


@dataclass(slots=True, eq=False)
class Item:
    """One item as the generator knows it.

    `at_least`/`at_most` count its revisions, 0 until it has come out (where it may have come out, only `at_most` is
    more). `cause`: of its last revision, None where that is open. `committed`: its audio is whole. `heard`: the
    transcript last told of it. `arguments_done_at`: when a call's arguments were whole, in ms.
    """

    item_id: str
    item_type: str
    final: Json
    call_id: str | None = None
    in_progress: bool = False
    committed: bool = False
    needs_idle: bool = False
    at_least: int = 0
    at_most: int = 0
    cause: str | None = None
    heard: tuple[Any, ...] | None = None
    arguments_done_at: int | None = None

    @property
    def out(self) -> bool:
        return self.at_least > 0

    @property
    def perhaps_out(self) -> bool:
        return self.at_most > 0


@dataclass(slots=True)
class Account:
    """What one session has told so far."""

    session_id: str
    common: Json
    items: dict[str, Item] = field(default_factory=dict[str, Item])
    waiting: dict[str, Item] = field(default_factory=dict[str, Item])
    calls: dict[str, Item] = field(default_factory=dict[str, Item])
    orphans: dict[str, list[Item]] = field(default_factory=dict[str, list[Item]])
    responses: list[Expected] = field(default_factory=list[Expected])

    def opened(self, item: Item, in_progress: bool) -> None:
        """`conversation.item.added` or `.created`, or the item's `response.output_item.added`."""
        first = item.item_id not in self.items
        self.items[item.item_id] = item
        item.in_progress = in_progress
        if not item.out:
            self.waiting[item.item_id] = item
        if first:
            self._join(item)

    def finished(self, item: Item, cause: str) -> None:
        """`conversation.item.done` or `response.output_item.done`: the item comes out, if it has not."""
        if item.item_id not in self.items:
            self.opened(item, False)
        self._out(item, cause)

    def response_done(self, response_id: str, final: Json, told: list[Item], retold: list[Item]) -> None:
        """`response.done`. `told`: items whose text came only here; `retold`: items it words differently."""
        # A response record does not repeat the provider's session id.
        common = {name: value for name, value in self.common.items() if name != "provider_session_id"}
        expected = {"response_id": response_id, **common, **final}
        self.responses.append(Expected(RESPONSES_TOPIC, self.session_id, response_id=response_id, final=expected))
        for item in told:
            self.changed(item, "response_done", {})
        for item in retold:
            self.perhaps_changed(item)
        for item in list(self.waiting.values()):
            if not item.in_progress:
                self._out(item, "response_done")
            elif item.committed:
                # Its status still says in progress, its audio does not: coming out now or when idle are both right.
                item.at_most = max(item.at_most, 1)

    def committed(self, item: Item) -> None:
        """`input_audio_buffer.committed`."""
        item.committed = True

    def transcript(self, item: Item, state: str, text: str | None, error: str | None) -> None:
        """A final transcript or its failure; one that says the same again changes nothing."""
        final: Json = {"transcript.state": state}
        if state == "final":
            final["transcript.text"] = text
        if text:
            final["text"] = text
        if error is not None:
            final |= {"transcript.error.message": error}
        if item.heard == (state, text, error):
            return
        item.heard = (state, text, error)
        if not text:
            # An empty transcript may count as an empty text or as none.
            item.final.pop("text", None)
        self.changed(item, "transcription", final)

    def changed(self, item: Item, cause: str, final: Json) -> None:
        """Some event changed the item's content: a revision more, where it is out already."""
        item.final |= final
        if item.out:
            item.cause = cause
            item.at_least += 1
        if item.perhaps_out:
            item.at_most += 1

    def perhaps_changed(self, item: Item) -> None:
        """An event that may or may not count as a change."""
        if item.perhaps_out:
            item.at_most += 1

    def truncated(self, item: Item, heard_ms: int) -> None:
        """`conversation.item.truncated`; the same once more changes nothing."""
        change: Json = {"heard_ms": heard_ms, "interrupted": True}
        if any(item.final.get(name) != value for name, value in change.items()):
            self.changed(item, "truncated", change)

    def retrieved(self, item: Item) -> None:
        """`conversation.item.retrieved`: it may bring out an item that is not out yet, or word it anew."""
        item.at_most += 1

    def deleted(self, item: Item) -> None:
        """`conversation.item.deleted`; of an item not out yet it may bring out the item or mark it."""
        out = item.out
        self.changed(item, "deleted", {"deleted": True})
        if not out:
            item.needs_idle = True
            self.waiting.pop(item.item_id, None)
            item.at_least, item.at_most = 1, item.at_most + 2

    def lines(self) -> list[Expected]:
        """Everything that must have come out once the session has gone idle."""
        for item in list(self.waiting.values()):
            item.needs_idle = True
            self._out(item, "session_idle")
        expected = [
            Expected(
                TOPICS.get(item.item_type, OTHER_TOPIC),
                self.session_id,
                item_id=item.item_id,
                revisions=(item.at_least, item.at_most),
                final={"item_type": item.item_type, **self.common, **item.final, **self._cause(item)},
                idle=item.needs_idle,
            )
            for item in self.items.values()
        ]
        return expected + self.responses

    @staticmethod
    def _cause(item: Item) -> Json:
        return {"cause": item.cause} if item.at_least == item.at_most and item.cause is not None else {}

    def _out(self, item: Item, cause: str) -> None:
        self.waiting.pop(item.item_id, None)
        if not item.out:
            # Where it may have come out before, so may what caused that.
            item.cause = None if item.perhaps_out else cause
            item.at_least = 1
            item.at_most = max(item.at_most, 1)

    def _join(self, item: Item) -> None:
        if item.call_id is None:
            return
        if item.item_type == "function_call":
            self.calls[item.call_id] = item
            for output in self.orphans.pop(item.call_id, []):
                # The call's arguments may bring the latency later still: one revision more is as good.
                output.final.pop("latency_ms", None)
                self.changed(output, "joined", self._named(item))
                self.perhaps_changed(output)
        elif call := self.calls.get(item.call_id):
            item.final |= self._named(call)
        else:
            item.final |= {"orphan": True, "name": None, "call_item_id": None}
            item.final.pop("latency_ms", None)
            self.orphans.setdefault(item.call_id, []).append(item)

    @staticmethod
    def _named(call: Item) -> Json:
        return {"orphan": False, "name": call.final["name"], "call_item_id": call.item_id}
