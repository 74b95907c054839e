"""Several Kafka nodes on this machine as one cluster, to lose some of them on purpose."""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from pipeline.errors import ItemstreamError
from pipeline.kafka import probe
from pipeline.kafka.config import HOST, Property
from pipeline.kafka.embedded import EmbeddedKafka, new_cluster_id

NODES = 3
READY_SECONDS = 90.0

# Small heaps, a cheap collector and a quick start: three of them share the machine with what is tested.
_JVM = ("-Xms64m", "-Xmx400m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")


@dataclass(frozen=True)
class Listener:
    """A further door into every node, such as one behind a proxy.

    advertised: the port that clients who came in here are sent to, by node id; the listener's own where it is missing.
    protocol: `PLAINTEXT` or `SASL_PLAINTEXT`.
    """

    name: str
    advertised: Mapping[int, int]
    protocol: str = "PLAINTEXT"


class KafkaCluster:
    """Nodes that are broker and controller each; every topic, Kafka's own too, has a replica on all of them.

    A write counts as done once all but one of the nodes have it, so that any one may be lost.

    properties: added to every node's configuration. listeners: further doors, see `Listener`; `ports` has theirs.
    Use it as a (sync or async) context manager. Raises ItemstreamError where a node can't start.
    """

    def __init__(
        self,
        nodes: int = NODES,
        properties: Mapping[str, Property] | None = None,
        listeners: Sequence[Listener] = (),
    ) -> None:
        self._folder: Path | None = None
        self._properties = dict(properties or {})
        ids = range(1, nodes + 1)
        found = iter(probe.free_ports(nodes * (2 + len(listeners))))
        self._controllers = {node: next(found) for node in ids}
        self._clients = {node: next(found) for node in ids}
        self.ports: dict[str, dict[int, int]] = {one.name: {node: next(found) for node in ids} for one in listeners}
        """Where the further listeners listen: by name, then by node id."""
        self._listeners = tuple(listeners)
        self._cluster = new_cluster_id()
        self.nodes: dict[int, EmbeddedKafka] = {}
        """By node id, from 1; each can be stopped, killed and started again by itself."""

    @property
    def bootstrap_servers(self) -> str:
        """Of all nodes, whether they run or not."""
        return ",".join(f"{HOST}:{port}" for port in self._clients.values())

    def start(self) -> Self:
        """Start all nodes at once and wait until each serves."""
        self._folder = Path(tempfile.mkdtemp(prefix="itemstream-kafka-cluster-"))
        self.nodes = {
            node: EmbeddedKafka(
                port, self._folder / str(node), self._node_properties(node), cluster=self._cluster, jvm=_JVM
            )
            for node, port in self._clients.items()
        }
        try:
            with ThreadPoolExecutor(len(self.nodes)) as threads:
                list(threads.map(EmbeddedKafka.start, self.nodes.values()))
            self.await_brokers()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """End all nodes and remove their data. Their state is of no more use: they are killed, which is quick."""
        for node in self.nodes.values():
            node.kill()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def await_brokers(self, seconds: float = READY_SECONDS) -> None:
        """Wait until every node is in service, as the cluster itself sees it."""
        deadline = time.monotonic() + seconds
        while not all(probe.in_service(port) == set(self.nodes) for port in self._clients.values()):
            if time.monotonic() > deadline:
                raise ItemstreamError(f"not all {len(self.nodes)} Kafka nodes serve after {seconds:.0f} s; try again")
            time.sleep(0.1)

    def await_in_sync(self, seconds: float = READY_SECONDS) -> None:
        """Wait until every partition has all of its replicas: from then on the next node may be lost."""
        deadline = time.monotonic() + seconds
        # Each node is asked: what one knows of another may be a moment old.
        while any(probe.out_of_sync(port) != 0 for port in self._clients.values()):
            if time.monotonic() > deadline:
                raise ItemstreamError(f"replicas are missing after {seconds:.0f} s; look into the logs of the nodes")
            time.sleep(0.2)

    def controller(self) -> int | None:
        """The id of the node that leads the quorum, as the nodes that run last noted; None while there is none."""
        known: list[tuple[int, int]] = []
        for node in self.nodes.values():
            if node.pid is None:
                continue
            noted = json.loads((node.data_dir / "log" / "__cluster_metadata-0" / "quorum-state").read_text())
            known.append((noted["leaderEpoch"], noted["leaderId"]))
        _, leader = max(known, default=(0, -1))
        return leader if leader in self.nodes and self.nodes[leader].pid is not None else None

    def leaders(self, topic: str) -> dict[int, int]:
        """Partition -> id of its leader, -1 while it has none. Asks the nodes that run."""
        for node in self.nodes.values():
            if node.pid is not None and (found := probe.leaders(node.port, topic)):
                return found
        return {}

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        return await asyncio.to_thread(self.start)

    async def __aexit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        await asyncio.to_thread(self.stop)

    def _node_properties(self, node: int) -> dict[str, Property]:
        count = len(self._clients)
        doors = {"PLAINTEXT": self._clients[node], **{name: ports[node] for name, ports in self.ports.items()}}
        advertised = {
            "PLAINTEXT": self._clients[node],
            **{one.name: one.advertised.get(node, self.ports[one.name][node]) for one in self._listeners},
        }
        protocols = {one.name: one.protocol for one in self._listeners}
        return {
            "node.id": node,
            "controller.quorum.voters": ",".join(f"{one}@{HOST}:{port}" for one, port in self._controllers.items()),
            "listeners": _addresses({**doors, "CONTROLLER": self._controllers[node]}),
            "advertised.listeners": _addresses(advertised),
            "listener.security.protocol.map": ",".join(
                f"{name}:{protocol}"
                for name, protocol in {"PLAINTEXT": "PLAINTEXT", "CONTROLLER": "PLAINTEXT", **protocols}.items()
            ),
            "inter.broker.listener.name": "PLAINTEXT",
            "default.replication.factor": count,
            "min.insync.replicas": max(1, count - 1),
            "offsets.topic.replication.factor": count,
            "transaction.state.log.replication.factor": count,
            "transaction.state.log.min.isr": max(1, count - 1),
            "share.coordinator.state.topic.replication.factor": count,
            "share.coordinator.state.topic.min.isr": max(1, count - 1),
            **self._properties,
        }


def _addresses(ports: Mapping[str, int]) -> str:
    return ",".join(f"{name}://{HOST}:{port}" for name, port in ports.items())
