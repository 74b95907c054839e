"""Events as lines of an export: what `itemstream process` and importers read.

A line is a JSON object `{"time", "session_id", "sequence", "provider", "tenant", "direction", "event"}`; a broken
record has its value as text in `raw` in place of `event`.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import orjson

from pipeline.errors import ItemstreamError
from pipeline.simulate.clock import Stamp
from pipeline.simulate.model import Json, SimulatedEvent


class Exporter:
    """Writes events as lines to a file, or to standard output for `-`. Raises `ItemstreamError` where it cannot."""

    def __init__(self, target: str) -> None:
        self.name = "standard output" if target == "-" else target
        self._stamp = Stamp()
        self._file: BinaryIO
        if target == "-":
            self._file = sys.stdout.buffer
            return
        try:
            self._file = Path(target).open("wb")  # noqa: SIM115 (`close` closes it)
        except OSError as error:
            raise ItemstreamError(f"cannot write to {target}: {error.strerror}; name another file") from error

    async def write(self, events: Sequence[SimulatedEvent]) -> None:
        """Appends these events."""
        self._file.write(b"".join(map(self.line, events)))

    async def close(self) -> None:
        """All written and, where it is a file, closed."""
        self._file.flush()
        if self._file is not sys.stdout.buffer:
            self._file.close()

    def line(self, event: SimulatedEvent) -> bytes:
        """One event as its line, the provider's bytes unchanged."""
        line: Json = {
            "time": self._stamp(event.time_ms).decode(),
            "session_id": event.session_id,
            "sequence": event.sequence,
            "provider": event.provider,
            "tenant": event.tenant,
            "direction": "received",
        }
        if event.whole and event.value is not None:
            line["event"] = orjson.Fragment(event.value)
        else:
            line["raw"] = (event.value or b"").decode(errors="replace")
        return orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)
