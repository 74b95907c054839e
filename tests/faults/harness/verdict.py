"""Holds what a read_committed reader found against what must be there. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import orjson

from pipeline.core import Output

EXAMPLES = 5

Identity = tuple[object, ...]


@dataclass
class Found:
    """Counts of what is wrong; all zero is what exactly once means. `repeats` is for at-least-once runs alone."""

    lost: int = 0
    """Records that must be there and are not."""
    duplicates: int = 0
    """The same item and revision again (or the same response, or the same rejected record)."""
    out_of_order: int = 0
    """Records whose session_sequence goes backwards within a session and topic."""
    gaps: int = 0
    """Numbers missing in, or twice in, a session's session_sequence over all topics."""
    different: int = 0
    """Records whose key, value, headers or timestamp are not, byte for byte, those of a run without faults."""
    unexpected: int = 0
    """Records that a run without faults does not have."""
    repeats: int = 0
    """At least once: the same record again, byte for byte."""
    examples: list[str] = field(default_factory=list[str])

    def count(self, what: str, example: object) -> None:
        setattr(self, what, getattr(self, what) + 1)
        if sum(1 for text in self.examples if text.startswith(what)) < EXAMPLES:
            self.examples.append(f"{what}: {example}")

    def wrong(self) -> dict[str, int]:
        """What was found and must not be."""
        counts = {one.name: getattr(self, one.name) for one in fields(self) if one.name not in ("repeats", "examples")}
        return {name: count for name, count in counts.items() if count}


def judge(expected: Sequence[Output], actual: Sequence[Any], *, repeats_allowed: bool) -> Found:
    """One partition: outputs of a run without faults, in order, against the records of all output topics.

    actual: consumer records, those of one topic in order.
    """
    found = Found()
    wanted = {identity(output): output for output in expected}
    seen: dict[Identity, Any] = {}
    for record in actual:
        name = identity(record)
        if name in seen:
            same = record.value == seen[name].value
            found.count("repeats" if repeats_allowed and same else "duplicates", name)
        else:
            seen[name] = record
            _compare(found, name, wanted.get(name), record)
    for name in wanted:
        if name not in seen:
            found.count("lost", name)
    for problem, example in _sequences(seen):
        found.count(problem, example)
    return found


def identity(record: Any) -> Identity:
    """What makes two records the same one: item and revision; response; or the place of a rejected input record."""
    headers = dict(record.headers)
    if "kafka_dlt-original-offset" in headers:
        return ("rejected", headers["kafka_dlt-original-partition"], headers["kafka_dlt-original-offset"])
    value = orjson.loads(record.value)
    item = value.get("item_id", "")
    # What has no id of its own is known by the record's.
    name = (item or value["id"], value["revision"]) if "revision" in value else (value["response_id"] or value["id"],)
    return (record.topic, value["session_id"], *name)


def _compare(found: Found, name: Identity, wanted: Output | None, record: Any) -> None:
    if wanted is None:
        found.count("unexpected", name)
        return
    for part in ("key", "value", "timestamp"):
        if getattr(wanted, part) != getattr(record, part):
            found.count("different", f"{name}: {part}: {getattr(wanted, part)!r} became {getattr(record, part)!r}")
            return
    if list(wanted.headers) != list(record.headers):
        found.count("different", f"{name}: headers: {wanted.headers} became {record.headers}")


def _sequences(seen: dict[Identity, Any]) -> Iterator[tuple[str, str]]:
    numbers: defaultdict[str, list[int]] = defaultdict(list)
    last: dict[tuple[str, str], int] = {}
    for name, record in seen.items():
        if name[0] == "rejected":
            continue
        value = orjson.loads(record.value)
        session, number = value["session_id"], value["session_sequence"]
        if session is None:
            continue
        numbers[session].append(number)
        if number < last.get((session, record.topic), 0):
            yield "out_of_order", f"{name}: {number} after {last[session, record.topic]}"
        last[session, record.topic] = number
    for session, told in numbers.items():
        for missing in sorted(set(range(1, max(told) + 1)) - set(told)):
            yield "gaps", f"session {session}: {missing} of {max(told)} is missing"
        for _ in range(len(told) - len(set(told))):
            yield "gaps", f"session {session}: a number came twice"


def add(total: Found, more: Found) -> None:
    """Add the findings of another partition."""
    for one in fields(Found):
        if one.name != "examples":
            setattr(total, one.name, getattr(total, one.name) + getattr(more, one.name))
    total.examples += more.examples[: max(0, 4 * EXAMPLES - len(total.examples))]
