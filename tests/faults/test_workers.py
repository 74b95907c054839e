"""Workers killed, frozen, stopped, joining and leaving, under load: nothing lost, nothing twice."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.faults.harness import Scenario, run
from tests.faults.harness.scenario import Delivery
from tests.faults.worker_faults import SCENARIOS, KillFreezeAndStop

pytestmark = [pytest.mark.kafka, pytest.mark.faults]

ALL = [
    pytest.param(scenario, delivery, id=f"{scenario.name}-{delivery}")
    for scenario in SCENARIOS
    for delivery in scenario.deliveries
]
SHORT = Scenario(name="short", title="kill -9, SIGSTOP and SIGTERM in turn", fault=KillFreezeAndStop)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("scenario", "delivery"), ALL)
async def test_ten_rounds(bootstrap_servers: str, scenario: Scenario, delivery: Delivery) -> None:
    result = await run(scenario, bootstrap_servers, delivery)
    print(result.summary())
    assert result.ok, "\n".join([*result.problems, *result.found.examples])


@pytest.mark.parametrize("delivery", SHORT.deliveries)
async def test_one_round_of_each(bootstrap_servers: str, tmp_path: Path, delivery: Delivery) -> None:
    # How long partitions stand still is the long run's to say, on a machine that does nothing else.
    scenario = replace(SHORT, rate=400, rounds=3, standstill_limit=None)
    result = await run(scenario, bootstrap_servers, delivery, results=tmp_path)
    assert result.ok, "\n".join([*result.problems, *result.found.examples])
    assert result.killed == 1
