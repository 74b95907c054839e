"""Traffic whose shape is set: so many open sessions, so many items in each, then turns in all of them.

Conversations are written once by the simulator and then played under other ids, which is quick enough for millions of
events. Timestamps lie a few seconds apart, so that no session goes idle.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain, zip_longest
from random import Random
from typing import Any

import orjson

from bench.inputs import Event, Headers
from pipeline import simulate
from pipeline.simulate import DIALECTS, SimulatedEvent, SimulatedSession

SEED = 6
DIALECT = DIALECTS["openai"]
AT_ONCE = 50
"""Turns under way at a time."""
_ID = re.compile(r"(?!sess_|conv_)[a-z]+_[A-Za-z0-9]{16,}")
"""An id of this dialect, but the session's and the conversation's, which last for more than a turn."""
_OWN_LENGTH = 8
OPEN_AT_ONCE = 5_000
"""Conversations under way while sessions are opened: an entity of theirs is then written several times."""
_CONVERSATIONS = 24


@dataclass(frozen=True)
class Template:
    """Events with the ids that are new in every copy cut out: `own.join(pieces)` puts them back in.

    headers: of an event, less the session's. pieces, headers: one entry an event.
    """

    pieces: tuple[tuple[bytes, ...], ...]
    headers: tuple[tuple[tuple[str, tuple[bytes, ...]], ...], ...]

    def __len__(self) -> int:
        return len(self.pieces)

    def copy(self, session: bytes, own: bytes, timestamp: int) -> Iterator[Event]:
        """The events as those of `session`; `own`: 8 bytes that no other copy in that session has."""
        named: Headers = [("ce_source", b"/realtime/openai/" + session), ("ce_sessionid", session)]
        for pieces, fixed in zip(self.pieces, self.headers, strict=True):
            yield session, own.join(pieces), [*named, *((name, own.join(value)) for name, value in fixed)], timestamp


def template(events: Iterable[SimulatedEvent]) -> Template:
    """Cut the last 8 letters of every id out of the events."""
    some = list(events)
    told = chain.from_iterable(_strings(orjson.loads(event.value or b"null")) for event in some)
    ids = {one for one in told if _ID.fullmatch(one)}
    stems = {one[:-_OWN_LENGTH] for one in ids}
    if len(stems) != len(ids):
        raise ValueError("two ids of the template differ in their last letters only; take another seed")
    cut = re.compile(b"|".join(b"(?<=%s).{%d}" % (re.escape(stem.encode()), _OWN_LENGTH) for stem in sorted(stems)))
    return Template(
        tuple(tuple(cut.split(event.value or b"")) for event in some),
        tuple(
            tuple((name, tuple(cut.split(value))) for name, value in event.headers if name not in _OF_SESSION)
            for event in some
        ),
    )


_OF_SESSION = frozenset({"ce_source", "ce_sessionid"})


def turn(number: int, scenario: str = "spoken_turn", deltas: bool = True) -> Template:
    """One turn of a conversation, without the events that begin the session."""
    events = _written(number, (scenario,)).events
    return template(e for e in events if not _type(e).startswith(b"session.") and (deltas or not is_delta(e)))


_BRIEFLY = frozenset({b"session.created", b"conversation.item.added", b"conversation.item.done"})


def conversation(number: int, scenarios: Sequence[str] = (), briefly: bool = False) -> Template:
    """A session from its beginning on, without its deltas: what they add to the state is nothing."""
    events = _written(number, scenarios).events
    return template(event for event in events if (_type(event) in _BRIEFLY if briefly else not is_delta(event)))


def opened(sessions: int, scenarios: Sequence[str] = ("written_turn",), briefly: bool = False) -> Iterator[Event]:
    """So many sessions, each with a conversation behind it; () draws the turns as the simulator does (3 on average).

    briefly: only their beginning and their items, which is what a hundred thousand sessions can be opened with.
    """
    some = [conversation(number, scenarios, briefly) for number in range(_CONVERSATIONS)]
    now = _now()
    for start in range(0, sessions, OPEN_AT_ONCE):
        together = range(start, min(start + OPEN_AT_ONCE, sessions))
        yield from _in_turns(
            some[number % len(some)].copy(session_name(number), b"%08x" % 0, now) for number in together
        )


def with_items(sessions: int, items: int) -> Iterator[Event]:
    """So many sessions of so many items each, the sessions' turns one after the other."""
    yield from opened(sessions, ("written_turn",))
    exchange, now = turn(0, "written_turn", deltas=False), _now()
    for number in range(1, items // 2):
        for session in range(sessions):
            yield from exchange.copy(session_name(session), b"%08x" % number, now)


def turns(events: int, sessions: int, first: int = 1 << 24) -> Iterator[Event]:
    """About so many events: spoken turns, deltas and all, in sessions drawn at random, many under way at a time."""
    some = [turn(number) for number in range(4)]
    rng, now = Random(SEED), _now()
    count, number = 0, first
    while count < events:
        together: list[Iterator[Event]] = []
        for chosen in rng.sample(range(sessions), min(AT_ONCE, sessions)):
            one = some[number % len(some)]
            together.append(one.copy(session_name(chosen), b"%08x" % number, now))
            count += len(one)
            number += 1
        yield from _in_turns(together)


@cache
def mix(events: int) -> list[Event]:
    """Simulated conversations of all dialects, many at a time, as a collector writes them."""
    every_ms = 800
    start = _now() - events // 170 * every_ms - 120_000
    out: list[Event] = []
    for event in simulate.interleave(simulate.sessions(SEED, None, start_ms=start, every_ms=every_ms)):
        out.append((event.session_id.encode(), event.value or b"", event.headers, event.time_ms))
        if len(out) == events:
            return out
    raise AssertionError("sessions without end have ended")


def again(events: Sequence[Event], copies: int) -> Iterator[Event]:
    """The events so many times, each time as those of other sessions."""
    for copy in range(copies):
        for key, value, headers, timestamp in events:
            session = b"%b-%d" % (key, copy)
            others = [pair for pair in headers if pair[0] != "ce_sessionid"]
            yield session, value, [*others, ("ce_sessionid", session)], timestamp


def session_name(number: int) -> bytes:
    return b"sess_growth%015d" % number


def is_delta(event: SimulatedEvent) -> bool:
    return _type(event).endswith(b".delta")


def _type(event: SimulatedEvent) -> bytes:
    return next(value for name, value in event.headers if name == "ce_type")


def _written(number: int, scenarios: Sequence[str]) -> SimulatedSession:
    # Without a late beginning: a session whose first events nobody saw has less state.
    written = simulate.session(SEED, number, DIALECT, scenarios=scenarios)
    if _type(written.events[0]) != b"session.created":
        return _written(number + 1000, scenarios)
    return written


def _in_turns(some: Iterable[Iterator[Event]]) -> Iterator[Event]:
    """An event of each, again and again."""
    return (event for row in zip_longest(*some) for event in row if event is not None)


def _strings(value: Any) -> Iterator[str]:
    """Every string in an event."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _strings(inner)


def _now() -> int:
    return time.time_ns() // 1_000_000
