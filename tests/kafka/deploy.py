"""A whole deployment under names of its own, for tests that run the real worker."""

from dataclasses import dataclass

from pipeline.settings import Settings
from topics.admin import apply_changes, connect, deployment, make_plan, read_state

PARTITIONS = 6


@dataclass(frozen=True)
class Deployed:
    """Where a test writes and reads."""

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


async def deploy(bootstrap_servers: str, unique: str, partitions: int = PARTITIONS) -> Deployed:
    """Make the topics of a deployment whose names carry `unique`."""
    deployed = Deployed(bootstrap_servers, f"test-{unique}", f"group-{unique}", f"events-{unique}")
    topics = deployment(deployed.prefix, deployed.group, deployed.input_topic)
    async with connect(bootstrap_servers) as admin:
        state = await read_state(admin, topics)
        plan = make_plan(topics, state, partitions=partitions, replication_factor=1)
        await apply_changes(admin, plan.changes, state)
    return deployed
