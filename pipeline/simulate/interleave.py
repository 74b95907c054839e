"""Many sessions as one stream in the order of time, as a collector of concurrent conversations writes it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from heapq import heappop, heappush, heapreplace

from pipeline.simulate.model import SimulatedEvent, SimulatedSession


def interleave(
    sessions: Iterable[SimulatedSession], *, on_end: Callable[[SimulatedSession], None] | None = None
) -> Iterator[SimulatedEvent]:
    """The events of all sessions in the order of their times; events of one session keep their order.

    `sessions` must come in the order in which they begin, as those of one seed do. A session is held from its first
    event to its last, so memory is that of the sessions going on at once. `on_end` is called with each session after
    its last event.
    """
    source = iter(sessions)
    coming = next(source, None)
    # (time, number, index): the number keeps the order of equal times that of the sessions.
    heap: list[tuple[int, int, int]] = []
    running: dict[int, SimulatedSession] = {}
    number = 0
    while heap or coming is not None:
        while coming is not None and (not heap or coming.begins_ms <= heap[0][0]):
            running[number] = coming
            heappush(heap, (coming.events[0].time_ms, number, 0))
            number += 1
            coming = next(source, None)
        _, current, index = heap[0]
        session = running[current]
        yield session.events[index]
        index += 1
        if index < len(session.events):
            heapreplace(heap, (session.events[index].time_ms, current, index))
            continue
        heappop(heap)
        del running[current]
        if on_end is not None:
            on_end(session)
