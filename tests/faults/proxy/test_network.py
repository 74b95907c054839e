"""The network between one of three workers and the broker fails under load: nothing lost, nothing twice."""

import pytest

from tests.faults.harness import run
from tests.faults.harness.scenario import BOTH, Delivery
from tests.faults.proxy.conftest import Behind
from tests.faults.proxy.network_faults import scenarios

pytestmark = [pytest.mark.kafka, pytest.mark.faults, pytest.mark.slow]


@pytest.mark.timeout(900)
@pytest.mark.parametrize("delivery", BOTH)
@pytest.mark.parametrize(
    "name", ["network-cut", "network-cut-off", "network-delay", "network-half-open", "network-stuck"]
)
async def test_ten_rounds(behind: Behind, name: str, delivery: Delivery) -> None:
    result = await run(
        scenarios(behind.proxy)[name],
        behind.broker.bootstrap_servers,
        delivery,
        worker_bootstrap_servers=behind.bootstrap_servers,
    )
    print(result.summary())
    assert result.ok, "\n".join([*result.problems, *result.found.examples])
