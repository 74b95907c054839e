"""A past that the real worker made, and consoles over it."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pipeline.kafka import EmbeddedKafka
from tests.console.api.support import Client, client_of, running
from tests.replay.support import Past, make_past

COUNT = 1_500


@pytest.fixture(scope="session")
def past(kafka: EmbeddedKafka) -> Past:
    """Sessions of the last minutes, and what the worker made of them."""
    return asyncio.run(make_past(kafka.bootstrap_servers, uuid.uuid4().hex[:8], COUNT))


@pytest.fixture
async def console(past: Past, tmp_path: Path) -> AsyncIterator[Client]:
    """A console over that past that has read all of it, used by an operator."""
    settings = past.deployed.settings(
        console_port=0, console_store=str(tmp_path / "console.sqlite3"), console_local_role="operator"
    )
    async with running(settings) as url, client_of(url) as client:
        await client.until("/api/pipeline", lambda told: told["projection"]["lag"] == 0)
        yield client
