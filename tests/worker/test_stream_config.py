"""What the settings become for the stream."""

import pytest

from pipeline.settings import Settings
from pipeline.worker.stream_config import stream_config


@pytest.mark.parametrize(
    ("session_timeout_ms", "interval_ms"), [(10_000, 300), (45_000, 300), (6_000, 300), (600, 200)]
)
def test_heartbeats_are_frequent_whatever_the_session_timeout(session_timeout_ms: int, interval_ms: int) -> None:
    """A worker that leaves stops everybody's partitions until all others have heard of it: by a heartbeat."""
    settings = Settings.model_construct(session_timeout_ms=session_timeout_ms)
    assert stream_config(settings).heartbeat_interval_ms == interval_ms
