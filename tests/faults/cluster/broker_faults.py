"""What happens to brokers, as scenarios."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from pipeline.kafka import KafkaCluster
from tests.faults.harness.scenario import Run, Scenario

DOWN_SECONDS = 1.0
STANDSTILL_LIMIT = 20.0
"""Kafka's own part: a controller gives a broker up 3 s after its last heartbeat; a new one has to be elected first."""

Pick = Callable[[KafkaCluster, Run, int], int]
"""Which node is lost in a round."""


def leader(cluster: KafkaCluster, run: Run, round: int) -> int:
    """The leader of an input partition; it leads some output partitions and coordinators too."""
    return cluster.leaders(run.topics.input)[round % run.scenario.partitions]


def controller(cluster: KafkaCluster, run: Run, round: int) -> int:
    """The controller that is in charge."""
    found = cluster.controller()
    assert found is not None, "the cluster is whole"
    return found


def each_in_turn(cluster: KafkaCluster, run: Run, round: int) -> int:
    """One node after the other."""
    return sorted(cluster.nodes)[round % len(cluster.nodes)]


class LoseBroker:
    """One node goes, and comes back; the next round begins when every replica is there again."""

    def __init__(self, cluster: KafkaCluster, pick: Pick, *, clean: bool) -> None:
        self._cluster = cluster
        self._pick = pick
        self._clean = clean
        self._lost = 0

    async def start(self, run: Run) -> None: ...

    async def inject(self, run: Run, round: int) -> None:
        self._lost = await asyncio.to_thread(self._pick, self._cluster, run, round)
        node = self._cluster.nodes[self._lost]
        await asyncio.to_thread(node.stop if self._clean else node.kill)
        run.note(f"node {self._lost}")
        await asyncio.sleep(DOWN_SECONDS)

    async def heal(self, run: Run, round: int) -> None:
        await asyncio.to_thread(self._cluster.nodes[self._lost].start)
        await asyncio.to_thread(self._cluster.await_brokers)
        await asyncio.to_thread(self._cluster.await_in_sync)


def scenarios(cluster: KafkaCluster) -> dict[str, Scenario]:
    """By name."""
    made = (
        _scenario("broker-restart", "broker restarted", partial(LoseBroker, cluster, each_in_turn, clean=True)),
        _scenario("broker-leader", "kill -9 of a leading broker", partial(LoseBroker, cluster, leader, clean=False)),
        _scenario(
            "broker-controller", "kill -9 of the controller", partial(LoseBroker, cluster, controller, clean=False)
        ),
    )
    return {scenario.name: scenario for scenario in made}


def _scenario(name: str, title: str, fault: Callable[[], LoseBroker]) -> Scenario:
    return Scenario(
        name=name,
        title=title,
        table="brokers",
        fault=fault,
        rate=400,
        replication_factor=3,
        standstill_limit=STANDSTILL_LIMIT,
    )
