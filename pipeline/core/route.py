"""Where records go: the catalogue of topics, made ready for one prefix."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from pipeline.core.records import Headers
from topics.catalogue import ITEM_TOPICS, OTHER_ITEMS, REJECTED, RESPONSES, TopicSpec


class Route(NamedTuple):
    """A topic with what every record on it has in common."""

    topic: str
    """Full name."""
    headers: Headers


class Routes:
    """The routes under one prefix."""

    def __init__(self, prefix: str) -> None:
        self._by_item_type: Mapping[str, Route] = {
            item_type: _route(spec, prefix) for item_type, spec in ITEM_TOPICS.items()
        }
        self._other = _route(OTHER_ITEMS, prefix)
        self.responses = _route(RESPONSES, prefix)
        self.rejected_topic = REJECTED.full_name(prefix)

    def of_item(self, item_type: str) -> Route:
        """The route of an item type; types are an open set, and those without a topic of their own share one."""
        return self._by_item_type.get(item_type, self._other)


def _route(spec: TopicSpec, prefix: str) -> Route:
    return Route(
        spec.full_name(prefix),
        [
            ("ce_specversion", b"1.0"),
            ("ce_type", spec.record_type.encode()),
            ("content-type", b"application/json"),
        ],
    )
