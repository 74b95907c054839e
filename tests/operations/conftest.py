"""An operator with a deployment of their own, on two partitions."""

from pathlib import Path

import pytest

from tests.kafka.deploy import deploy
from tests.operations.operating import Operator

PARTITIONS = 2


@pytest.fixture
async def operator(bootstrap_servers: str, unique: str, tmp_path: Path) -> Operator:
    return Operator(await deploy(bootstrap_servers, unique, PARTITIONS), tmp_path)
