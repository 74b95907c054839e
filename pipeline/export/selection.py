"""Which records of a topic are meant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from topics.fetched_records import FetchedRecord


@dataclass(frozen=True, slots=True)
class Selection:
    """All that is said must hold; None holds for every record. Times in ms since the epoch, by record timestamp."""

    since_ms: int | None = None
    until_ms: int | None = None
    """This moment is not included any more."""
    partitions: tuple[int, ...] | None = None
    sessions: tuple[str, ...] | None = None

    def chosen(self, records: Sequence[FetchedRecord]) -> Sequence[FetchedRecord]:
        """Those of the records that are meant, whatever their partition."""
        since, until = self.since_ms, self.until_ms
        if since is not None:
            records = [record for record in records if record.timestamp >= since]
        if until is not None:
            records = [record for record in records if record.timestamp < until]
        if self.sessions is not None:
            wanted = {session.encode() for session in self.sessions}
            records = [record for record in records if _session(record) in wanted]
        return records


def _session(record: FetchedRecord) -> bytes | None:
    """Header `ce_sessionid` wins over the key; outputs have the session as their key."""
    for name, value in record.headers:
        if name == "ce_sessionid" and value:
            return value
    return record.key
