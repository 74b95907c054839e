"""Each check of the fault runs can fail: with a rule of the stream broken, they report it."""

import pytest

from tests.faults.harness import Scenario, run
from tests.faults.mutation_faults import SCENARIOS

pytestmark = [pytest.mark.kafka, pytest.mark.faults, pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.mutation)
async def test_a_broken_rule_is_found_out(bootstrap_servers: str, scenario: Scenario) -> None:
    result = await run(scenario, bootstrap_servers)
    print(result.summary())
    assert result.found.wrong(), "nothing was found wrong"
