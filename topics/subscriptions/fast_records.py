"""Records of one consumer made at less cost than aiokafka's own.

aiokafka makes a frozen dataclass of eleven fields for every record; half of its time goes there. The results of a
fetch are told to make tuples instead, for this consumer alone: nothing in aiokafka is replaced. Where aiokafka looks
different inside, everything stays as it is.
"""

# ruff: noqa: SLF001

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from topics.fetched_records import AIOKAFKAS, FastPartitionRecords


class _Fetched(OrderedDict[Any, Any]):
    """The fetcher's results, each told to make fast records as it comes in."""

    def __setitem__(self, partition: Any, result: Any) -> None:
        records: Any = getattr(result, "_partition_records", None)
        if type(records) is AIOKAFKAS:
            records.__class__ = FastPartitionRecords
            records._records_iterator = records._unpack_records()
        super().__setitem__(partition, result)


def make_fast(consumer: Any) -> None:
    """To be called when the consumer has started, before it is given partitions."""
    inside = getattr(consumer, "_fetcher", None)
    if getattr(consumer, "_max_poll_records", 1) is not None:
        return  # it takes a fetch in parts
    if inside is not None and type(getattr(inside, "_records", None)) in (dict, OrderedDict):
        inside._records = _Fetched(inside._records)
