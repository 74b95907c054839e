"""Where a tap's events go: Kafka itself, or a collector over HTTP. Each tries until it is told yes or no."""

from __future__ import annotations

import asyncio
import logging
from base64 import b64encode
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol, cast

import aiohttp
import orjson

from pipeline.errors import ItemstreamError
from pipeline.ingest.event import EventRecord
from pipeline.ingest.writer import EventWriter, KafkaUnavailable

log = logging.getLogger(__name__)

RETRY_SECONDS = 1.0
REQUEST_SECONDS = 30.0
_NOT_TRIED = 424
"""Of a line that was not written because of others in its batch."""


class Delivered(NamedTuple):
    """How many arrived, and how many never will, by reason."""

    events: int
    refused: Counter[str]


class Sink(Protocol):
    """Delivers records, one call at a time, in their order."""

    async def deliver(self, records: Sequence[EventRecord]) -> Delivered:
        """Returns when each has been acknowledged or refused, however long that takes."""
        ...

    async def close(self) -> None: ...


class KafkaSink:
    """Into the input topic; while Kafka can't be reached, it tries again."""

    def __init__(self, bootstrap_servers: str, topic: str, connection: Mapping[str, Any]) -> None:
        # What waits is bounded by the tap.
        self._writer = EventWriter(bootstrap_servers, topic, connection=connection, max_waiting_bytes=2**62)

    async def deliver(self, records: Sequence[EventRecord]) -> Delivered:
        await self._started()
        refused: Counter[str] = Counter()
        left = list(records)
        while left:
            futures = [self._writer.submit(record) for record in left]
            await asyncio.wait(futures)
            failed = [(record, future.exception()) for record, future in zip(left, futures, strict=True)]
            left = [record for record, error in failed if isinstance(error, KafkaUnavailable)]
            for record, error in failed:
                if error is not None and not isinstance(error, KafkaUnavailable):
                    log.warning("an event of %d bytes is not in Kafka: %s", len(record.value), error)
                    refused[type(error).__name__] += 1
            if left:
                await asyncio.sleep(RETRY_SECONDS)
        return Delivered(len(records) - refused.total(), refused)

    async def close(self) -> None:
        await self._writer.close(0.0)

    async def _started(self) -> None:
        while True:
            try:
                return await self._writer.start()
            except ItemstreamError as error:
                log.warning("%s", error)
                await asyncio.sleep(RETRY_SECONDS)


class HttpSink:
    """To `itemstream ingest http`, in batches of structured CloudEvents.

    A batch that may have arrived is sent again: the same events with the same ids, which change nothing.
    """

    def __init__(self, address: str, key: str | None) -> None:
        self._address = address.rstrip("/") + "/v1/realtime/server-events"
        self._headers = {"content-type": "application/cloudevents-batch+json"}
        if key is not None:
            self._headers["authorization"] = f"Bearer {key}"
        self._client: aiohttp.ClientSession | None = None

    async def deliver(self, records: Sequence[EventRecord]) -> Delivered:
        refused: Counter[str] = Counter()
        left = list(records)
        while left:
            statuses, wait = await self._send(left)
            for record, status in zip(left, statuses, strict=True):
                if _is_final(status):
                    log.warning("an event of %d bytes was not taken: HTTP %d", len(record.value), status)
                    refused[f"http_{status}"] += 1
            left = [r for r, status in zip(left, statuses, strict=True) if status != 200 and not _is_final(status)]
            if wait:
                await asyncio.sleep(wait)
        return Delivered(len(records) - refused.total(), refused)

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()

    async def _send(self, records: Sequence[EventRecord]) -> tuple[list[int], float]:
        """A status a record, and how long to wait before what is left is sent."""
        if self._client is None:
            self._client = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(REQUEST_SECONDS))
        body = orjson.dumps([_structured(record) for record in records])
        try:
            async with self._client.post(self._address, data=body, headers=self._headers) as answer:
                told: Any = await answer.json(content_type=None)
                status = answer.status
                wait = float(answer.headers.get("retry-after") or 0)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            log.warning("no answer from %s (%s); trying again", self._address, type(error).__name__)
            return [503] * len(records), RETRY_SECONDS
        lines: list[Any] = cast(dict[str, Any], told).get("lines") or [] if isinstance(told, dict) else []
        statuses: list[int] = [line["status"] for line in lines]
        if len(statuses) != len(records):
            statuses = [status] * len(records)
        if status in (401, 403) or status >= 429:
            log.warning("%s says HTTP %d; trying again", self._address, status)
            return statuses, wait or RETRY_SECONDS
        return statuses, 0.0


def _is_final(status: int) -> bool:
    """Whether the event would not be taken another time either. A key may yet be let in."""
    return 400 <= status < 500 and status not in (401, 403, 408, 429, _NOT_TRIED)


def _structured(record: EventRecord) -> dict[str, Any]:
    told = {name.removeprefix("ce_"): value.decode() for name, value in record.headers}
    # An event without an id of its own is told apart by its place in the session.
    told.setdefault("id", f"{told.get('sessionid')}/{told.get('sequence')}")
    told.setdefault("type", "unknown")
    try:
        orjson.loads(record.value)
    except orjson.JSONDecodeError:  # it would spoil the whole batch; so it is told alone that it is no event
        return {**told, "data_base64": b64encode(record.value).decode()}
    return {**told, "data": orjson.Fragment(record.value)}
