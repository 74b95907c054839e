"""A cluster of three, one for all tests that lose some of it."""

from collections.abc import Iterator

import pytest

from pipeline.kafka import KafkaCluster


@pytest.fixture(scope="session")
def cluster() -> Iterator[KafkaCluster]:
    with KafkaCluster() as started:
        yield started
