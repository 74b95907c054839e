"""The topics of one test of subscriptions."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.topics.subscriptions.records import make_topics


@pytest.fixture
async def deployed(bootstrap_servers: str, prefix: str) -> str:
    """The prefix of topics that exist."""
    await make_topics(bootstrap_servers, prefix)
    return prefix


@pytest.fixture
def options(bootstrap_servers: str, deployed: str) -> Callable[..., Any]:
    """Options of a subscription to them."""

    def made(**more: Any) -> Any:
        return {"bootstrap_servers": bootstrap_servers, "prefix": deployed, "commit_interval": 0.2, **more}

    return made
