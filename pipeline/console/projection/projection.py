"""The projection: what comes onto the topics goes into the store, as long as it runs.

A `kill -9` anywhere changes nothing: the rows and how far the topics were read are one transaction of the database.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from aiokafka.errors import KafkaError, OffsetOutOfRangeError

from pipeline.console.projection.batch import BatchWriter, Written
from pipeline.console.projection.changes import Notifier
from pipeline.console.projection.following import Following, Positions, Status
from pipeline.console.projection.forget import drop_old
from pipeline.console.projection.positions import MovedError, Place, Position, load_positions
from pipeline.console.projection.reading import Consumer, open_consumer, places_of
from pipeline.console.store.store import Store, StoreError
from pipeline.core import InputRecord
from pipeline.ingest.redact import Redaction
from pipeline.settings import Settings
from topics.admin import TopicsError, connect
from topics.admin.cluster import AdminClient

_LOG = logging.getLogger(__name__)

REFRESH_SECONDS = 5.0
"""So often topics and partitions are looked for that were not there before."""
RETENTION_SECONDS = 60.0
TIDY_SECONDS = 3600.0
"""Between two times that the room of old sessions is given back; that of erased ones is at once."""
AGAIN_SECONDS = 2.0

T = TypeVar("T")


class Projection:
    """Reads the topics into a store. `run` it as a task; `changes` tells what came in, `status` how it stands."""

    def __init__(
        self, settings: Settings, store: Store, *, redaction: Redaction | None = None, retention_ms: int | None = None
    ) -> None:
        """retention_ms: sessions with nothing for so long leave the store; None: they stay."""
        self._settings = settings
        self._store = store
        self._redaction = redaction
        self._retention_ms = retention_ms
        self._next_retention = self._next_tidy = 0.0
        self._untidy = False
        self.changes = Notifier()
        self.status = Status()
        # One thread: the store has one writer, and the loop goes on meanwhile.
        self._thread = ThreadPoolExecutor(1, "projection")

    async def run(self) -> None:
        """Read and write until cancelled. Where Kafka or the database is away it waits and goes on.

        Raises RecreatedError where a topic is not the one that was read before, and what `Store.prepare` raises.
        """
        try:
            await self._do(lambda: self._store.prepare(store_facts(self._settings)))
            while True:
                try:
                    connection = self._settings.connection()
                    async with (
                        connect(self._settings.bootstrap_servers, **connection) as admin,
                        open_consumer(self._settings) as consumer,
                    ):
                        await self._follow(admin, consumer)
                except OffsetOutOfRangeError:
                    continue  # opening it again tells what happened
                except (KafkaError, TopicsError, OSError, StoreError, MovedError) as error:
                    said = " ".join(f"{type(error).__name__}: {error}".split())
                    if said != self.status.error:
                        _LOG.warning("the console reads nothing at the moment, and tries again: %s", said)
                    self.status.error, self.status.lag = said, None
                    await asyncio.sleep(AGAIN_SECONDS)
        finally:
            # What is being written is finished first.
            await asyncio.to_thread(self._thread.shutdown)

    async def _do(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def _follow(self, admin: AdminClient, consumer: Consumer) -> None:
        cluster: str | None = (await admin.describe_cluster()).get("cluster_id")
        if cluster:
            await self._do(lambda: self._store.prepare({**store_facts(self._settings), "cluster": cluster}))
        writer = BatchWriter(self._store, self._settings.prefix, self._redaction)

        async def write(batch: Sequence[InputRecord], before: Positions, moved: Positions) -> Written:
            written = await self._do(lambda: writer.write(batch, before, moved))
            self.changes.tell(written.changed)
            if written.erased:
                await self._do(self._store.tidy)
            return written

        following = Following(consumer, await self._do(self._positions), write, self.status)
        # Which sessions are erased is known before anything is taken.
        there = await places_of(admin, writer.topics)
        await following.assign([place for place in there if place[0] == writer.topics[0]])
        await following.catch_up()
        refresh = 0.0
        while True:
            if time.monotonic() >= refresh:
                await following.assign(await places_of(admin, writer.topics))
                await following.settle()
                refresh = time.monotonic() + REFRESH_SECONDS
            await following.read()
            self.status.error = None
            await self._retain()

    def _positions(self) -> dict[Place, Position]:
        with self._store.reading() as connection:
            return load_positions(connection)

    async def _retain(self) -> None:
        """A part of what is to leave, at a time."""
        if self._retention_ms is None or time.monotonic() < self._next_retention:
            return
        before_ms = time.time_ns() // 1_000_000 - self._retention_ms
        if await self._do(lambda: self._drop_old(before_ms)):
            self._untidy = True
            return
        self._next_retention = time.monotonic() + RETENTION_SECONDS
        if self._untidy and time.monotonic() >= self._next_tidy:
            await self._do(self._store.tidy)
            self._untidy, self._next_tidy = False, time.monotonic() + TIDY_SECONDS

    def _drop_old(self, before_ms: int) -> int:
        with self._store.writing() as connection:
            return drop_old(connection, self._store.dialect, before_ms)


def store_facts(settings: Settings) -> dict[str, str]:
    """What a store is of: see `Store.prepare`."""
    return {"prefix": settings.prefix}
