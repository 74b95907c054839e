"""Workers killed, frozen, stopped, joining and leaving, under load: nothing lost, nothing twice."""

import pytest

from tests.faults.harness import Scenario, run
from tests.faults.harness.scenario import Delivery
from tests.faults.worker_faults import SCENARIOS

pytestmark = [pytest.mark.kafka, pytest.mark.faults]

ALL = [
    pytest.param(scenario, delivery, id=f"{scenario.name}-{delivery}")
    for scenario in SCENARIOS
    for delivery in scenario.deliveries
]


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("scenario", "delivery"), ALL)
async def test_ten_rounds(bootstrap_servers: str, scenario: Scenario, delivery: Delivery) -> None:
    result = await run(scenario, bootstrap_servers, delivery)
    print(result.summary())
    assert result.ok, "\n".join([*result.problems, *result.found.examples])
