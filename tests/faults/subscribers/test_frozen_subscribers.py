"""Subscribers stand still for longer than the session timeout, or their broker is away: nothing is lost or repeated."""

import asyncio
import signal
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from pipeline.kafka import EmbeddedKafka
from tests.faults.subscribers.ledger import (
    SESSION_TIMEOUT,
    Members,
    Trouble,
    nothing_is_lost,
    nothing_is_lost_or_repeated,
)

pytestmark = [pytest.mark.kafka, pytest.mark.faults, pytest.mark.slow, pytest.mark.timeout(600)]

FREEZES = 2
AWAY_SECONDS = 20.0


async def freezes(members: Members) -> AsyncGenerator[None]:
    """Each member once, in the middle of its work; the other one is given its partitions meanwhile."""
    for index in range(FREEZES):
        yield
        frozen = members.running[index]
        frozen.send_signal(signal.SIGSTOP)
        yield
        await asyncio.sleep(SESSION_TIMEOUT + 4.0)
        frozen.send_signal(signal.SIGCONT)
        yield


def away(broker: EmbeddedKafka) -> Trouble:
    """The broker ends in the middle of the members' work, and is back later."""

    async def trouble(members: Members) -> AsyncGenerator[None]:
        yield
        await asyncio.sleep(0.5)
        await asyncio.to_thread(broker.kill)
        await asyncio.sleep(AWAY_SECONDS)
        await asyncio.to_thread(broker.start)
        yield

    return trouble


async def test_a_frozen_handler_loses_nothing(bootstrap_servers: str, prefix: str, group: str, tmp_path: Path) -> None:
    await nothing_is_lost(bootstrap_servers, prefix, group, freezes, tmp_path / "handled")


async def test_a_frozen_transaction_neither_loses_nor_doubles(bootstrap_servers: str, prefix: str, group: str) -> None:
    await nothing_is_lost_or_repeated(bootstrap_servers, prefix, group, freezes)


async def test_a_handler_outlives_its_broker(prefix: str, group: str, tmp_path: Path) -> None:
    async with EmbeddedKafka() as broker:
        await nothing_is_lost(broker.bootstrap_servers, prefix, group, away(broker), tmp_path / "handled")


async def test_a_transaction_outlives_its_broker(prefix: str, group: str) -> None:
    async with EmbeddedKafka() as broker:
        await nothing_is_lost_or_repeated(broker.bootstrap_servers, prefix, group, away(broker))
