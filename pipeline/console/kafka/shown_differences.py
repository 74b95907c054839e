"""Differences of a dry run as everybody may see them: of both records, what the console's rules leave of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import orjson

from pipeline.cli.replay_difference import difference_data
from pipeline.console.redacted import is_withheld, redacted, withheld
from pipeline.ingest.redact import Redaction
from pipeline.replay.comparison import Difference
from pipeline.replay.content import Topics
from pipeline.replay.difference import MOST_FIELDS, OTHERS


class Shown:
    """Takes one difference after another. redaction: None where there are no rules."""

    def __init__(self, topics: Topics, redaction: Redaction | None) -> None:
        self._topics = topics
        self._redaction = redaction
        self._withheld = 0
        self._hidden = 0
        self.fields: Counter[str] = Counter()
        """Changed fields that are shown -> in how many records."""

    def line(self, difference: Difference) -> dict[str, Any]:
        """What is told of it: which record, and of one that changed the fields."""
        # Of a rejected record only the reason is compared, and told.
        redaction = None if difference.kind == "rejected" else self._redaction
        failed = False
        if redaction is not None:
            difference, failed = _redacted(difference, redaction)
        line = difference_data(difference, self._topics)
        line.pop("record", None)
        fields: dict[str, Any] = line.get("fields", {})
        for path in fields:
            self.fields[path if path in self.fields or len(self.fields) < MOST_FIELDS else OTHERS] += 1
        if difference.verdict == "changed":
            self._withheld += failed
            self._hidden += not failed and not fields
        return {**line, "kind": difference.kind, "id": line[difference.kind]}

    def notes(self) -> list[str]:
        """What is not shown, for people."""
        told = {
            "shown without what was said: a rule of console_redact failed on it": self._withheld,
            "changed only in what console_redact takes out": self._hidden,
        }
        return [f"{many:,} of the changed records {_is(many)} {what}" for what, many in told.items() if many]


def _is(many: int) -> str:
    return "is" if many == 1 else "are"


def _redacted(difference: Difference, redaction: Redaction) -> tuple[Difference, bool]:
    """Both records redacted; whether a rule failed on one of them, so that nothing but what they are is shown."""
    sides = {name: side for name in ("before", "after") if (side := getattr(difference, name)) is not None}
    records = {name: orjson.loads(side.value or b"{}") for name, side in sides.items()}
    shown = {name: redacted(redaction, records[name], side.value or b"{}") for name, side in sides.items()}
    failed = any(is_withheld(record) for record, _ in shown.values())
    if failed:
        # Both: beside one that has lost everything, all of the other would be what differs.
        shown = {name: withheld(record) for name, record in records.items()}
    redacted_sides = {name: replace(sides[name], value=value) for name, (_, value) in shown.items()}
    return replace(difference, **redacted_sides), failed
