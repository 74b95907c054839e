"""What operators did, on a topic of its own that nothing is ever deleted from: two records for each thing done.

The first is written before it is begun, and where it can't be, nothing is done; the second says how it ended. One
without the other: the console was killed in between.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import orjson
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from pipeline.console.models import Audit, AuditEntry
from pipeline.console.queries import BadCursorError
from pipeline.errors import ItemstreamError
from pipeline.rejected.read import reader
from pipeline.replay.job import now
from pipeline.replay.reading import batches, spans_of
from pipeline.settings import Settings
from topics.admin import DeployedTopic, apply_changes, connect, make_plan, read_state, read_topic
from topics.admin.errors import TopicsError
from topics.catalogue import TopicSpec, own_topic

log = logging.getLogger(__name__)

BEGUN = "begun"
FOR_EVER = {"retention.ms": "-1", "retention.bytes": "-1"}


def audit_topic(prefix: str) -> str:
    """The topic of what operators did by a console of this prefix."""
    return f"{prefix}.console-audit"


def audit_spec(prefix: str) -> TopicSpec:
    """It as data, for the one who makes it."""
    return own_topic(
        audit_topic(prefix),
        "an id of what was done",
        "What operators did by a console: who, when, what, and how it ended. Internal.",
        partitions=1,
        extra_config=FOR_EVER,
    )


class KafkaAuditLog:
    """Implements `AuditLog`. Reads on from where it was."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._topic = audit_topic(settings.prefix)
        self._made = False
        self._entries: dict[str, AuditEntry] = {}
        self._next = 0
        self._reading = asyncio.Lock()

    @asynccontextmanager
    async def recorded(self, who: str, action: str, details: Mapping[str, Any]) -> AsyncGenerator[dict[str, Any]]:
        """See `AuditLog`."""
        name = secrets.token_hex(8)
        told = dict(details)
        begun = now()
        await self._write(name, {"at": begun, "who": who, "action": action, "details": told, "outcome": BEGUN})
        outcome = "done"
        try:
            yield told
        except BaseException as error:
            told_of = isinstance(error, (ItemstreamError, TopicsError))
            outcome = f"failed: {error}" if told_of else f"failed: {type(error).__name__}"
            raise
        finally:
            entry: dict[str, Any] = {
                "at": begun,
                "who": who,
                "action": action,
                "details": told,
                "outcome": outcome,
                "ended_at": now(),
            }
            try:
                await asyncio.shield(self._write(name, entry))
            except ItemstreamError as error:
                # It is done: what is told of it stays at `begun`.
                log.error("%s", error)

    async def page(self, cursor: str | None, limit: int) -> Audit:
        """Newest first. The cursor is how many entries are older."""
        async with self._reading:
            await self._read_on()
        entries = list(self._entries.values())
        upto = len(entries) if cursor is None else _number(cursor, len(entries))
        page = entries[max(0, upto - limit) : upto][::-1]
        return Audit(entries=page, next_cursor=str(upto - limit) if upto > limit else None)

    async def _read_on(self) -> None:
        if not await self._exists():
            return
        source = TopicPartition(self._topic, 0)
        async with reader(self._settings) as consumer:
            ((begin, end),) = (await spans_of(consumer, [source])).values()
            async for records in batches(consumer, source, max(begin, self._next), end):
                for record in records:
                    self._take((record.key or b"").decode(errors="replace"), record.value or b"")
                self._next = records[-1].offset + 1

    def _take(self, name: str, value: bytes) -> None:
        try:
            told = orjson.loads(value)
            told["details"] |= {"ended_at": told.pop("ended_at")} if "ended_at" in told else {}
            self._entries[name] = AuditEntry(**told)
        except (ValueError, KeyError, TypeError, AttributeError):
            return  # none of ours

    async def _write(self, name: str, entry: Mapping[str, Any]) -> None:
        producer: Any = None
        try:
            await self._make()
            producer = AIOKafkaProducer(
                bootstrap_servers=self._settings.bootstrap_servers,
                acks="all",
                enable_idempotence=True,
                **self._settings.connection(),
            )
            await producer.start()
            await producer.send_and_wait(self._topic, orjson.dumps(entry), name.encode(), partition=0)
        except (KafkaError, TopicsError, OSError) as error:
            said = str(error) if isinstance(error, TopicsError) else repr(error)
            raise ItemstreamError(
                f"{self._topic} does not take the note of what is done, nothing is begun without it: {said}"
            ) from error
        finally:
            if producer is not None:
                await producer.stop()

    async def _make(self) -> None:
        if self._made:
            return
        topic = DeployedTopic(self._topic, "output", audit_spec(self._settings.prefix))
        async with connect(self._settings.bootstrap_servers, **self._settings.connection()) as admin:
            state = await read_state(admin, [topic])
            await apply_changes(admin, make_plan([topic], state, partitions=1).changes, state)
        self._made = True

    async def _exists(self) -> bool:
        if not self._made:
            async with connect(self._settings.bootstrap_servers, **self._settings.connection()) as admin:
                self._made = await read_topic(admin, self._topic) is not None
        return self._made


def _number(cursor: str, most: int) -> int:
    if not cursor.isdecimal() or len(cursor) > 18:
        raise BadCursorError("cursor: not one that this console gave")
    return min(int(cursor), most)
