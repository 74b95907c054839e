"""The pure core: server events in, item records out. No I/O, no clock, no Kafka.

`Partition` is all that the worker, `process`, replays and benchmarks use.
"""

from pipeline.core import partition as _partition
from pipeline.core.awake import Room
from pipeline.core.codec import StateUnreadable
from pipeline.core.partition import Partition
from pipeline.core.records import BatchResult, Change, Counts, Headers, InputRecord, Output
from pipeline.core.settings import CoreSettings
from topics.dead_letters import readable_headers

COMPILED = not str(_partition.__file__).endswith(".py")
"""Whether the core runs as C code (built with HATCH_BUILD_HOOK_ENABLE_MYPYC=1); else as the same modules in Python."""

__all__ = [
    "COMPILED",
    "BatchResult",
    "Change",
    "CoreSettings",
    "Counts",
    "Headers",
    "InputRecord",
    "Output",
    "Partition",
    "Room",
    "StateUnreadable",
    "readable_headers",
]
