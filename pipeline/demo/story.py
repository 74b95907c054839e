"""A session's records as a conversation one can read: who said what, which tool was called with what, how fast."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.text import Text

from pipeline.tail.lines import Record, item_line, pace_line


def latest(records: Iterable[Record]) -> list[Record]:
    """The item records that hold: the highest revision of each item, in the order of the conversation.

    Each item follows its predecessor where that is known; else items stand in the order they came out.
    """
    newest: dict[str, Record] = {}
    first: dict[str, int] = {}
    for record in records:
        name = record.get("item_id")
        if name is None:
            continue
        first.setdefault(name, record["session_sequence"])
        if name not in newest or record["revision"] > newest[name]["revision"]:
            newest[name] = record
    followers: dict[str | None, list[str]] = {}
    for name in sorted(newest, key=first.__getitem__):
        before = newest[name]["previous_item_id"]
        followers.setdefault(before if before in newest else None, []).append(name)
    ordered: list[Record] = []
    pending = followers.get(None, [])[::-1]
    while pending:
        name = pending.pop()
        ordered.append(newest[name])
        pending.extend(followers.get(name, [])[::-1])
    return ordered


def tell(records: Iterable[Record]) -> Iterator[Text]:
    """The conversation, a line an item, and how long the user waited for each response."""
    all_records = list(records)
    responses = {record["response_id"]: record for record in all_records if "usage_raw" in record}
    for record in latest(all_records):
        yield item_line(record)
        response = responses.get(record.get("response_id"))
        if response is not None and record["item_id"] == (response["item_ids"] or [None])[-1]:
            yield pace_line(response)
