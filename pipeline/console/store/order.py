"""The order of a conversation: each item behind its predecessor, each response behind its last item. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pipeline.console.store.schema import ITEM


class Standing(NamedTuple):
    """An entry, as far as its place depends on it; see the table `entries`."""

    id: int
    kind: int
    name: str
    sequence: int
    at: int
    behind: str | None


def in_order(entries: Iterable[Standing]) -> list[int]:
    """The ids of a session's entries in the order of the conversation.

    Of items with the same predecessor the one that was opened last stands first: it was put in between. Items whose
    predecessor is not known stand as they were opened.
    """
    every = sorted(entries, key=_opened)
    items = _items([one for one in every if one.kind == ITEM])
    place = {one.name: number for number, one in enumerate(items)}
    first = sorted((one.sequence, place[one.name]) for one in items)
    behind: dict[int, list[Standing]] = {}
    for one in sorted((one for one in every if one.kind != ITEM), key=lambda one: one.sequence):
        at = place.get(one.behind) if one.behind is not None else None
        behind.setdefault(_latest(first, one.sequence) if at is None else at, []).append(one)
    ordered = [one.id for one in behind.get(-1, ())]
    for number, item in enumerate(items):
        ordered.append(item.id)
        ordered += [one.id for one in behind.get(number, ())]
    return ordered


def _opened(one: Standing) -> tuple[int, int, int]:
    return one.at, one.sequence, one.id


def _items(items: Sequence[Standing]) -> list[Standing]:
    names = {one.name for one in items}
    followers: dict[str | None, list[Standing]] = {}
    roots: list[Standing] = []
    for one in items:
        if one.behind in names and one.behind != one.name:
            followers.setdefault(one.behind, []).append(one)
        else:
            roots.append(one)
    ordered: list[Standing] = []
    seen: set[int] = set()
    # The roots reach all but what stands in a circle, which begins at its first.
    for start in (*roots, *items):
        pending = [start]
        while pending:
            one = pending.pop()
            if one.id not in seen:
                seen.add(one.id)
                ordered.append(one)
                pending += followers.get(one.name, ())
    return ordered


def _latest(first: Sequence[tuple[int, int]], sequence: int) -> int:
    """The place of the item that came out last before this sequence; -1 where none did."""
    low, high = 0, len(first)
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if first[middle][0] < sequence else (low, middle)
    return first[low - 1][1] if low else -1
