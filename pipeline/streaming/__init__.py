"""The transactional stream: input, state and outputs of a worker, exactly once or at least once."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.streaming.batch import Batch
    from pipeline.streaming.config import StreamConfig
    from pipeline.streaming.failures import StreamError, UnrecoverableError
    from pipeline.streaming.stats import StreamStats
    from pipeline.streaming.stream import TransactionalStream

__all__ = ["Batch", "StreamConfig", "StreamError", "StreamStats", "TransactionalStream", "UnrecoverableError"]

_MODULES = {
    "Batch": "batch",
    "StreamConfig": "config",
    "StreamError": "failures",
    "StreamStats": "stats",
    "TransactionalStream": "stream",
    "UnrecoverableError": "failures",
}
"""Imported when first asked for: what only writes to Kafka needs no stream, nor what that needs."""


def __getattr__(name: str) -> object:
    if name in _MODULES:
        return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
