"""The worker among broken events: a short run of `fuzz_worker`."""

import pytest

from tests.kafka.fuzz_worker import fuzz

pytestmark = pytest.mark.kafka


async def test_every_broken_record_ends_somewhere_and_nothing_restarts(bootstrap_servers: str):
    told = await fuzz(bootstrap_servers, 1_500, seed=7)
    assert told["problems"] == []
    assert sum(told["broken"]["rejected"].values()) > 100
