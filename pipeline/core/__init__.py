"""The pure core: server events in, item records out. No I/O, no clock, no Kafka.

`Partition` is all that the worker, `process`, replays and benchmarks use.
"""

from pipeline.core.codec import StateUnreadable
from pipeline.core.partition import Partition
from pipeline.core.records import BatchResult, Change, Counts, Headers, InputRecord, Output
from pipeline.core.reject import readable_headers
from pipeline.core.settings import CoreSettings

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
