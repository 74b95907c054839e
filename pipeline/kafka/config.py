"""The broker's `server.properties`: one node that is broker and controller, on loopback."""

from collections.abc import Mapping
from pathlib import Path

Property = str | int | bool

HOST = "127.0.0.1"

# One broker can hold one replica. Coordinators' topics are small, so that the first group and the first transaction
# start at once. Short session timeouts: tests see a lost worker in seconds, and a killed broker is let back in as soon
# as the controller holds its former self for gone (Kafka's 9 s otherwise).
DEFAULTS: Mapping[str, Property] = {
    "process.roles": "broker,controller",
    "node.id": 1,
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "auto.create.topics.enable": False,
    "num.partitions": 1,
    "default.replication.factor": 1,
    "min.insync.replicas": 1,
    "offsets.topic.replication.factor": 1,
    "offsets.topic.num.partitions": 8,
    "transaction.state.log.replication.factor": 1,
    "transaction.state.log.min.isr": 1,
    "transaction.state.log.num.partitions": 8,
    "share.coordinator.state.topic.replication.factor": 1,
    "share.coordinator.state.topic.min.isr": 1,
    "group.initial.rebalance.delay.ms": 0,
    "group.min.session.timeout.ms": 1000,
    "broker.session.timeout.ms": 3000,
    "broker.heartbeat.interval.ms": 500,
    "log.cleaner.dedupe.buffer.size": 16 * 1024 * 1024,  # Kafka's 128 MiB are an eighth of this heap
}


def server_properties(port: int, controller_port: int, log_dir: Path, extra: Mapping[str, Property]) -> str:
    """Text of the properties file; `extra` wins over what is set here."""
    properties = {
        **DEFAULTS,
        "listeners": f"PLAINTEXT://{HOST}:{port},CONTROLLER://{HOST}:{controller_port}",
        "advertised.listeners": f"PLAINTEXT://{HOST}:{port}",
        "controller.quorum.voters": f"1@{HOST}:{controller_port}",
        "log.dirs": str(log_dir),
        **extra,
    }
    return "".join(f"{name}={_text(value)}\n" for name, value in properties.items())


def _text(value: Property) -> str:
    # Java's properties format: a backslash begins an escape.
    return str(value).lower() if isinstance(value, bool) else str(value).replace("\\", "\\\\")
