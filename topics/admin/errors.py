"""Errors of topic administration. Each message is one line that says what to do."""

from __future__ import annotations


class TopicsError(Exception):
    """Anything topic administration cannot do."""


class BrokerUnreachableError(TopicsError):
    """No broker answered."""


class RefusedError(TopicsError):
    """The cluster refused a change or a question, such as for want of rights."""
