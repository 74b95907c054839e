"""The transactional stream: input, state and outputs of a worker, exactly once or at least once."""

from pipeline.streaming.batch import Batch
from pipeline.streaming.config import StreamConfig
from pipeline.streaming.failures import StreamError, UnrecoverableError
from pipeline.streaming.stats import StreamStats
from pipeline.streaming.stream import TransactionalStream

__all__ = ["Batch", "StreamConfig", "StreamError", "StreamStats", "TransactionalStream", "UnrecoverableError"]
