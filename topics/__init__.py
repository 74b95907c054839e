"""The public contract of itemstream: which topics there are, what is in them, and how to read them.

Everything a subscriber needs is in this package; it never imports `pipeline`.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from topics.catalogue import CATALOGUE, INPUT_TOPIC, TopicSpec, changelog_topic
from topics.models import (
    FunctionCall,
    FunctionCallOutput,
    McpApprovalRequest,
    McpApprovalResponse,
    McpCall,
    McpToolList,
    Message,
    OtherItem,
    Response,
)

if TYPE_CHECKING:
    from topics.subscribers import Retry, subscriber
    from topics.subscriptions import Received, Subscription, SubscriptionError, subscribe, subscribe_topic

__all__ = [
    "CATALOGUE",
    "INPUT_TOPIC",
    "FunctionCall",
    "FunctionCallOutput",
    "McpApprovalRequest",
    "McpApprovalResponse",
    "McpCall",
    "McpToolList",
    "Message",
    "OtherItem",
    "Received",
    "Response",
    "Retry",
    "Subscription",
    "SubscriptionError",
    "TopicSpec",
    "changelog_topic",
    "subscribe",
    "subscribe_topic",
    "subscriber",
]

_LAZY = {
    **dict.fromkeys(
        ("Received", "Subscription", "SubscriptionError", "subscribe", "subscribe_topic"), "topics.subscriptions"
    ),
    **dict.fromkeys(("Retry", "subscriber"), "topics.subscribers"),
}
"""What needs a Kafka client: imported when it is first asked for, so that the models alone stay light."""


def __getattr__(name: str) -> object:
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
