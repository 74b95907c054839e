"""Dead letters of a plain `subscribe`: records that no model reads, set aside so that the loop goes on."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from topics.subscribers.making import ensure_topics
from topics.subscribers.names import dead_letter_topic
from topics.subscribers.outbox import AtLeastOnceOutbox
from topics.subscribers.parking import dead_letter
from topics.subscriptions.options import Options
from topics.subscriptions.received import Received

log = logging.getLogger("topics.subscribers")


class DeadLetters:
    """Of one group; its topic is made when the first one comes. Implements `topics.subscriptions.extras.Grave`."""

    def __init__(self, options: Options, sources: Sequence[str]) -> None:
        assert options.group is not None
        self._options = options
        self._group = options.group
        self._sources = sources
        self._topic = dead_letter_topic(options.group, options.topic_prefix)
        self._outbox: AtLeastOnceOutbox | None = None

    async def put(self, received: Received[Any]) -> None:
        """Returns when Kafka has acknowledged it; the record it holds is the error. Raises SubscriptionError."""
        if self._outbox is None:
            await ensure_topics(self._options, self._sources, retries=False)
            self._outbox = AtLeastOnceOutbox(self._options)
        log.warning("set aside in %s: %s", self._topic, received.record)
        letter = dead_letter(self._topic, None, received, received.raw, 0, received.record)
        await self._outbox.put(received, [letter])

    async def close(self) -> None:
        if self._outbox is not None:
            await self._outbox.close()
