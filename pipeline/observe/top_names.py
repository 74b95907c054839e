"""Label values that clients choose, bounded: whatever they send, there are only so many."""

from __future__ import annotations

from pipeline.observe.metrics import MAX_NAMES

OTHER, UNKNOWN = "other", "unknown"
MAX_LENGTH = 64
CANDIDATES_PER_NAME = 10


class TopNames:
    """Gives each name its label: the most used ones their own, the rest `other`.

    The first `most` names get one at once. A later name takes the place of the least used one when it was seen more
    often; that one is `other` from then on, so a flood of made-up names pushes out nobody who is in use. What is
    counted of names without a label is bounded too: the rarest are forgotten.
    """

    def __init__(self, most: int = MAX_NAMES) -> None:
        self._most = most
        self._named: dict[str, int] = {}
        self._candidates: dict[str, int] = {}

    def label(self, name: str | None) -> tuple[str, str | None]:
        """Count one use: the label, and the label that is given up for it, whose series end."""
        if not name:
            return UNKNOWN, None
        shown = _shown(name)
        if shown in self._named:
            self._named[shown] += 1
            return shown, None
        if len(self._named) < self._most:
            self._named[shown] = 1
            return shown, None
        seen = self._candidates[shown] = self._candidates.get(shown, 0) + 1
        least = min(self._named, key=self._named.__getitem__)
        if seen <= self._named[least]:
            self._bound()
            return OTHER, None
        del self._candidates[shown]
        self._candidates[least] = self._named.pop(least)
        self._named[shown] = seen
        return shown, least

    def known(self, name: str | None) -> str:
        """The label of a name, without counting a use."""
        shown = _shown(name) if name else UNKNOWN
        return shown if shown == UNKNOWN or shown in self._named else OTHER

    def _bound(self) -> None:
        if len(self._candidates) > self._most * CANDIDATES_PER_NAME:
            ranked = sorted(self._candidates.items(), key=lambda pair: pair[1], reverse=True)
            self._candidates = dict(ranked[: len(ranked) // 2])


def _shown(name: str) -> str:
    """As a label: printable, not too long, and none of the two words that are ours."""
    text = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in name[:MAX_LENGTH])
    return text + "_" if text in (OTHER, UNKNOWN) else text
