"""Errors of subscriptions. Each message is one line that says what to do."""

from __future__ import annotations


class SubscriptionError(Exception):
    """Anything a subscription cannot do."""


class MissingTopicError(SubscriptionError):
    """A topic that is to be read does not exist."""


class UnreachableError(SubscriptionError):
    """No broker answers."""


class RefusedError(SubscriptionError):
    """The cluster refused something, such as for want of rights."""


class InvalidRecordError(SubscriptionError):
    """A record is not what its topic's model says.

    topic, partition, offset: where it stands.
    """

    def __init__(self, message: str, topic: str, partition: int, offset: int) -> None:
        super().__init__(message)
        self.topic = topic
        self.partition = partition
        self.offset = offset


class NewerSchemaError(InvalidRecordError):
    """A record was written by a newer itemstream than the one that reads it."""


class CommitError(SubscriptionError):
    """A transaction or an opening failed: nothing may be handled before its partitions have been started anew."""
