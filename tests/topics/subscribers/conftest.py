"""The same topics as for subscriptions."""

from tests.topics.subscriptions.conftest import deployed, options

__all__ = ["deployed", "options"]
