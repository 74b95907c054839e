"""Record of `{prefix}.items.other`: an item of a type without a topic of its own."""

from __future__ import annotations

from topics.models.common import ItemRecord


class OtherItem(ItemRecord):
    """An item of any other type (`reasoning`, `web_search_call`, …): the fields of every item, and `item` whole.

    Read one with `OtherItem.model_validate_json(record.value)`.
    """
