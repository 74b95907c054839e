"""What waits is bounded, in order, and everything is accounted for."""

from __future__ import annotations

from typing import Literal

from hypothesis import given
from hypothesis import strategies as st

from pipeline.ingest.tap import Counts, Tapped
from pipeline.ingest.tap.backlog import Backlog
from pipeline.ingest.tap.tapped import Received

STEPS = st.lists(st.one_of(st.integers(0, 400), st.sampled_from(["take", "done"])), max_size=80)


@given(steps=STEPS, when_full=st.sampled_from(["drop-newest", "drop-oldest"]), bound=st.integers(1, 2_000))
def test_whatever_comes(steps: list[int | str], when_full: Literal["drop-newest", "drop-oldest"], bound: int) -> None:
    counts = Counts()
    backlog = Backlog(bound, when_full, counts)
    received: list[Received] = []
    connection = Tapped(received.append, session=None, provider=None, tenant=None)
    delivered: list[int] = []
    under_way: list[Received] = []
    for step in steps:
        if isinstance(step, int):
            connection.received("x" * step)
            backlog.put(received[-1])
        elif step == "take" and not under_way:
            under_way = backlog.take(3, 500)
        else:
            delivered += [one.sequence for one in under_way]
            under_way = []
            backlog.done()
        assert counts.seen == counts.dropped + len(delivered) + len(backlog)
        assert backlog.held_bytes <= bound
    assert delivered == sorted(set(delivered))
    if not counts.dropped:
        assert delivered == list(range(1, len(delivered) + 1))
