"""A broker with a second door, behind a proxy: whoever comes in there stays behind it."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from pipeline.kafka import KafkaCluster, Listener
from tests.faults.proxy.proxy import HOST, Proxy

DOOR = "PROXIED"


@dataclass(frozen=True)
class Behind:
    """A broker, and the proxy before its second door."""

    broker: KafkaCluster
    proxy: Proxy

    @property
    def bootstrap_servers(self) -> str:
        """Of the second door."""
        return f"{HOST}:{self.proxy.ports[1]}"


@pytest.fixture(scope="session")
def behind() -> Iterator[Behind]:
    with Proxy() as proxy, KafkaCluster(1, listeners=[Listener(DOOR, proxy.ports)]) as broker:
        proxy.targets = broker.ports[DOOR]
        yield Behind(broker, proxy)
