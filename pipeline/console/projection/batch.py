"""One batch of fetched records into the store: one transaction with how far the topics were read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from pipeline.console.projection.changes import Changed
from pipeline.console.projection.dead_letters import rejected_row, write_rejected
from pipeline.console.projection.facts import label
from pipeline.console.projection.forget import erase, erased_sessions, unerase
from pipeline.console.projection.incoming import Incoming, incoming, session_of
from pipeline.console.projection.positions import Place, Position, add_topics, move
from pipeline.console.projection.write import write
from pipeline.console.store.store import Store
from pipeline.core import InputRecord
from pipeline.erasure.erased import erased_topic
from pipeline.ingest.redact import Redaction
from pipeline.rejected.record import rejected_record
from topics.catalogue import CATALOGUE, REJECTED

Batch = Sequence[InputRecord]


@dataclass(slots=True)
class Written:
    """What became of a batch. unreadable: records that are none of itemstream's, which were passed over."""

    changed: Changed
    after: dict[Place, Position]
    erased: int
    unreadable: int


class BatchWriter:
    """Writes batches; to be used by one thread at a time."""

    def __init__(self, store: Store, prefix: str, redaction: Redaction | None) -> None:
        self._store = store
        self._redaction = redaction
        self._rejected = REJECTED.full_name(prefix)
        self._erased = erased_topic(prefix)
        self._erased_sessions: set[str] | None = None
        self._types = {
            spec.full_name(prefix): spec.record_type.split(".")[1] for spec in CATALOGUE if spec is not REJECTED
        }

    @property
    def topics(self) -> list[str]:
        """All that are read; the one that says what must not be taken comes first."""
        return [self._erased, *self._types, self._rejected]

    def write(self, batch: Batch, before: Mapping[Place, Position], moved: Mapping[Place, Position]) -> Written:
        """Take the records of the batch that were not read before, all in one transaction with the positions.

        before: where each of the partitions is; moved: further positions, to be written as they are.
        """
        new, last = unread(batch, {**before, **moved})
        after = {**moved, **{place: Position.behind(record) for place, record in last.items()}}
        with self._store.writing() as connection:
            dialect = self._store.dialect
            numbers = add_topics(connection, self.topics)
            move(connection, dialect, numbers, {place: before[place] for place in after}, after)
            told = {session_of(record.key): record.value for record in new if record.topic == self._erased}
            gone = {name for name, value in told.items() if value is not None}
            unerase(connection, told.keys() - gone)
            erase(connection, dialect, gone)
            erased = (self._known_erased(connection) | gone) - (told.keys() - gone)
            items: list[Incoming] = []
            unreadable = 0
            for record in new:
                record_type = self._types.get(record.topic)
                if record_type is None or session_of(record.key) in erased:
                    continue
                one = incoming(record_type, numbers[record.topic], record.partition, record, self._redaction)
                if one is None:
                    unreadable += 1
                else:
                    items.append(one)
            changed = write(connection, dialect, items).changed() if items else {}
            rows = [
                rejected_row(record, self._redaction)
                for record in new
                if record.topic == self._rejected and label(rejected_record(record).session_id) not in erased
            ]
            write_rejected(connection, dialect, rows)
        self._erased_sessions = erased
        return Written(Changed(changed, gone, len(rows)), after, len(gone), unreadable)

    def _known_erased(self, connection: Connection) -> set[str]:
        # Only what is written here changes it: `move` sees to that.
        if self._erased_sessions is None:
            self._erased_sessions = erased_sessions(connection)
        return self._erased_sessions


def unread(batch: Batch, positions: Mapping[Place, Position]) -> tuple[list[InputRecord], dict[Place, InputRecord]]:
    """The records that were not read before, and the last one of each partition."""
    new: list[InputRecord] = []
    last: dict[Place, InputRecord] = {}
    for record in batch:
        place = (record.topic, record.partition)
        known = last.get(place)
        if record.offset >= (positions[place].next if known is None else known.offset + 1):
            last[place] = record
            new.append(record)
    return new, last
