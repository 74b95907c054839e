"""Which failures end the process, and what the user is told."""

import pytest
from aiokafka import errors as kafka

from pipeline.streaming.failures import DeliveryError, is_batch_too_large, is_fenced, unrecoverable


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (kafka.TopicAuthorizationFailedError({"out"}), "no right to use topic"),
        (DeliveryError("out", 1, 10, kafka.TopicAuthorizationFailedError("out")), "no right to use topic out"),
        (kafka.GroupAuthorizationFailedError("g"), "consumer group g"),
        (kafka.TransactionalIdAuthorizationFailed("id"), "transactional id id"),
        (DeliveryError("out", 1, 9_999, kafka.MessageSizeTooLargeError()), "9999 bytes is larger than topic out takes"),
    ],
)
def test_what_nobody_can_repair_by_trying_again(error: BaseException, told: str) -> None:
    end = unrecoverable(error)
    assert end is not None
    assert told in str(end)
    assert "\n" not in str(end)


@pytest.mark.parametrize(
    "error",
    [
        kafka.ProducerFenced(),
        kafka.KafkaConnectionError("gone"),
        kafka.RequestTimedOutError(),
        kafka.InvalidTxnState(),
        TimeoutError(),
        AttributeError("a mistake in a library"),
        ConnectionResetError(),
        DeliveryError("out", 5, 9_999, kafka.NotLeaderForPartitionError()),
    ],
)
def test_what_another_try_may_repair(error: BaseException) -> None:
    assert unrecoverable(error) is None


def test_fenced_is_seen_through_a_delivery_error() -> None:
    assert is_fenced(DeliveryError("out", 1, 1, kafka.ProducerFenced()))
    assert not is_fenced(kafka.RequestTimedOutError())


def test_smaller_batches_help_only_where_there_is_more_than_one_record() -> None:
    assert is_batch_too_large(DeliveryError("out", 2, 9, kafka.MessageSizeTooLargeError()))
    assert not is_batch_too_large(DeliveryError("out", 1, 9, kafka.MessageSizeTooLargeError()))


def test_topics_told_as_a_set_are_named_plainly() -> None:
    end = unrecoverable(kafka.TopicAuthorizationFailedError({"b", "a"}))
    assert str(end).startswith("no right to use topic a, b: grant ")
