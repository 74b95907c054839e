"""One past for all tests of a file that only read it."""

import asyncio
import uuid

import pytest

from pipeline.kafka import EmbeddedKafka
from tests.replay.support import Past, make_past

COUNT = 6_000


@pytest.fixture(scope="session")
def past(kafka: EmbeddedKafka) -> Past:
    """Sessions of the last minutes, and what the worker made of them."""
    return asyncio.run(make_past(kafka.bootstrap_servers, uuid.uuid4().hex[:8], COUNT))
