"""Handlers of records that may fail: tried again, set aside, or exactly once.

>>> @subscriber(FunctionCall, group="billing")  # doctest: +SKIP
... async def bill(call: FunctionCall) -> None: ...
>>> bill.main()  # doctest: +SKIP
"""

from topics.subscribers.breaker import BreakerSettings
from topics.subscribers.context import Context, Outgoing
from topics.subscribers.decorating import Subscriber, subscriber
from topics.subscribers.names import dead_letter_topic, retry_topic
from topics.subscribers.retry import GiveUp, Retry

__all__ = [
    "BreakerSettings",
    "Context",
    "GiveUp",
    "Outgoing",
    "Retry",
    "Subscriber",
    "dead_letter_topic",
    "retry_topic",
    "subscriber",
]
