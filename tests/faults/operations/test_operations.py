"""Rights taken away, clocks that jump, records that fit nowhere: nothing lost, nothing twice."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.kafka import EmbeddedKafka
from tests.faults.harness import Scenario, load, run
from tests.faults.harness.scenario import BOTH, Delivery
from tests.faults.operations import faults
from tests.faults.operations.rights import GUARDED

pytestmark = [pytest.mark.kafka, pytest.mark.faults, pytest.mark.slow, pytest.mark.timeout(900)]

CLOCK_FOLDER = Path(__file__).with_name("clock")


@pytest.fixture(scope="module")
def guarded_kafka() -> Iterator[EmbeddedKafka]:
    with EmbeddedKafka(properties=GUARDED) as broker:
        yield broker


async def ten_rounds(scenario: Scenario, bootstrap_servers: str, delivery: Delivery) -> None:
    result = await run(scenario, bootstrap_servers, delivery)
    print(result.summary())
    assert result.ok, "\n".join([*result.problems, *result.found.examples])


@pytest.mark.parametrize("delivery", BOTH)
async def test_a_right_taken_away(guarded_kafka: EmbeddedKafka, delivery: Delivery) -> None:
    await ten_rounds(faults.RIGHTS, guarded_kafka.bootstrap_servers, delivery)


@pytest.mark.parametrize("delivery", BOTH)
async def test_clocks_that_jump(
    bootstrap_servers: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, delivery: Delivery
) -> None:
    monkeypatch.setenv(faults.CLOCK_FILE, str(tmp_path / "clock"))
    monkeypatch.setenv("PYTHONPATH", str(CLOCK_FOLDER))
    # Else a clock that is two hours behind takes the load's records for ones from the future.
    monkeypatch.setattr(load, "AGO_MS", 6 * 3_600_000)
    await ten_rounds(faults.CLOCK, bootstrap_servers, delivery)


@pytest.mark.parametrize("delivery", BOTH)
async def test_records_too_large_for_an_output(bootstrap_servers: str, delivery: Delivery) -> None:
    await ten_rounds(faults.LARGE, bootstrap_servers, delivery)
