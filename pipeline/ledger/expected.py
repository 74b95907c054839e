"""One line of a ledger: a record that must come out, or an input record that must come out as rejected."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from pipeline.errors import ItemstreamError

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Expected:
    """What must come out, as its source knows it.

    `topic` has no prefix. `final` maps a field of the record's highest revision (dotted for nested ones, such as
    `transcript.state` or `parts.0.type`) to its value; what the input leaves open is not listed, and null means null
    or absent. `revisions`: the least and the most number of revisions, equal where the order of the input fixes it.
    `idle`: the record may come out only when its session goes idle. `reason`: set on rejected records, and only there.
    """

    topic: str
    session_id: str
    item_id: str | None = None
    response_id: str | None = None
    revisions: tuple[int, int] = (1, 1)
    final: Json = field(default_factory=dict[str, Any])
    idle: bool = False
    reason: str | None = None

    def line(self) -> Json:
        """The line as it stands in a ledger file."""
        out: Json = {"topic": self.topic, "session_id": self.session_id}
        if self.reason is not None:
            return out | {"reason": self.reason}
        if self.response_id is not None:
            return out | {"response_id": self.response_id, "final": self.final}
        low, high = self.revisions
        out |= {"item_id": self.item_id, "revisions": low if low == high else [low, high], "final": self.final}
        return out | {"idle": True} if self.idle else out

    @classmethod
    def of_line(cls, line: Json) -> Expected:
        """The opposite of `line`. Raises KeyError, TypeError or ValueError where the line is none of a ledger."""
        revisions: int | list[int] = line.get("revisions", 1)
        low, high = (revisions, revisions) if isinstance(revisions, int) else revisions
        return cls(
            topic=line["topic"],
            session_id=line["session_id"],
            item_id=line.get("item_id"),
            response_id=line.get("response_id"),
            revisions=(low, high),
            final=line.get("final", {}),
            idle=line.get("idle", False),
            reason=line.get("reason"),
        )


def read_ledger(path: Path) -> Iterator[Expected]:
    """The lines of a ledger file. Raises `ItemstreamError` naming the file and the line where one is unreadable."""
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                try:
                    yield Expected.of_line(orjson.loads(line))
                except (ValueError, KeyError, TypeError) as error:
                    raise ItemstreamError(
                        f"line {number} of the ledger {path} is unreadable ({error}); write it anew with "
                        "itemstream simulate --ledger"
                    ) from error
    except OSError as error:
        raise ItemstreamError(f"cannot read the ledger {path}: {error.strerror}; give the right path") from error


def ledger_lines(expected: Iterable[Expected]) -> bytes:
    """Expected records as lines of a ledger file."""
    return b"".join(orjson.dumps(one.line(), option=orjson.OPT_APPEND_NEWLINE) for one in expected)
