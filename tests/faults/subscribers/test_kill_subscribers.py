"""Subscribers are killed with -9 again and again: what was handled, against what was written."""

import asyncio
import random
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.faults.subscribers.ledger import Members, nothing_is_lost, nothing_is_lost_or_repeated

pytestmark = [pytest.mark.kafka, pytest.mark.faults]

KILLS = 5


async def kills(members: Members) -> AsyncGenerator[None]:
    chance = random.Random(7)
    for _ in range(KILLS):
        yield
        await asyncio.sleep(chance.uniform(0.2, 3.0))
        members.kill(chance.randrange(2))
        members.start()


async def test_a_handler_loses_nothing(bootstrap_servers: str, prefix: str, group: str, tmp_path: Path) -> None:
    await nothing_is_lost(bootstrap_servers, prefix, group, kills, tmp_path / "handled")


async def test_a_transaction_neither_loses_nor_doubles(bootstrap_servers: str, prefix: str, group: str) -> None:
    await nothing_is_lost_or_repeated(bootstrap_servers, prefix, group, kills)
