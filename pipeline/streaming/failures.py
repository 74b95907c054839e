"""What a failure means: start the partition again, or end the process."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import cast

from aiokafka import errors as kafka

from pipeline.errors import ItemstreamError


class StreamError(ItemstreamError):
    """The stream can't go on; a restart of the process may help (a supervisor should try)."""


class UnrecoverableError(StreamError):
    """The stream can't go on, and a restart would end the same way until somebody acts."""


class DeliveryError(Exception):
    """A record batch was refused by Kafka.

    topic, records, size: of the refused batch; `cause` is Kafka's error.
    """

    def __init__(self, topic: str, records: int, size: int, cause: BaseException) -> None:
        super().__init__(f"{records} records ({size} bytes) for topic {topic}: {cause!r}")
        self.topic = topic
        self.records = records
        self.size = size
        self.cause = cause


FENCED = (kafka.ProducerFenced, kafka.InvalidProducerEpoch)
"""Another worker has started a producer of this partition: it is the owner now."""

_ADVICE: dict[type[BaseException], str] = {
    kafka.TopicAuthorizationFailedError: "no right to use topic {detail}: grant Read on the input and Write on the "
    "outputs and the changelog",
    kafka.GroupAuthorizationFailedError: "no right to use consumer group {detail}: grant Read on the group",
    kafka.TransactionalIdAuthorizationFailed: "no right to use transactional id {detail}: grant Write on "
    "transactional ids that start with the group's name",
    kafka.ClusterAuthorizationFailedError: "no right to write with idempotence: grant IdempotentWrite on the cluster",
    kafka.InvalidTransactionTimeout: "the broker allows no transaction_timeout_ms of this length: lower it or raise "
    "transaction.max.timeout.ms",
    kafka.UnsupportedVersionError: "the broker is too old: Apache Kafka 2.5 or later is needed",
}


def root(error: BaseException) -> BaseException:
    """Kafka's own error behind a `DeliveryError`."""
    return error.cause if isinstance(error, DeliveryError) else error


def is_fenced(error: BaseException) -> bool:
    """Whether another worker took the partition over."""
    return isinstance(root(error), FENCED)


def is_batch_too_large(error: BaseException) -> bool:
    """Whether a batch of several records was refused for its size: smaller batches help."""
    return (
        isinstance(error, DeliveryError)
        and isinstance(error.cause, kafka.MessageSizeTooLargeError)
        and error.records > 1
    )


def is_future_refused(error: BaseException) -> bool:
    """Whether a topic refused a record for its timestamp: it takes none from too far ahead of the broker's clock."""
    return isinstance(root(error), kafka.InvalidTimestampError)


def unrecoverable(error: BaseException) -> UnrecoverableError | None:
    """The end of the process in one line that says what to do; None where starting the partition again can help."""
    if isinstance(error, UnrecoverableError):
        return error
    cause = root(error)
    if isinstance(error, DeliveryError) and isinstance(cause, kafka.MessageSizeTooLargeError):
        return UnrecoverableError(
            f"a record of {error.size} bytes is larger than topic {error.topic} takes: raise its max.message.bytes "
            "(`itemstream topics plan` shows what it should be) and start the worker again"
        )
    for kind, advice in _ADVICE.items():
        if isinstance(cause, kind):
            detail = ", ".join(_names(cause.args)) or "(not named)"
            return UnrecoverableError(advice.format(detail=detail))
    return None


def is_surprise(error: BaseException) -> bool:
    """Whether the error is nothing Kafka or the network does: its stack trace belongs into the log."""
    return not isinstance(root(error), kafka.KafkaError | OSError | TimeoutError)


def _names(arguments: Iterable[object]) -> Iterator[str]:
    """aiokafka names topics one by one or as a set."""
    for argument in arguments:
        if isinstance(argument, (set, frozenset, list, tuple)):
            yield from sorted(_names(cast(Iterable[object], argument)))
        else:
            yield str(argument)
