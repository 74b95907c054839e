"""The core as a replay runs it: what was not asked for is held back, and at its window's end time has passed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from pipeline.core import BatchResult, CoreSettings, Counts, InputRecord, Partition
from pipeline.erasure.erased import without
from pipeline.replay.selection import Wanted
from pipeline.replay.window import Window

SUMMARY_KEY = b"\xff\xfditemstream-replay"
"""Of the summary among a job's state; no session id in UTF-8 starts like that."""


@dataclass(slots=True)
class Summary:
    """What a job has done in a partition, as of its last commit."""

    counts: Counts = field(default_factory=Counts)
    outputs: dict[str, int] = field(default_factory=dict[str, int])
    """Records by topic."""
    last_ms: int | None = None
    """Timestamp of the last record read."""
    finished: bool = False

    def add(self, other: Summary) -> None:
        """Add that of another partition."""
        self.counts.add(other.counts)
        for topic, number in other.outputs.items():
            self.outputs[topic] = self.outputs.get(topic, 0) + number

    def encoded(self) -> bytes:
        """As JSON."""
        return orjson.dumps(self)

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Summary:
        """What `encoded` wrote."""
        return cls(Counts(**told["counts"]), told["outputs"], told["last_ms"], told["finished"])


class ReplayCore:
    """A `Partition` over one window; see `pipeline.streaming.core_interface.PartitionCore`.

    The wall's clock is that of the moment at which the job was made: a job is a function of its input, whenever and
    however often it is resumed.
    """

    def __init__(
        self, settings: CoreSettings, window: Window, wanted: Wanted, made_ms: int, erased: Iterable[str] = ()
    ) -> None:
        self.summary = Summary()
        self._core = Partition(settings)
        self._window = window
        self._wanted = wanted
        self._made_ms = made_ms
        self._erased = frozenset(erased)

    def restore(self, key: bytes, value: bytes | None) -> None:
        """Take a record of the job's state."""
        if key == SUMMARY_KEY:
            self.summary = Summary.from_json(orjson.loads(value or b"null"))
        else:
            self._core.restore(key, value)

    def restored(self) -> None:
        """The state is complete."""
        self._core.restored()

    def process(self, records: Iterable[InputRecord], now_ms: int = 0) -> BatchResult:
        """Process records of the window; with its last one, the window ends. `now_ms` does not matter."""
        records = list(records)
        result = self._core.process(without(self._erased, records), self._made_ms)
        self.summary.last_ms = records[-1].timestamp
        if records[-1].offset + 1 >= self._window.end:
            return self._result(_joined(result, self._pass_time()))
        return self._result(result)

    def finish(self) -> BatchResult:
        """The window is at its end: nothing more where the last record said so already."""
        if self.summary.finished:
            return BatchResult([], [], Counts())
        return self._result(self._pass_time())

    def idle(self, wall_ms: int) -> BatchResult:
        """A replay knows no wall clock."""
        return BatchResult([], [], Counts())

    def _pass_time(self) -> BatchResult:
        """Sessions without an event until the end of the window go idle, as they did, or would, in the worker."""
        self.summary.finished = True
        end_ms, last_ms = self._window.end_ms, self.summary.last_ms
        if end_ms is None or last_ms is None:
            return BatchResult([], [], Counts())
        self._core.process([], 0)  # from here on the wall's clock counts
        return self._core.idle(max(end_ms - max(last_ms, 0), 0))

    def _result(self, result: BatchResult) -> BatchResult:
        wanted, summary = self._wanted, self.summary
        if not wanted.always:
            result.outputs = [output for output in result.outputs if wanted(output)]
        summary.counts.add(result.counts)
        outputs = summary.outputs
        for output in result.outputs:
            outputs[output.topic] = outputs.get(output.topic, 0) + 1
        # With every batch, so that what it says is always what was committed.
        result.changes.append((SUMMARY_KEY, summary.encoded()))
        return result


def _joined(first: BatchResult, second: BatchResult) -> BatchResult:
    first.counts.add(second.counts)
    # Of a key the last change counts.
    return BatchResult(first.outputs + second.outputs, first.changes + second.changes, first.counts)
