"""A stream that stands still while records wait ends itself, so that its supervisor starts it anew."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.streaming.failures import StreamError


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something that should move on: what it is, and since when it has not (any clock, seconds)."""

    what: str
    since: float


def check_progress(waiting: Iterable[Waiting], now: float, limit: float) -> None:
    """Raise StreamError for the first that waits for longer than `limit` seconds."""
    for one in waiting:
        if now - one.since > limit:
            raise StreamError(
                f"no progress for {now - one.since:.0f} s: {one.what}; the process ends so that it is started anew "
                "(setting progress_limit)"
            )
