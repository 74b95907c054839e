"""The whole main job on one machine: Kafka, topics and a worker, started and ended together."""

from pipeline.stack.stack import LocalStack
from pipeline.stack.worker_process import WorkerProcess

__all__ = ["LocalStack", "WorkerProcess"]
