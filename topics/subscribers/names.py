"""The topics of a subscriber: where its records wait for another try, and where they end."""

from __future__ import annotations

from topics.catalogue import DEFAULT_PREFIX, TopicSpec, own_topic

_DAY_MS = 24 * 60 * 60 * 1000
_LARGE_RECORD = 16 * 1024 * 1024


def retry_topic(group: str, prefix: str = DEFAULT_PREFIX) -> str:
    """The full name of the topic in which records of `group` wait for another try."""
    return f"{prefix}.subscribers.{group}.retry"


def dead_letter_topic(group: str, prefix: str = DEFAULT_PREFIX) -> str:
    """The full name of the topic that takes the records `group` could not handle."""
    return f"{prefix}.subscribers.{group}.dead-letters"


def subscriber_specs(group: str, prefix: str, partitions: int) -> tuple[TopicSpec, TopicSpec]:
    """Both topics as they are made: with the partitions of the topics that the subscriber reads."""
    retry = _spec(retry_topic(group, prefix), f"Records that subscriber {group} tries again.", partitions, 7)
    dead = _spec(dead_letter_topic(group, prefix), f"Records that subscriber {group} gave up.", partitions, 30)
    return retry, dead


def _spec(name: str, description: str, partitions: int, days: int) -> TopicSpec:
    return own_topic(
        name,
        "the record's key, unchanged",
        description,
        partitions=partitions,
        retention_ms=days * _DAY_MS,
        # The record, and what the headers add to it.
        max_message_bytes=_LARGE_RECORD + 1024 * 1024,
    )
