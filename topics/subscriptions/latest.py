"""Only the latest revision of an item, as far as that can be known."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any

from topics.subscriptions.received import Received


class LatestOnly:
    """Leaves out records for which a later revision of the same item is known.

    A bounded read keeps everything back until its end, and gives out each item once. An endless one knows only what was
    read in one go: a later revision may still follow.
    """

    def __init__(self, *, bounded: bool) -> None:
        self._bounded = bounded
        self._kept: dict[Hashable, Received[Any]] = {}

    def keep(self, chunk: Iterable[Received[Any]]) -> list[Received[Any]]:
        """What can be given out of `chunk` now. The left out are finished."""
        if not self._bounded:
            self._kept = {}
        for received in chunk:
            item = _item(received)
            earlier = self._kept.pop(item, None)  # the later one takes a place at the end
            if earlier is not None and earlier.record.revision > received.record.revision:
                earlier, received = received, earlier
            if earlier is not None:
                earlier.finish()
            self._kept[item] = received
        return [] if self._bounded else list(self._kept.values())

    def rest(self) -> list[Received[Any]] | None:
        """What was kept back until the end; None where there is nothing (more)."""
        kept, self._kept = list(self._kept.values()), {}
        return kept or None


def _item(received: Received[Any]) -> Hashable:
    record = received.record
    item_id = getattr(record, "item_id", None)
    if item_id is None:  # a response, or an item without an id: it has one revision
        return received.topic, received.partition, received.offset
    return received.topic, received.partition, received.key, item_id
