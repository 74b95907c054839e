"""Brokers lost under load, one at a time: nothing lost, nothing twice."""

import pytest

from pipeline.kafka import KafkaCluster
from tests.faults.cluster.broker_faults import scenarios
from tests.faults.harness import run
from tests.faults.harness.scenario import BOTH, Delivery

pytestmark = [pytest.mark.kafka, pytest.mark.faults, pytest.mark.slow]


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("delivery", BOTH)
@pytest.mark.parametrize("name", ["broker-restart", "broker-leader", "broker-controller"])
async def test_ten_rounds(cluster: KafkaCluster, name: str, delivery: Delivery) -> None:
    result = await run(scenarios(cluster)[name], cluster.bootstrap_servers, delivery)
    print(result.summary())
    assert result.ok, "\n".join([*result.problems, *result.found.examples])
