"""A connection that was reset is a broken connection, to uvloop too."""

from typing import Any

import pytest
from aiokafka.conn import AIOKafkaConnection
from aiokafka.errors import KafkaConnectionError
from aiokafka.protocol.metadata import MetadataRequest

from pipeline.streaming import aiokafka_fixes


class ClosedByPeer:
    """What uvloop does where asyncio says nothing."""

    def write(self, data: bytes) -> None:
        raise RuntimeError("unable to perform operation on <TCPTransport closed=True>; the handler is closed")

    def close(self) -> None: ...


async def test_writing_to_a_reset_connection_is_an_error_of_the_connection() -> None:
    aiokafka_fixes.apply()
    connection: Any = AIOKafkaConnection("127.0.0.1", 1)
    connection._writer = ClosedByPeer()
    connection._reader = None
    connection._versions = {3: (0, 5)}
    with pytest.raises(KafkaConnectionError, match=r"127\.0\.0\.1:1 broken: .* the handler is closed"):
        connection.send(MetadataRequest([]))
    assert not connection.connected()
