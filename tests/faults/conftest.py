"""The topics of one fault test, and settings for its workers."""

from dataclasses import dataclass

import pytest

from pipeline.settings import Settings
from topics.admin import apply_changes, connect, deployment, make_plan, read_state

PARTITIONS = 6


@dataclass(frozen=True)
class Deployed:
    """Where a fault test writes and reads."""

    bootstrap_servers: str
    prefix: str
    group: str
    input_topic: str

    @property
    def messages(self) -> str:
        return f"{self.prefix}.items.messages"

    def settings(self, **changes: object) -> Settings:
        return Settings.model_validate(
            {
                "bootstrap_servers": self.bootstrap_servers,
                "prefix": self.prefix,
                "group": self.group,
                "input_topic": self.input_topic,
                "session_timeout_ms": 6_000,
                "log_format": "json",
                **changes,
            }
        )


@pytest.fixture
async def deployed(bootstrap_servers: str, prefix: str, group: str, unique: str) -> Deployed:
    topics = deployment(prefix, group, f"events-{unique}")
    async with connect(bootstrap_servers) as admin:
        state = await read_state(admin, topics)
        await apply_changes(admin, make_plan(topics, state, partitions=PARTITIONS, replication_factor=1).changes, state)
    return Deployed(bootstrap_servers, prefix, group, f"events-{unique}")
