"""How far each partition was read. Kept in the store, in the transactions that write what was read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b

from sqlalchemy import Connection, func, select

from pipeline.console.projection.fold import Row
from pipeline.console.projection.statements import insert, many, upsert
from pipeline.console.store.dialects import Dialect
from pipeline.console.store.schema import positions, topics
from pipeline.core import InputRecord
from pipeline.errors import ItemstreamError

Place = tuple[str, int]
"""Topic and partition."""


@dataclass(frozen=True, slots=True)
class Position:
    """next: the first offset that was not read. last: that of the last record, with its digest, where there was one."""

    next: int
    last: int | None = None
    told: bytes | None = None

    @classmethod
    def behind(cls, record: InputRecord) -> Position:
        """The position when this record was read last."""
        return cls(record.offset + 1, record.offset, digest(record))


class MovedError(ItemstreamError):
    """Somebody else wrote to the store."""


class RecreatedError(ItemstreamError):
    """A topic is not the one that was read before."""


def recreated(topic: str, partition: int, why: str) -> RecreatedError:
    """What to say of it, and to do about it."""
    return RecreatedError(
        f"topic {topic} was deleted and made anew since the console read it (partition {partition}: {why}); the store "
        "still has what was in the old one: start with itemstream console --rebuild to read the topics again"
    )


def digest(record: InputRecord) -> bytes:
    """Of what a record is, so that another one at its offset is told apart."""
    told = blake2b(str(record.timestamp).encode(), digest_size=16)
    told.update(record.key or b"")
    told.update(record.value or b"")
    return told.digest()


def load_topics(connection: Connection) -> dict[str, int]:
    """The numbers of topics that the store knows."""
    return {row.name: row.topic for row in connection.execute(select(topics))}


def add_topics(connection: Connection, names: Iterable[str]) -> dict[str, int]:
    """The numbers of topics, those of new ones added."""
    known = load_topics(connection)
    first = (connection.execute(select(func.max(topics.c.topic))).scalar() or 0) + 1
    new = [name for name in names if name not in known]
    many(connection, insert(topics), [{"topic": number, "name": name} for number, name in enumerate(new, first)])
    return load_topics(connection) if new else known


def load_positions(connection: Connection) -> dict[Place, Position]:
    """All of them."""
    query = select(topics.c.name, positions).join(topics, topics.c.topic == positions.c.topic)
    return {
        (row["name"], row["partition"]): Position(row["next"], row["last"], row["told"])
        for row in connection.execute(query).mappings()
    }


def move(
    connection: Connection,
    dialect: Dialect,
    numbers: Mapping[str, int],
    before: Mapping[Place, Position],
    after: Mapping[Place, Position],
) -> None:
    """Write positions.

    Raises MovedError where they are not what they were before: another process reads the topics into this store too.
    """
    query = select(positions.c.topic, positions.c.partition, positions.c.next)
    found = {(row.topic, row.partition): row.next for row in connection.execute(query)}
    for (topic, partition), position in before.items():
        if found.get((numbers[topic], partition), 0) != position.next:
            raise MovedError(
                f"another process reads {topic} into the same store; one is enough: stop the other, or give this one a "
                "store of its own with --console-store"
            )
    rows: list[Row] = [
        {"topic": numbers[topic], "partition": partition, "next": one.next, "last": one.last, "told": one.told}
        for (topic, partition), one in after.items()
    ]
    many(connection, upsert(dialect, positions), rows)
