"""Workers of the last release and of this one in one group: nothing lost, nothing twice; forth and back."""

from pathlib import Path

import pytest

from tests.faults.harness import run
from tests.faults.harness.scenario import BOTH, Delivery
from tests.faults.operations.upgrade import LAST_RELEASE, last_release, scenario, unpack

pytestmark = [pytest.mark.kafka, pytest.mark.faults, pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.mark.parametrize("delivery", BOTH)
async def test_forth_and_back(
    bootstrap_servers: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, delivery: Delivery
) -> None:
    release = last_release()
    if release is None:
        pytest.skip(f"no release is tagged yet; {LAST_RELEASE} names a commit to take for one")
    for name in ("PYTHONPATH", "PYTHONSAFEPATH"):
        monkeypatch.setenv(name, "")  # put back afterwards
    unpack(release, tmp_path)
    result = await run(scenario(tmp_path), bootstrap_servers, delivery)
    print(result.summary())
    assert result.ok, "\n".join([*result.problems, *result.found.examples])
