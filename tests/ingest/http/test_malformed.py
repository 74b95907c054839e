"""Malformed bodies: each is refused, none comes into Kafka, none is the collector's fault."""

import asyncio
from collections import Counter
from collections.abc import Iterator

import aiohttp
import pytest

from tests.ingest.http.malformed import malformed
from tests.ingest.http.support import ITEM_DONE, PATH, body, post
from tests.kafka.support import read_all

pytestmark = pytest.mark.kafka

AT_A_TIME = 8


async def _refused(client: aiohttp.ClientSession, path: str, media: str, bodies: Iterator[bytes]) -> Counter[int]:
    statuses: Counter[int] = Counter()

    async def send() -> None:
        for data in bodies:
            status, told, _ = await post(client, path, data, {"content-type": media})
            assert 400 <= status < 500, (status, told, data[:300])
            assert told["status"] == status
            statuses[status] += 1

    await asyncio.gather(*(send() for _ in range(AT_A_TIME)))
    return statuses


@pytest.mark.parametrize("count", [10_000, pytest.param(200_000, marks=[pytest.mark.slow, pytest.mark.timeout(1800)])])
async def test_malformed_bodies(client: aiohttp.ClientSession, bootstrap_servers: str, topic: str, count: int) -> None:
    told = await _refused(client, ITEM_DONE, "application/json", malformed(count, seed=count))
    assert told.total() == count
    # As elements of a batch, beside one that is right; there an event may be of any type.
    wrong = (data for data in malformed(count // 2, seed=1) if b'"type": "conversation.item.done"' in data)
    among = (b"[" + body() + b"," + data + b"]" for data in wrong)
    assert (await _refused(client, PATH, "application/json", among)).total() > count // 4
    assert await read_all(bootstrap_servers, topic) == []
    status, _, _ = await post(client, ITEM_DONE, body())
    assert status == 200
