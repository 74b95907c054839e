"""Sessions of which a record waits for another try, and what such a record carries.

Once a record of a session waits, the later ones of the session wait behind it: they are put into the retry topic
without having been tried. So a session's records are handled in their order, or end in the dead letters, and other
sessions go on.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Any

from topics import dead_letters
from topics.dead_letters import Headers, Origin, Original
from topics.subscribers.context import Outgoing
from topics.subscribers.retry import GiveUp
from topics.subscriptions.received import Received

ATTEMPTS = "itemstream-attempts"
NOT_BEFORE = "itemstream-not-before"
SUBSCRIBER = "itemstream-subscriber"
_OURS = frozenset((ATTEMPTS, NOT_BEFORE))

Session = Hashable


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a record in the retry topic says of itself."""

    origin: Origin
    attempts: int
    """Tries so far."""
    not_before_ms: int

    @classmethod
    def of(cls, received: Received[Any]) -> Waiting | None:
        """None where the headers are not those of a record that was put there by a subscriber."""
        origin = dead_letters.origin_of(received.headers)
        try:
            attempts, not_before = (int(received.header(name) or b"") for name in (ATTEMPTS, NOT_BEFORE))
        except ValueError:
            return None
        return None if origin is None else cls(origin, attempts, not_before)


class Parked:
    """The records of each session that wait in the retry topic, known by where they stood at first."""

    def __init__(self) -> None:
        self._sessions: dict[Session, set[tuple[str, int]]] = {}

    def __contains__(self, session: Session) -> bool:
        return session in self._sessions

    def add(self, session: Session, original: Original) -> None:
        self._sessions.setdefault(session, set()).add((original.topic, original.offset))

    def has(self, session: Session, original: Original) -> bool:
        """Whether this very record waits already: a crash came between its parking and its commit."""
        return (original.topic, original.offset) in self._sessions.get(session, ())

    def remove(self, session: Session, original: Original) -> None:
        if (waiting := self._sessions.get(session)) is not None:
            waiting.discard((original.topic, original.offset))
            if not waiting:
                del self._sessions[session]

    def clear(self) -> None:
        self._sessions.clear()


def parked_record(
    topic: str, received: Received[Any], attempts: int, not_before_ms: int, error: BaseException | None
) -> Outgoing:
    """The record for the retry topic. `error` None: it waits behind another one of its session."""
    headers: Headers = [
        *received.headers,
        *dead_letters.origin_headers(received.raw),
        *(_error_headers(error) if error is not None else ()),
        (ATTEMPTS, str(attempts).encode()),
        (NOT_BEFORE, str(not_before_ms).encode()),
    ]
    return Outgoing(topic, received.key, received.value, headers, received.partition, _timestamp(received))


def dead_letter(
    topic: str, group: str | None, received: Received[Any], original: Original, attempts: int, error: BaseException
) -> Outgoing:
    """The record for the dead letters: key, value and headers as they were read from the topic, and ours after them.

    group: of the subscriber whose retry topic takes it when it is redriven; None where there is no retry topic.
    """
    headers: Headers = [
        *_without_ours(received.headers),
        *dead_letters.origin_headers(original),
        *_error_headers(error),
        (ATTEMPTS, str(attempts).encode()),
        *(((SUBSCRIBER, group.encode()),) if group is not None else ()),
    ]
    return Outgoing(topic, received.key, received.value, headers, received.partition, _timestamp(received))


def _without_ours(headers: Iterable[tuple[str, bytes | None]]) -> Headers:
    return [(name, value) for name, value in headers if name not in _OURS and not name.startswith(dead_letters.PREFIX)]


def _error_headers(error: BaseException) -> Headers:
    if isinstance(error, GiveUp) and error.__cause__ is not None:
        error = error.__cause__
    kind = type(error)
    return dead_letters.exception_headers(f"{kind.__module__}.{kind.__qualname__}", str(error) or kind.__qualname__)


def _timestamp(received: Received[Any]) -> int | None:
    return received.timestamp_ms if received.timestamp_ms >= 0 else None
