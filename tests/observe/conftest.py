"""The topics of one test of the worker."""

import pytest

from tests.kafka.deploy import Deployed, deploy


@pytest.fixture
async def deployed(bootstrap_servers: str, unique: str) -> Deployed:
    return await deploy(bootstrap_servers, unique)
