"""Reading the topics: `async for record in subscribe(FunctionCall, group="billing")`."""

from topics.subscriptions.errors import (
    InvalidRecordError,
    MissingTopicError,
    NewerSchemaError,
    RefusedError,
    SubscriptionError,
    UnreachableError,
)
from topics.subscriptions.received import Received
from topics.subscriptions.subscribing import subscribe, subscribe_topic
from topics.subscriptions.subscription import Subscription
from topics.subscriptions.sync import SyncSubscription

__all__ = [
    "InvalidRecordError",
    "MissingTopicError",
    "NewerSchemaError",
    "Received",
    "RefusedError",
    "Subscription",
    "SubscriptionError",
    "SyncSubscription",
    "UnreachableError",
    "subscribe",
    "subscribe_topic",
]
