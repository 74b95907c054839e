"""What every test may ask for: a real broker, names nobody else uses, the recorded sessions."""

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.kafka import EmbeddedKafka

RECORDINGS = Path(os.environ.get("ITEMSTREAM_RECORDINGS") or Path(__file__).parents[2] / "shared" / "recordings")


@pytest.fixture(scope="session")
def kafka() -> Iterator[EmbeddedKafka]:
    """One Apache Kafka for the whole run: tests keep apart by `prefix` and `group`. Don't kill it; start your own."""
    # Simulated sessions happened at a fixed time, longer ago than the topics keep records by now: half a minute
    # after its start Kafka would look for what is too old, and delete what a test has yet to read.
    with EmbeddedKafka(properties={"log.initial.task.delay.ms": 24 * 3600 * 1000}) as broker:
        yield broker


@pytest.fixture
def bootstrap_servers(kafka: EmbeddedKafka) -> str:
    return kafka.bootstrap_servers


@pytest.fixture
def unique() -> str:
    """A short name no other test has."""
    return uuid.uuid4().hex[:8]


@pytest.fixture
def prefix(unique: str) -> str:
    """A prefix for topics of this test alone."""
    return f"test-{unique}"


@pytest.fixture
def group(unique: str) -> str:
    """A consumer group of this test alone."""
    return f"group-{unique}"


@pytest.fixture(scope="session")
def recordings() -> Path:
    """The folder of recorded provider sessions; `ITEMSTREAM_RECORDINGS` says where it is."""
    if not RECORDINGS.is_dir():
        pytest.skip(f"no recorded sessions at {RECORDINGS}; ITEMSTREAM_RECORDINGS names another folder")
    return RECORDINGS
