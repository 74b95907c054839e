"""Writes redriven records of one partition of a rejected topic, each with its marker in the same transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline.core import Output
from pipeline.errors import ItemstreamError
from pipeline.rejected.markers import Marker, marker_topic
from pipeline.rejected.record import Place
from pipeline.rejected.revive import Redriven, marker_key
from pipeline.settings import Settings
from pipeline.streaming.transactions import Fault, Transactions, no_fault


class RedriveWriter:
    """The one writer of a partition's markers.

    Its `transactional.id` is the rejected topic and partition: to start it ends the transaction a killed one left open,
    and fences one that still runs. So what the markers say after `start` is all there is, until another one starts; and
    then a commit here is refused.
    """

    def __init__(self, settings: Settings, topic: str, partition: int, fault: Fault = no_fault) -> None:
        self._topic = topic
        self._partition = partition
        name = f"itemstream-redrive-{topic}-{partition}"
        self._transactions = Transactions(
            name, settings.bootstrap_servers, settings.connection(), self._explained, fault
        )

    async def start(self) -> None:
        """Fence whoever redrives the partition beside this."""
        await self._transactions.start()

    async def write(self, records: Sequence[Redriven], markers: Mapping[Place, Marker]) -> None:
        """Write the records and their markers: all become visible together, or none. Raises ItemstreamError."""
        name = marker_topic(self._topic)
        await self._transactions.write(
            ("records-sent", [(one.partition, _output(one)) for one in records]),
            (
                "markers-sent",
                [
                    (self._partition, Output(name, marker_key(place), marker.encoded(), [], -1))
                    for place, marker in markers.items()
                ],
            ),
        )

    async def close(self) -> None:
        """Free the connections. Never raises."""
        await self._transactions.close()

    def _explained(self, fenced: bool, cause: BaseException) -> ItemstreamError:
        if fenced:
            return ItemstreamError(
                f"another redrive of {self._topic}-{self._partition} was started and goes on in place of this one; "
                "nothing was written twice: `itemstream rejected list` shows what was redriven"
            )
        return ItemstreamError(
            f"Kafka refused to redrive records of {self._topic}-{self._partition}: {cause or type(cause).__name__}; "
            "what was committed before stays, run the same command again for the rest"
        )


def _output(record: Redriven) -> Output:
    return Output(record.topic, record.key, record.value, record.headers, record.timestamp)
