"""Several topics in `session_sequence` order: what may be handed on, and what must wait.

A lane is one partition number over all topics of a subscription; a session lives in one lane. Within a topic the
records of a session rise already. Across topics, a record is handed on when nothing earlier of its session can come:

1. it follows the last one of its session without a gap; or, for each other topic of the lane, one of
2. that topic has been read past the record's input offset. Every record tells the input event that made it, and
   records are written in the order of the input, so whatever came before is read by then;
3. that topic has been read up to an end which was asked for after the record had been seen. Records of one batch of
   the worker become visible together, so whatever came before was in the log by then.

Numbers that are missing because their type is not subscribed therefore hold nothing up. A record made by a session's
going idle tells an old event: its place in the input is known when its own topic goes on (rule 2), or never (rule 3).
"""

from __future__ import annotations

import heapq
import itertools
from collections import OrderedDict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

E = TypeVar("E")

REMEMBERED_SESSIONS = 10_000
"""Sessions whose last number is kept, the latest of a lane. Of others, rule 1 can't be used."""


class _Held(Generic[E]):
    __slots__ = ("arrival", "entry", "input_offset", "order", "sequence", "topic")

    def __init__(self, entry: E, topic: str, sequence: int, arrival: int, order: int, input_offset: int | None) -> None:
        self.entry = entry
        self.topic = topic
        self.sequence = sequence
        self.arrival = arrival
        self.order = order
        self.input_offset = input_offset

    def __lt__(self, other: _Held[E]) -> bool:
        return (self.sequence, self.arrival) < (other.sequence, other.arrival)


@dataclass(slots=True)
class _Topic:
    """How far one topic of the lane has been read."""

    input_offset: int = -1
    """The largest input offset among the records read."""
    position: int = -1
    proven: int = -1
    """Everything that arrived up to this number was in the log when an end was asked for that has been reached."""
    pending: tuple[int, int] | None = None
    """An end that has not been reached yet, and the arrivals it proves."""
    held: int = 0


class Merge(Generic[E]):
    """The records of one lane that wait, in the order of their sessions."""

    def __init__(self, topics: Iterable[str]) -> None:
        self._topics = {topic: _Topic() for topic in topics}
        self._sessions: dict[Hashable, list[_Held[E]]] = {}
        self._placeless: dict[str, list[_Held[E]]] = {topic: [] for topic in self._topics}
        self._last: OrderedDict[Hashable, int] = OrderedDict()
        self._arrivals = itertools.count()
        self.arrived = -1
        """Number of the last record added."""
        self._asked = -1
        self._changed = False

    @property
    def waiting(self) -> int:
        """How many records are held back."""
        return sum(topic.held for topic in self._topics.values())

    def add(self, topic: str, entry: E, session: Hashable, sequence: int, input_offset: int | None) -> None:
        """A record was read. `input_offset`: of the event that made it; None where that does not tell its place."""
        state = self._topics[topic]
        self.arrived = next(self._arrivals)
        held = _Held(entry, topic, sequence, self.arrived, max(state.input_offset, input_offset or 0), input_offset)
        if input_offset is None:
            self._placeless[topic].append(held)
        elif input_offset < state.input_offset:
            held.input_offset = None  # older than its topic: it does not tell its place either
            self._placeless[topic].append(held)
        elif input_offset > state.input_offset:
            state.input_offset = input_offset
            if waiting := self._placeless[topic]:
                for earlier in waiting:  # written before this one
                    earlier.input_offset = input_offset
                waiting.clear()
        state.held += 1
        heapq.heappush(self._sessions.setdefault(session, []), held)
        self._changed = True

    def read_to(self, topic: str, position: int) -> None:
        """Everything of the topic before `position` has been added."""
        state = self._topics[topic]
        state.position = position
        if state.pending is not None and position >= state.pending[0]:
            state.proven = max(state.proven, state.pending[1])
            state.pending = None
            self._changed = True

    def ends(self, ends: dict[str, int], arrived: int) -> None:
        """The topics' ends (high watermarks), asked for when record number `arrived` was the last one added."""
        self._asked = max(self._asked, arrived)
        for topic, end in ends.items():
            state = self._topics[topic]
            if state.position >= end:
                if arrived > state.proven:
                    state.proven = arrived
                    self._changed = True
            elif state.pending is None:
                state.pending = (end, arrived)

    def give_up_waiting(self) -> int:
        """Take everything that has arrived for complete. Returns how many records waited."""
        for state in self._topics.values():
            state.proven = self.arrived
        self._changed = True
        return self.waiting

    def release(self) -> list[E]:
        """The records that may be handed on: those of a session in order, sessions about as they were written."""
        if not self._changed:
            return []
        self._changed = False
        ready: list[_Held[E]] = []
        for session in list(self._sessions):
            heap = self._sessions[session]
            order = -1
            while heap and self._may_go(session, heap[0]):
                held = heapq.heappop(heap)
                self._remember(session, held.sequence)
                self._topics[held.topic].held -= 1
                order = held.order = max(order, held.order)
                ready.append(held)
            if not heap:
                del self._sessions[session]
        gone = {held.arrival for held in ready if held.input_offset is None}
        if gone:
            for waiting in self._placeless.values():
                waiting[:] = [held for held in waiting if held.arrival not in gone]
        ready.sort(key=lambda held: held.order)  # stable, and within a session it does not fall
        return [held.entry for held in ready]

    def is_ahead(self, topic: str, most: int) -> bool:
        """Whether the topic has more than `most` records waiting for a topic that is behind it."""
        state = self._topics[topic]
        return state.held > most and any(
            other.input_offset < state.input_offset and (other.pending is not None or other.proven < self._asked)
            for other in self._topics.values()
        )

    def _may_go(self, session: Hashable, held: _Held[E]) -> bool:
        last = self._last.get(session)
        if session is None or (last is not None and held.sequence <= last + 1):
            return True
        place = held.input_offset
        for name, other in self._topics.items():
            if name == held.topic or other.proven >= held.arrival:
                continue
            if place is None or other.input_offset <= place:
                return False
        return True

    def _remember(self, session: Hashable, sequence: int) -> None:
        last = self._last
        last[session] = max(sequence, last.get(session, 0))
        last.move_to_end(session)
        if len(last) > REMEMBERED_SESSIONS:
            last.popitem(last=False)
