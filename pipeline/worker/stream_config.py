"""From the settings to the stream's configuration."""

from __future__ import annotations

import os
import socket

from pipeline.settings import Settings
from pipeline.streaming import StreamConfig
from topics.catalogue import CATALOGUE, changelog_topic

HEARTBEAT_MS = 300
"""Workers hear of a rebalance by the answer to a heartbeat: nothing flows until the last of them has heard of it."""


def stream_config(settings: Settings) -> StreamConfig:
    """The configuration of this process's stream."""
    return StreamConfig(
        bootstrap_servers=settings.bootstrap_servers,
        group=settings.group,
        input_topic=settings.input_topic,
        changelog_topic=changelog_topic(settings.group),
        output_topics=tuple(spec.full_name(settings.prefix) for spec in CATALOGUE),
        delivery=settings.delivery,
        client_id=client_id(settings.group),
        client_options=settings.connection(),
        session_timeout_ms=settings.session_timeout_ms,
        # At most a third, so that two heartbeats may be lost.
        heartbeat_interval_ms=min(HEARTBEAT_MS, settings.session_timeout_ms // 3),
        transaction_timeout_ms=settings.transaction_timeout_ms,
        fetch_partition_bytes=settings.max_partition_fetch_bytes,
        fetch_max_bytes=settings.fetch_max_bytes,
        max_batch_records=settings.batch_max_records,
        progress_limit_seconds=settings.progress_limit,
        rebuild_reach_ms=round(settings.session_retention * 1000) if settings.rebuild_state else None,
    )


def client_id(group: str) -> str:
    """Unique over the processes of a group: Kafka's logs and quotas go by it."""
    return f"{group}-{socket.gethostname()}-{os.getpid()}"
