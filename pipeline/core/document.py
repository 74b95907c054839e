"""The item as the provider sent it, out of the several events that send it.

Openings (`added`, `created`, `output_item.added`) come with an item that is not finished; finishings bring it whole,
though some servers leave out in one what they said in another (recorded: xAI's `output_item.done` has no content).
"""

from __future__ import annotations

from typing import Any, cast

import orjson

from pipeline.core.content import without_audio
from pipeline.core.state import Item
from pipeline.core.values import list_or_none, object_or_none, shrunk


def document_of(item: Item) -> dict[str, Any]:
    """The item with its gaps filled from earlier sendings. Empty where the item itself has not been seen."""
    if item.document is None:
        return {}
    document: dict[str, Any] = orjson.loads(item.document)
    return {**document, **item.fill} if item.fill else document


def take_opening(item: Item, sent: dict[str, Any]) -> dict[str, Any]:
    """Take the item as an opening sent it. A finished item stays as it is. Returns the item as it is known now."""
    if item.final:
        return document_of(item)
    document = without_audio(sent)
    encoded = orjson.dumps(document)
    if encoded != item.document:  # most are opened twice in the same words
        if item.document is not None:
            known: dict[str, Any] = document_of(item)
            document = {**known, **{name: value for name, value in document.items() if not _empty(value)}}
            encoded = orjson.dumps(document)
        item.document = shrunk(encoded)
    return {**document, **item.fill} if item.fill else document


def take_final(item: Item, sent: dict[str, Any]) -> dict[str, Any]:
    """Take the item as a finishing event sent it; the newest such sending is the item. Returns it with gaps filled."""
    sent = without_audio(sent)
    document = orjson.dumps(sent)
    if document == item.document:
        item.final = True
        return {**sent, **item.fill} if item.fill else sent
    document = shrunk(document)
    if item.document is None:
        item.document, item.final = document, True
        return sent
    known = document_of(item)
    fill = {name: value for name, value in known.items() if not _empty(value) and _empty(sent.get(name))}
    if item.final:
        if sent.get("status") == "in_progress" and not _empty(known.get("status")):
            fill["status"] = known["status"]
        _keep_words(item, known, sent)
    else:
        fill.pop("status", None)  # an opening's status says nothing of the finished item
    item.document, item.fill, item.final = document, fill or None, True
    return {**sent, **fill} if fill else sent


def prune_told(item: Item, told: dict[str, dict[str, Any]], document: dict[str, Any]) -> None:
    """Forget what part events told where the item itself says it."""
    parts = list_or_none(document.get("content"))
    if parts:
        left = {
            index: part for index, part in told.items() if int(index) >= len(parts) or not _speaks(parts[int(index)])
        }
        if len(left) != len(told):
            item.told = left or None


def _empty(value: object) -> bool:
    """Whether a field says nothing: null, or an empty text, array or object. No number or boolean is empty."""
    return not value and not isinstance(value, (int, float))


def _keep_words(item: Item, known: dict[str, Any], sent: dict[str, Any]) -> None:
    """Keep words that an earlier sending had and this one leaves out of a part."""
    before, now = known.get("content"), sent.get("content")
    if not isinstance(before, list) or not isinstance(now, list) or not now:
        return
    parts = cast(list[Any], now)
    kept = {
        str(index): cast(dict[str, Any], part)
        for index, part in enumerate(cast(list[Any], before))
        if _speaks(part) and index < len(parts) and not _speaks(parts[index])
    }
    if kept:
        item.told = {**(item.told or {}), **kept}


def _speaks(part: object) -> bool:
    told = object_or_none(part)
    return told is not None and bool(told.get("text") or told.get("transcript"))
