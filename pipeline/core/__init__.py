"""The pure core: server events in, item records out. No I/O, no clock, no Kafka.

`Partition` is all that the worker, `process`, replays and benchmarks use.
"""

from pipeline.core.codec import StateUnreadable
from pipeline.core.partition import Partition
from pipeline.core.records import BatchResult, Change, Counts, Headers, InputRecord, Output
from pipeline.core.settings import CoreSettings
from topics.dead_letters import readable_headers

__all__ = [
    "BatchResult",
    "Change",
    "CoreSettings",
    "Counts",
    "Headers",
    "InputRecord",
    "Output",
    "Partition",
    "StateUnreadable",
    "readable_headers",
]
